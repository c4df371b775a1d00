"""Invoices as issued: to whom, and on which other documents their bills stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing.queries.bills import BillRow
from billing.tables import Bill


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A bill's invoice. gathered_on: the number of the consolidated invoice that the bill stands on.
    credit_note: what took the bill back, replaced_by: the bill in its place; replaces: the bill that this one
    stands in the place of."""

    addressee: str
    tax_number: str
    language: str
    gathered_on: str | None
    credit_note: str | None
    replaced_by: str | None
    replaces: str | None


_OF_BILL = text(
    """
    select i.addressee ->> 'name', coalesce(i.addressee ->> 'tax_number', ''), i.addressee ->> 'language',
           g.number, n.number, later.number,
           (select min(earlier.number) from corrections r join bills earlier on earlier.id = r.bill_id
            where r.new_bill_id = i.bill_id)
    from invoices i
    left join gathered_bills b on b.bill_id = i.bill_id
    left join invoices g on g.id = b.invoice_id
    left join credit_notes n on n.bill_id = i.bill_id
    left join corrections c on c.id = n.correction_id
    left join bills later on later.id = c.new_bill_id
    where i.bill_id = :bill
    """
)


def invoice_of(session: Session, bill_id: int) -> InvoiceRow | None:
    """A bill's invoice; None where the bill came without one."""
    row = session.execute(_OF_BILL, {"bill": bill_id}).one_or_none()
    return None if row is None else InvoiceRow(*tuple(row))


@dataclass(frozen=True, slots=True)
class OpenBefore:
    """What is still open of an account's bills that fell due before another."""

    open_minor: int
    since: date


def open_before(session: Session, bill: BillRow) -> OpenBefore | None:
    """What is open of the bills before this one, and since when the oldest was due; None where nothing is."""
    total, since = session.execute(
        select(func.sum(Bill.open_minor), func.min(Bill.due_on)).where(
            Bill.account_id == bill.account_id,
            Bill.status == "issued",
            Bill.open_minor > 0,
            Bill.ends_before <= bill.starts_on,
        )
    ).one()
    return None if total is None else OpenBefore(int(total), since)
