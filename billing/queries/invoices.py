"""Invoices as issued: to whom, and on which other documents their bills stand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A bill's invoice. gathered_on: the number of the consolidated invoice that the bill stands on."""

    addressee: str
    tax_number: str
    language: str
    gathered_on: str | None


_OF_BILL = text(
    """
    select i.addressee ->> 'name', coalesce(i.addressee ->> 'tax_number', ''), i.addressee ->> 'language',
           g.number
    from invoices i
    left join gathered_bills b on b.bill_id = i.bill_id
    left join invoices g on g.id = b.invoice_id
    where i.bill_id = :bill
    """
)


def invoice_of(session: Session, bill_id: int) -> InvoiceRow | None:
    """A bill's invoice; None where the bill came without one."""
    row = session.execute(_OF_BILL, {"bill": bill_id}).one_or_none()
    return None if row is None else InvoiceRow(*tuple(row))
