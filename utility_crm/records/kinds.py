"""A kind of record that can be brought over: its fields, and what making, changing and taking back one means.

A room or a package names its kinds in `Module.records`; the mechanism (`records.taking`) reads, maps, knows
what was brought before, counts and reports for all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.installed import modules
from utility_crm.kit.errors import NotFound
from utility_crm.kit.module import resolve
from utility_crm.records.domain.sums import Money
from utility_crm.web.words import mark

Type = Literal["text", "long", "day", "instant", "amount", "choice", "yes"]
NO_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType({})
EXTERNAL = "external_id"


@dataclass(frozen=True, slots=True)
class Field:
    """title: marked words. said: what other systems call it, in English and Russian. choices: of a choice,
    ours and what others call each. otherwise: what an empty cell, or no column, stands for."""

    name: str
    title: str
    type: Type = "text"
    required: bool = False
    said: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = attribute(default_factory=lambda: NO_CHOICES)
    otherwise: str = ""
    longest: int = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be read. values: by field, what is empty is not there. thing_id: what it became
    before."""

    line: int
    external_id: str
    values: Mapping[str, Any]
    thing_id: int | None = None

    def get(self, name: str, otherwise: Any = "") -> Any:
        return self.values.get(name, otherwise)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is not taken: the field and the value it is about, marked words with their figures."""

    line: int
    field: str
    code: str
    words: str
    value: str = ""
    figures: Mapping[str, Any] = attribute(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taking:
    """What an import takes place in. source: the other system's name."""

    session: Session
    import_id: int
    source: str
    now: datetime
    today: date
    timezone: str
    country: str
    currency: str
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """ids: of what was made, by line."""

    ids: Mapping[int, int] = attribute(default_factory=dict)
    refused: Sequence[Refusal] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """How a thing was and is, in its fields that changed; whose it is; what the audit log calls it."""

    customer_id: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """changes: by line; a line in neither is the same on our side already."""

    changes: Mapping[int, Change] = attribute(default_factory=dict)
    refused: Sequence[Refusal] = ()


@dataclass(frozen=True, slots=True)
class Stands:
    """Something that was built on what an import made: why it cannot be taken back, in marked words."""

    external_id: str
    words: str
    figures: Mapping[str, Any] = attribute(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brought:
    """One thing an import made or changed, as it is to be taken back. before: of one that was changed."""

    external_id: str
    thing_id: int
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """make, change     rows that are new, and rows that differ from what was brought before
    stands      what was built on things of an import, so that it cannot be taken back
    take_back   takes them back: the made ones, and the changed ones to what they were
    money       the amount of a row, as sums count it; also of a row that is refused, whose values may be few
    booked      what the books have of rows an import took or found: (currency, month) -> (rows, minor units)
    missing     what we have and the file does not: (words, count, the first of them)
    compares    it writes nothing: a row that agrees is the same, one that differs is refused
    room        whose catalogue has its words
    key         the field that tells its rows apart
    table       where its things are: a row whose thing went since is made again; "" for what never goes
    """

    name: str
    title: str
    thing: str
    order: int
    fields: tuple[Field, ...]
    make: Callable[[Taking, Sequence[Row]], Made]
    change: Callable[[Taking, Sequence[Row]], Changed] | None = None
    stands: Callable[[Taking, Sequence[Brought]], Sequence[Stands]] | None = None
    take_back: Callable[[Taking, Sequence[Brought]], None] | None = None
    money: Callable[[Mapping[str, Any], Taking], Money | None] | None = None
    booked: Callable[[Taking], Mapping[tuple[str, str], tuple[int, int]]] | None = None
    missing: Callable[[Taking], Sequence[Mapping[str, Any]]] | None = None
    compares: bool = False
    room: str = "utility_crm.records"
    key: str = EXTERNAL
    table: str = ""

    def field(self, name: str) -> Field:
        return next(one for one in self.fields if one.name == name)


@cache
def kinds() -> tuple[Kind, ...]:
    """Every room's and package's, in the order in which they are brought over."""
    found: list[Kind] = []
    for module in modules():
        given = resolve(module.records) if module.records else ()
        found += given() if callable(given) else given
    return tuple(sorted(found, key=lambda kind: kind.order))


def kind_named(name: str) -> Kind:
    """Raises NotFound."""
    for kind in kinds():
        if kind.name == name:
            return kind
    words = mark("There is no kind of record %(name)s; there are %(names)s.")
    raise NotFound("no_such_kind", words, "kind", name=name, names=", ".join(one.name for one in kinds()))


TO_COME = mark("“%(value)s” is yet to come.")
NUMBER_THERE = mark("Number there")
NO_CUSTOMER = mark("Nobody here is customer %(value)s.")
NO_ACCOUNT = mark("There is no account %(value)s.")
NOT_THEIRS = mark("Account %(value)s is not an account of customer %(customer)s.")
ERASED = mark("%(value)s is of somebody who was erased on %(day)s; nothing of theirs is brought back.")
WHOSE = mark("It names neither a customer nor an account.")
# Held against an erasure that is on its way: it ends first, or it waits until what is written here is there.
_CUSTOMERS = text("""
    select c.number, h.id, h.erased_on from customers c
    join customers h on h.id = coalesce(c.merged_into_id, c.id)
    where c.number = any(:numbers) order by h.id for key share of h
""")
_ACCOUNTS = text("""
    select a.number, a.id, a.customer_id, a.currency, c.erased_on from accounts a
    join customers c on c.id = a.customer_id
    where a.number = any(:numbers) order by c.id for key share of c
""")


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a row is. account_id: where it names an account."""

    customer_id: int
    account_id: int | None = None
    currency: str = ""


def whose(
    taking: Taking, rows: Iterable[Row], *, needed: bool = True
) -> tuple[dict[int, Whose], list[Refusal]]:
    """Whom the fields `customer` and `account` of rows name, by line; two statements. A row that names nobody
    is refused where somebody is needed, and one of somebody who was erased."""
    listed = list(rows)
    numbers = list({row.values["customer"] for row in listed if row.get("customer")})
    named = list({row.values["account"] for row in listed if row.get("account")})
    customers = {}
    if numbers:
        customers = {row.number: row for row in taking.session.execute(_CUSTOMERS, {"numbers": numbers})}
    accounts = {}
    if named:
        accounts = {row.number: row for row in taking.session.execute(_ACCOUNTS, {"numbers": named})}
    found: dict[int, Whose] = {}
    refused: list[Refusal] = []
    for row in listed:
        number, account = row.get("customer"), row.get("account")
        held, person = accounts.get(account), customers.get(number)
        if number and person is None:
            refused.append(
                Refusal(row.line, "customer", "no_customer", NO_CUSTOMER, number, {"value": number})
            )
        elif account and held is None:
            refused.append(
                Refusal(row.line, "account", "no_account", NO_ACCOUNT, account, {"value": account})
            )
        elif erased := _erased(row, person, held):
            refused.append(erased)
        elif person is not None and held is not None and held.customer_id != person.id:
            figures = {"value": account, "customer": number}
            refused.append(Refusal(row.line, "account", "not_theirs", NOT_THEIRS, account, figures))
        elif held is not None:
            found[row.line] = Whose(held.customer_id, held.id, held.currency)
        elif person is not None:
            found[row.line] = Whose(person.id)
        elif needed:
            refused.append(Refusal(row.line, "customer", "whose", WHOSE))
    return found, refused


def _erased(row: Row, person: Any, held: Any) -> Refusal | None:
    for name, one in (("customer", person), ("account", held)):
        if one is not None and one.erased_on is not None:
            figures = {"value": one.number, "day": one.erased_on.isoformat()}
            return Refusal(row.line, name, "erased", ERASED, one.number, figures)
    return None


_THINGS = text("""
    select external_id, thing_id from record_things
    where source = :source and kind = :kind and external_id = any(:ids)
""")


def things_named(taking: Taking, kind: str, external_ids: Iterable[str]) -> dict[str, int]:
    """What records of the same source became, by their ids there."""
    values = {"source": taking.source, "kind": kind, "ids": list(set(external_ids))}
    return {row.external_id: row.thing_id for row in taking.session.execute(_THINGS, values)}
