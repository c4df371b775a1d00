"""Credit notes: issued bills taken back whole, in the ledger and on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.storing import add_to_balances, copy_rows, reallocate
from billing.corrections.candidates import IssuedBill
from billing.cycles import Month

_NUMBERS = 7_302_003  # advisory lock: whoever holds it gives out a month's numbers of credit notes

_NOTES = text(
    """
    insert into credit_notes (number, bill_id, correction_id, account_id, issued_on, currency, total_minor)
    select :prefix || lpad(cast(:first + n.place - 1 as text), 6, '0'), b.id, n.correction_id, b.account_id,
           :issued_on, b.currency, -b.total_minor
    from unnest(cast(:bills as bigint[]), cast(:corrections as bigint[])) with ordinality
         as n(bill_id, correction_id, place)
    join bills b on b.id = n.bill_id
    order by n.place
    returning number
    """
)
_LINES = text(
    """
    insert into credit_note_lines
    select c.id, l.position, l.agreement_id, l.charge, l.label, l.starts_on, l.ends_before, -l.quantity_micro,
           l.unit, l.price_micro, -l.amount_minor
    from credit_notes c join bill_lines l on l.bill_id = c.bill_id
    where c.bill_id = any(:bills)
    """
)
_CANCEL = text("update bills set status = 'cancelled', open_minor = 0 where id = any(:bills)")
_ENTRY = "account_id posted_on debit credit amount_minor currency bill_id"
_ENTRY_TYPES = "int8 date text text int8 text int8"


def credit_bills(
    session: Session, corrections: Mapping[int, int], bills: Sequence[IssuedBill], issued_on: date
) -> list[str]:
    """Take bills back, each for its correction (by bill); the numbers of the credit notes.

    The accounts are locked by the caller. Numbers follow one another within a month without a hole, as those
    of bills do.
    """
    ids = [bill.id for bill in bills]
    month = Month.of(issued_on)
    values = {
        "prefix": f"CN-{month}-",
        "first": _next_number(session, month),
        "bills": ids,
        "corrections": [corrections[bill_id] for bill_id in ids],
        "issued_on": issued_on,
    }
    numbers = sorted(session.scalars(_NOTES, values))
    session.execute(_LINES, {"bills": ids})
    session.execute(_CANCEL, {"bills": ids})
    copy_rows(session, "ledger_entries", _ENTRY, _ENTRY_TYPES, _entries(bills, issued_on))
    add_to_balances(session, [(bill.account_id, -bill.total_minor) for bill in bills])
    reallocate(session, sorted({bill.account_id for bill in bills}))
    return numbers


def _next_number(session: Session, month: Month) -> int:
    session.execute(
        text("select pg_advisory_xact_lock(:numbers, :month)"),
        {"numbers": _NUMBERS, "month": month.year * 12 + month.month},
    )
    statement = text(
        "select coalesce(max(cast(right(number, 6) as int)), 0) + 1 from credit_notes "
        "where number like :month"
    )
    found = session.scalar(statement, {"month": f"CN-{month}-%"})
    assert isinstance(found, int)
    return found


def _entries(bills: Sequence[IssuedBill], posted_on: date) -> Iterable[Sequence[Any]]:
    """What each bill charged, the other way round."""
    for bill in bills:
        tax = sum(line[7] for line in (*bill.lines, *bill.others) if line[0] == "tax")
        for other, amount in (("revenue", bill.total_minor - tax), ("tax", tax)):
            if amount:
                debit, credit = (other, "receivable") if amount > 0 else ("receivable", other)
                yield bill.account_id, posted_on, debit, credit, abs(amount), bill.currency, bill.id
