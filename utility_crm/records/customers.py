"""Customers with their accounts and premises: the columns of the customer file (docs/customers.md), mapped.

What a row means is the customer file's own code (`customers.importing`), so both take the same; here a bad
row is refused and the others are in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from pydantic import ValidationError
from sqlalchemy import TextClause, text

from utility_crm.customers.actions import ImportColumns
from utility_crm.customers.importing.reading import clashes, problem_of
from utility_crm.customers.importing.rows import COLUMNS, REQUIRED, CustomerRow
from utility_crm.customers.importing.writing import Written, write_rows
from utility_crm.installed import load_tables, modules
from utility_crm.kit.database import Base
from utility_crm.kit.module import resolve
from utility_crm.kit.table_file import Problem
from utility_crm.records.contacts import ACCOUNT, CUSTOMER
from utility_crm.records.kinds import (
    Brought,
    Change,
    Changed,
    Field,
    Kind,
    Made,
    Refusal,
    Row,
    Stands,
    Taking,
    Type,
)
from utility_crm.web.words import mark

READ_AS_FILE = mark("The customer file says: %(why)s")
CHANGED_HERE = mark("customer %(id)s was changed by it; take that back by hand")
_TITLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "customer_number": (mark("Customer number"), CUSTOMER.said),
    "name": (mark("Name"), ("full name", "customer name", "фио", "имя", "наименование", "название")),
    "account_number": (mark("Account number"), ("account", *ACCOUNT.said)),
    "segment": (mark("Segment"), ("customer type", "class", "сегмент", "категория", "тип клиента")),
    "kind": (mark("Person or organisation"), ("legal form", "вид", "тип лица", "физ юр")),
    "language": (mark("Language"), ("lang", "язык")),
    "since": (mark("Customer since"), ("customer since", "клиент с", "с какого дня")),
    "email": (mark("E-mail"), ("e-mail", "mail", "email address", "почта", "эл почта", "электронная почта")),
    "phone": (mark("Telephone"), ("telephone", "mobile", "phone number", "телефон", "тел", "мобильный")),
    "tags": (mark("Tags"), ("labels", "метки")),
    "payer_number": (mark("Payer"), ("payer", "плательщик")),
    "cycle_day": (mark("Billing day"), ("billing day", "день расчёта")),
    "terms_days": (mark("Days to pay"), ("payment terms", "срок оплаты")),
    "currency": (mark("Currency"), ("ccy", "валюта")),
    "payment_method": (mark("Pays by"), ("payment method", "способ оплаты")),
    "opened_on": (mark("Account opened"), ("opened", "открыт", "дата открытия", "дата договора")),
    "premise_code": (mark("Premise"), ("premise", "supply address id", "объект", "код объекта")),
    "address": (mark("Address"), ("street", "supply address", "адрес", "улица", "адрес объекта")),
    "city": (mark("City"), ("town", "город", "населённый пункт")),
    "postcode": (mark("Postcode"), ("zip", "postal code", "индекс", "почтовый индекс")),
    "country": (mark("Country"), ("страна",)),
    "timezone": (mark("Time zone"), ("часовой пояс",)),
    "moved_in_on": (mark("Moved in"), ("move in date", "дата заселения", "въезд")),
}
_CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "segment": {
        "household": ("residential", "private", "быт", "население", "физлицо", "домохозяйство"),
        "small_business": ("business", "sme", "commercial", "малый бизнес", "юрлицо", "коммерческий"),
        "industry": ("industrial", "large", "промышленность", "крупный"),
    },
    "kind": {
        "person": ("individual", "private", "физлицо", "физическое лицо", "фл"),
        "organisation": ("company", "organization", "business", "юрлицо", "юридическое лицо", "юл", "ип"),
    },
}
_DAYS = {
    "since",
    "opened_on",
    "moved_in_on",
    "flag_consented_on",
    "flag_review_on",
    "supply_from",
    "contract_until",
}
_YES = {"medical", "vulnerable"}


@cache
def added() -> tuple[ImportColumns, ...]:
    """The columns that installed packages add to the customer file."""
    return tuple(resolve(module.importing) for module in modules() if module.importing)


def fields() -> tuple[Field, ...]:
    """Every column of the customer file."""
    names = [*COLUMNS, *(name for columns in added() for name in columns.names)]
    return tuple(_field(name) for name in names)


def _field(name: str) -> Field:
    title, said = _TITLES.get(name, (name, ()))
    kind: Type = (
        "day" if name in _DAYS else "yes" if name in _YES else "choice" if name in _CHOICES else "text"
    )
    return Field(name, title, kind, name in REQUIRED, said, _CHOICES.get(name, {}))


def _read(taking: Taking, rows: Sequence[Row]) -> tuple[list[CustomerRow], list[Refusal]]:
    given = {"currency": taking.currency, "country": taking.country, "timezone": taking.timezone}
    others = {name for columns in added() for name in columns.names}
    found: list[CustomerRow] = []
    problems: list[Problem] = []
    for row in rows:
        told = {name: _as_typed(value) for name, value in row.values.items()}
        theirs = {name: told.pop(name) for name in others & told.keys()}
        try:
            found.append(CustomerRow.model_validate({**given, **told, "line": row.line, "others": theirs}))
        except ValidationError as error:
            problems.append(problem_of(row.line, error.errors()[0]))
    problems += clashes(found)
    bad = {one.line for one in problems}
    return [row for row in found if row.line not in bad], _refused(problems)


def _as_typed(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _refused(problems: Sequence[Problem]) -> list[Refusal]:
    names = {one.name for one in fields()}
    first = {one.line: one for one in reversed(problems)}
    return [
        Refusal(
            one.line, one.code if one.code in names else "", one.code, READ_AS_FILE, "", {"why": one.message}
        )
        for one in first.values()
    ]


def _written(taking: Taking, rows: list[CustomerRow]) -> tuple[Written | None, list[Refusal]]:
    """Write them; rows with a problem are left out, and the others are written as if these were not there."""
    refused: list[Refusal] = []
    handlers = [columns.handle for columns in added()]
    left = rows
    while left:
        savepoint = taking.session.begin_nested()
        written = write_rows(taking.session, left, taking.today, handlers)
        if not written.problems:
            savepoint.commit()
            return written, refused
        savepoint.rollback()
        refused += _refused(written.problems)
        bad = {one.line for one in written.problems}
        left = [row for row in left if row.line not in bad]
    return None, refused


_ACCOUNTS = text("select number, id from accounts where number = any(:numbers)")
_KNOWN = text("select number from customers where number = any(:numbers)")
_CARD = text("""
    select a.id, c.id as customer_id, c.number as customer_number, to_jsonb(c) - 'id' as customer,
        to_jsonb(a) - 'id' as account, (select jsonb_agg(p.value order by p.id) from contact_points p
            where p.customer_id = c.id) as reach
    from accounts a join customers c on c.id = a.customer_id where a.id = any(:ids)
""")


def _make(taking: Taking, rows: Sequence[Row]) -> Made:
    read, refused = _read(taking, rows)
    numbers = {"numbers": [row.customer_number for row in read]}
    known = set(taking.session.scalars(_KNOWN, numbers))
    accounts = dict(_ids(taking, read))
    written, more = _written(taking, read)
    taking.session.expire_all()
    if written is None:
        return Made({}, [*refused, *more])
    ids = _ids(taking, read)
    bad = {one.line for one in more}
    _note_new(taking, {row.customer_number for row in read if row.line not in bad} - known, accounts)
    _note_theirs(taking, numbers["numbers"])
    made = {row.line: ids[row.account_number] for row in read if row.line not in bad}
    return Made(made, [*refused, *more])


def _ids(taking: Taking, rows: Sequence[CustomerRow]) -> dict[str, int]:
    numbers = {"numbers": [row.account_number for row in rows]}
    return {row.number: row.id for row in taking.session.execute(_ACCOUNTS, numbers)}


def _note_new(taking: Taking, customers: set[str], accounts: Mapping[str, int]) -> None:
    """Which customers are new, and which accounts were here before: what taking back needs to know."""
    statement = text("""
        insert into record_things (source, kind, external_id, thing_id, digest, import_id, seen_import,
            seen_line)
        select :source, :kind, told, id, '', :import, :import, 0
        from unnest(cast(:names as text[]), cast(:ids as bigint[])) as t(told, id)
        on conflict do nothing
    """)
    new = taking.session.execute(
        text("select number, id from customers where number = any(:numbers)"), {"numbers": list(customers)}
    ).all()
    for kind, pairs in (
        ("customers.new", [tuple(row) for row in new]),
        ("customers.held", list(accounts.items())),
    ):
        if pairs:
            values = {"names": [str(name) for name, _ in pairs], "ids": [one for _, one in pairs]}
            taking.session.execute(
                statement, {"source": taking.source, "kind": kind, "import": taking.import_id, **values}
            )


def _note_theirs(taking: Taking, numbers: Sequence[str]) -> None:
    """Ways to reach them and flags that came with new customers: what is added by hand later is not of the
    import. Nobody else sees these customers yet."""
    for kind, table in (("customers.point", "contact_points"), ("customers.flag", "customer_flags")):
        statement = text(f"""
            insert into record_things (source, kind, external_id, thing_id, digest, import_id, seen_import,
                seen_line)
            select :source, :kind, t.id::text, t.id, '', :import, :import, 0
            from customers c join record_things n on n.kind = 'customers.new' and n.thing_id = c.id
                and n.import_id = :import
            join {table} t on t.customer_id = c.id
            where c.number = any(:numbers)
            on conflict do nothing
        """)
        named = {"source": taking.source, "kind": kind, "import": taking.import_id, "numbers": list(numbers)}
        taking.session.execute(statement, named)


def _change(taking: Taking, rows: Sequence[Row]) -> Changed:
    read, refused = _read(taking, rows)
    ids = {"ids": [row.thing_id for row in rows]}
    before = {row.id: row for row in taking.session.execute(_CARD, ids)}
    _, more = _written(taking, read)
    taking.session.expire_all()
    after = {row.id: row for row in taking.session.execute(_CARD, ids)}
    changes = {}
    for row in rows:
        old, new = before.get(row.thing_id or 0), after.get(row.thing_id or 0)
        if old is None or new is None:
            continue
        was = {**old.customer, **old.account, "reach": old.reach}
        now_is = {**new.customer, **new.account, "reach": new.reach}
        differing = [name for name in now_is if was.get(name) != now_is[name]]
        if differing:
            changes[row.line] = Change(
                new.customer_id, {name: was.get(name) for name in differing},
                {name: now_is[name] for name in differing},
            )  # fmt: skip
    return Changed(changes, [*refused, *more])


_ADOPTED = text("""
    select external_id from record_things where kind = 'customers.held' and import_id = :import
    order by 1 limit 50
""")
ADOPTED = mark("account %(id)s was here before, and was brought up to date by it; take that back by hand")


_BY_HAND = """
    not exists (select from record_things r where r.kind = '{kind}' and r.thing_id = t.id
                and r.import_id = :import)
"""
BUILT_ON = mark("rows of %(table)s about customer %(id)s")
_ITS_OWN: Mapping[str, str] = {
    "accounts": "false",  # a later one keeps its customer by itself
    "contact_points": f"t.label <> '' or t.preferred or {_BY_HAND.format(kind='customers.point')}",
    "customer_flags": f"t.kind = 'needs' or {_BY_HAND.format(kind='customers.flag')}",
    "duplicate_pairs": "t.state <> 'open'",
    "webhook_events": "false",
}
"""What of rows that name a customer is work, where not all of it is: the rest an import or the clock made."""


@cache
def _built_on() -> TextClause:
    """New customers of an import and the tables that name them: whatever has a foreign key to customers and
    is no figure made anew by the clock. Most would go with the customer, and nobody would be told."""
    load_tables()
    told = """
        select c.number, '{table}' as named from record_things n join customers c on c.id = n.thing_id
        where n.kind = 'customers.new' and n.import_id = :import
            and exists (select from "{table}" t where t."{column}" = n.thing_id and ({which}))
    """
    branches = [
        told.format(table=table.name, column=column.name, which=_ITS_OWN.get(table.name, "true"))
        for table in Base.metadata.sorted_tables
        if not table.info.get("recomputed")
        for column in table.columns
        if any(key.column.table.name == "customers" for key in column.foreign_keys)
    ]
    return text(f"{' union '.join(branches)} order by 1, 2 limit 50")


def _stands(taking: Taking, things: Sequence[Brought]) -> Sequence[Stands]:
    """What it changed of customers that were here before is theirs by now, and what others wrote of customers
    that it made keeps them."""
    found = [
        Stands(number, ADOPTED, {"id": number})
        for number in taking.session.scalars(_ADOPTED, {"import": taking.import_id})
    ]
    for number, table in taking.session.execute(_built_on(), {"import": taking.import_id}):
        found.append(Stands(number, BUILT_ON, {"id": number, "table": table}))
    changed = [one for one in things if one.before is not None]
    return [*found, *(Stands(one.external_id, CHANGED_HERE, {"id": one.external_id}) for one in changed)]


def _take_back(taking: Taking, things: Sequence[Brought]) -> None:
    """Accounts, the customers that came with them, and premises that nobody has any more. Whatever else names
    them keeps them: the database says which rows."""
    values = {"ids": [one.thing_id for one in things], "import": taking.import_id}
    premises = taking.session.scalars(
        text("delete from occupancies where account_id = any(:ids) returning premise_id"), values
    ).all()
    taking.session.execute(text("delete from accounts where id = any(:ids)"), values)
    taking.session.execute(
        text("delete from customers where id in (select thing_id from record_things "
             "where kind = 'customers.new' and import_id = :import)"), values,
    )  # fmt: skip
    taking.session.execute(
        text("delete from premises p where id = any(:premises) and not exists (select from occupancies o "
             "where o.premise_id = p.id)"), {"premises": list(set(premises))},
    )  # fmt: skip
    taking.session.expire_all()


@cache
def kinds_of_customers() -> tuple[Kind, ...]:
    """Made when first asked for: its fields are those of the packages that are installed."""
    return (
        Kind(
            name="customers", title=mark("Customers"), thing=mark("customer"), order=10, fields=fields(),
            make=_make, change=_change, stands=_stands, take_back=_take_back, key="account_number",
            table="accounts",
        ),
    )  # fmt: skip
