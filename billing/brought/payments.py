"""Payments of another system, booked as any payment is: into the ledger, once, and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from billing.actions.bulk_payments import Received, take_payments
from billing.actions.payments import reverse_payment, take_payment
from billing.brought.fields import PAYMENT_FIELDS
from billing.domain.money import AMOUNT_MINOR_LIMIT, amount_text
from billing.domain.tariffs.file import default_decimals
from utility_crm.records.domain.sums import Money
from utility_crm.records.kinds import (
    EXTERNAL,
    TO_COME,
    Brought,
    Changed,
    Kind,
    Made,
    Refusal,
    Row,
    Stands,
    Taking,
    Whose,
    whose,
)
from utility_crm.web.words import mark

PARTS = mark("%(value)s %(currency)s has parts of a minor unit.")
NOTHING = mark("A payment of nothing.")
TOO_MUCH = mark("So large an amount cannot be.")
OTHER_CURRENCY = mark("The account is in %(account)s, the payment in %(currency)s.")
SEVERAL = mark("Customer %(value)s has %(count)s accounts: say which one was paid.")
NO_ACCOUNT_YET = mark("Customer %(value)s has no account.")
TAKEN = mark("The reference %(value)s belongs to another payment here.")
BOOKED_OTHERWISE = mark(
    "It was booked as %(amount)s %(currency)s on account %(account)s, received %(day)s. What is booked is "
    "never changed: take it back, and book it anew."
)
REVERSED = mark("payment %(id)s was taken back by the bank since")
REFUNDED = mark("money of account %(account)s was given back since")
BILLED = mark("bill %(bill)s, issued since, was paid with payment %(id)s")
_ACCOUNTS = text("""
    select customer_id, count(*) as found, min(id) as id, min(currency) as currency from accounts
    where customer_id = any(:ids) and closed_on is null group by 1
""")
_KNOWN = text("""
    select p.reference, exists (select from payments r where r.reverses_id = p.id) or p.amount_minor < 0
        and exists (select from payments r where r.reference = 'undo:' || p.reference) as back
    from payments p where p.reference = any(:references)
""")
_IDS = text("select reference, id from payments where reference = any(:references)")
_HELD = text("""
    select p.id, p.account_id, p.amount_minor, p.currency, a.number, e.posted_on
    from payments p join accounts a on a.id = p.account_id join ledger_entries e on e.payment_id = p.id
    where p.id = any(:ids)
""")
_BOOKED = text("""
    select e.currency, to_char(e.posted_on, 'YYYY-MM') as month, count(*) as rows,
        sum(case when e.credit = 'receivable' then e.amount_minor else -e.amount_minor end) as minor
    from record_things t join ledger_entries e on e.payment_id = t.thing_id
    where t.kind = 'payments' and t.source = :source and t.seen_import = :import
    group by 1, 2
""")
_REVERSED = text("""
    select reverses_id as id from payments where reverses_id = any(:ids) order by 1 limit 50
""")
_REFUNDED = text("""
    select distinct on (a.id) mine.id, a.number from payments mine
    join payments back on back.account_id = mine.account_id and back.id > mine.id and back.amount_minor < 0
        and back.reverses_id is null and not back.id = any(:ids) and back.reference not like 'undo:%'
    join accounts a on a.id = mine.account_id
    where mine.id = any(:ids) and mine.amount_minor > 0 order by a.id limit 50
""")
_BILLED = text("""
    select al.from_payment_id as id, b.number from allocations al
    join bills b on b.id = al.to_bill_id
    join record_imports i on i.id = :import
    where al.from_payment_id = any(:ids) and b.issued_on >= cast(i.taken_at as date)
      and b.known_at > i.taken_at
    group by 1, 2 having sum(al.amount_minor) > 0 order by 2 limit 50
""")


def minor_in(amount: Decimal, currency: str) -> int | None:
    """Minor units; None where the amount has parts of one."""
    scaled = amount.scaleb(default_decimals(currency))
    return int(scaled) if scaled == scaled.to_integral_value() else None


def currency_of(values: Mapping[str, Any], taking: Taking) -> str:
    """The row's, else the utility's own."""
    return str(values.get("currency") or taking.currency).upper()


def _money(values: Mapping[str, Any], taking: Taking) -> Money | None:
    amount, day = values.get("amount"), values.get("received_on")
    if not isinstance(amount, Decimal) or not isinstance(day, date):
        return None
    currency = currency_of(values, taking)
    minor = minor_in(amount, currency)
    return None if minor is None else Money(currency, day.strftime("%Y-%m"), minor)


def _wanted(taking: Taking, rows: Sequence[Row]) -> tuple[dict[int, Received], list[Refusal]]:
    people, refused = whose(taking, rows)
    accounts = _accounts(taking, people)
    found: dict[int, Received] = {}
    for row in rows:
        who = people.get(row.line)
        if who is None:
            continue
        account = who if who.account_id is not None else accounts.get(who.customer_id)
        wrong = _wrong(taking, row, account)
        if wrong is not None:
            refused.append(wrong)
            continue
        assert isinstance(account, Whose) and account.account_id is not None
        currency, day = currency_of(row.values, taking), row.values["received_on"]
        found[row.line] = Received(
            account.account_id, minor_in(row.values["amount"], currency) or 0, currency,
            f"{taking.source}:{row.external_id}",
            datetime.combine(day, time(), ZoneInfo(taking.timezone)).astimezone(UTC), day,
            row.values["method"],
        )  # fmt: skip
    return found, refused


def _accounts(taking: Taking, people: Mapping[int, Whose]) -> dict[int, Whose | int]:
    """Of customers named without an account: the only open one they have, else how many."""
    ids = list({one.customer_id for one in people.values() if one.account_id is None})
    if not ids:
        return {}
    rows = taking.session.execute(_ACCOUNTS, {"ids": ids})
    return {
        row.customer_id: Whose(row.customer_id, row.id, row.currency) if row.found == 1 else row.found
        for row in rows
    }


def _wrong(taking: Taking, row: Row, account: Whose | int | None) -> Refusal | None:
    amount, currency = row.values["amount"], currency_of(row.values, taking)
    if not isinstance(account, Whose):
        number = row.get("customer")
        words = SEVERAL if account else NO_ACCOUNT_YET
        return Refusal(
            row.line, "account", "which_account", words, number, {"value": number, "count": account}
        )
    if account.currency != currency:
        figures = {"account": account.currency, "currency": currency}
        return Refusal(row.line, "currency", "currency", OTHER_CURRENCY, currency, figures)
    minor = minor_in(amount, currency)
    if minor is None:
        figures = {"value": str(amount), "currency": currency}
        return Refusal(row.line, "amount", "parts", PARTS, str(amount), figures)
    if not minor or abs(minor) >= AMOUNT_MINOR_LIMIT:
        return Refusal(row.line, "amount", "amount", TOO_MUCH if minor else NOTHING, str(amount))
    if row.values["received_on"] > taking.today:
        shown = row.values["received_on"].isoformat()
        return Refusal(row.line, "received_on", "to_come", TO_COME, shown, {"value": shown})
    return None


def _make(taking: Taking, rows: Sequence[Row]) -> Made:
    found, refused = _wanted(taking, rows)
    references = _references(taking, {line: one.reference for line, one in found.items()})
    for row in rows:
        if row.line in found and not references[row.line]:
            figures = {"value": found[row.line].reference}
            refused.append(Refusal(row.line, EXTERNAL, "reference", TAKEN, row.external_id, figures))
            del found[row.line]
    batch = {line: _named(one, references[line]) for line, one in found.items()}
    if batch:
        take_payments(taking.session, list(batch.values()))
    named = {"references": [one.reference for one in batch.values()]}
    ids: dict[str, int] = dict(iter(taking.session.execute(_IDS, named).all()))
    taking.session.expire_all()
    return Made({line: ids[one.reference] for line, one in batch.items()}, refused)


def _named(one: Received, reference: str) -> Received:
    return Received(one.account_id, one.amount_minor, one.currency, reference, one.received_at, one.posted_on,
                    one.method)  # fmt: skip


def _references(taking: Taking, wanted: Mapping[int, str]) -> dict[int, str]:
    """The reference each is booked under; one that was taken back is followed by ~2, ~3, ...; "" where it
    belongs to another payment."""
    found, left, again = dict(wanted), dict(wanted), 1
    while left:
        rows = taking.session.execute(_KNOWN, {"references": list(left.values())})
        known = {row.reference: row.back for row in rows}
        again += 1
        for line, reference in list(left.items()):
            if reference not in known:
                del left[line]
            elif known[reference]:
                left[line] = found[line] = f"{wanted[line]}~{again}"
            else:
                found[line] = ""
                del left[line]
    return found


def _change(taking: Taking, rows: Sequence[Row]) -> Changed:
    """Nothing changes: a payment that reads otherwise is refused, and what is booked is said."""
    found, refused = _wanted(taking, rows)
    held = {row.id: row for row in taking.session.execute(_HELD, {"ids": [row.thing_id for row in rows]})}
    for row in rows:
        wanted, booked = found.get(row.line), held.get(row.thing_id or 0)
        if wanted is None or booked is None:
            continue
        told = (wanted.account_id, wanted.amount_minor, wanted.currency, wanted.posted_on)
        if told != (booked.account_id, booked.amount_minor, booked.currency, booked.posted_on):
            figures = {
                "amount": amount_text(booked.amount_minor, default_decimals(booked.currency)),
                "currency": booked.currency, "account": booked.number, "day": booked.posted_on.isoformat(),
            }  # fmt: skip
            value = str(row.values["amount"])
            refused.append(Refusal(row.line, "amount", "never_changes", BOOKED_OTHERWISE, value, figures))
    return Changed({}, refused)


def _booked(taking: Taking) -> Mapping[tuple[str, str], tuple[int, int]]:
    values = {"source": taking.source, "import": taking.import_id}
    rows = taking.session.execute(_BOOKED, values)
    return {(row.currency, row.month): (row.rows, int(row.minor)) for row in rows}


def _stands(taking: Taking, things: Sequence[Brought]) -> Sequence[Stands]:
    named = {one.thing_id: one.external_id for one in things}
    values = {"ids": list(named), "import": taking.import_id}
    found = [
        Stands(named[row.id], REVERSED, {"id": named[row.id]})
        for row in taking.session.execute(_REVERSED, values)
    ]
    for row in taking.session.execute(_REFUNDED, values):
        found.append(Stands(named[row.id], REFUNDED, {"account": row.number}))
    for row in taking.session.execute(_BILLED, values):
        found.append(Stands(named[row.id], BILLED, {"bill": row.number, "id": named[row.id]}))
    return found


def _take_back(taking: Taking, things: Sequence[Brought]) -> None:
    """The books keep both: each payment is taken back by another one, and what it had paid is open again."""
    held = taking.session.execute(
        text("select id, account_id, amount_minor, reference from payments where id = any(:ids) "
             "order by account_id, id"), {"ids": [one.thing_id for one in things]},
    ).all()  # fmt: skip
    for payment in held:
        reference = f"undo:{payment.reference}"
        if payment.amount_minor > 0:
            reverse_payment(
                taking.session, payment.id, reference=reference, reversed_at=taking.now,
                posted_on=taking.today,
            )  # fmt: skip
        else:
            take_payment(
                taking.session, payment.account_id, -payment.amount_minor, reference=reference,
                received_at=taking.now, posted_on=taking.today,
            )  # fmt: skip


PAYMENTS = Kind(
    name="payments", title=mark("Payments"), thing=mark("payment"), order=50, fields=PAYMENT_FIELDS,
    make=_make, change=_change, stands=_stands, take_back=_take_back, money=_money, booked=_booked,
    room="billing",
)  # fmt: skip
