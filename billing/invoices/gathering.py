"""Consolidated invoices: the bills of one payer's sites and accounts on one document with its own number.

The bills stay what they are: each is open, paid and put right by itself. The invoice says them together, so
that a payer with many sites gets one paper and makes one payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.cycles import Month
from billing.invoices.numbers import Numbered, next_number
from billing.invoices.supplier import supplier_id
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark

TAG = mark("one invoice")
"""A customer's tag that asks for it each month."""

_PAYER = text("select id from customers where number = :number for no key update")
_ASKED = text(
    """
    select c.number from customers c
    where :tag = any(c.tags)
      and (select count(*) from invoices i
           join bills b on b.id = i.bill_id and b.status = 'issued'
           where i.customer_id = c.id and i.series = 'bill' and i.period = :period
             and not exists (select from gathered_bills g where g.bill_id = b.id)) > 1
    order by c.number
    """
)
_OPEN = text(
    """
    select i.bill_id, i.currency, i.number from invoices i
    join bills b on b.id = i.bill_id and b.status = 'issued'
    where i.customer_id = :customer and i.series = 'bill' and i.period = :period
      and not exists (select from gathered_bills g where g.bill_id = b.id)
    order by i.sequence
    """
)
_KEEP = text(
    """
    with gathered as (
        select * from invoices where bill_id = any(:bills)
    ), by_rate as (
        select t.label, t.rate_ppm, sum(t.base_micro) as base_micro, sum(t.tax_minor) as tax_minor
        from gathered g,
             jsonb_to_recordset(g.taxes)
                 as t(label text, rate_ppm bigint, base_micro bigint, tax_minor bigint)
        group by t.label, t.rate_ppm
    )
    insert into invoices (number, entity, series, period, sequence, follows, customer_id, issued_on, due_on,
                          currency, net_minor, tax_minor, gross_minor, taxes, addressee, supplier_id)
    select :number, :entity, :series, :period, :sequence, nullif(:sequence - 1, 0), :customer, :issued_on,
           greatest(max(g.due_on), :issued_on), min(g.currency), sum(g.net_minor), sum(g.tax_minor),
           sum(g.gross_minor),
           coalesce((select jsonb_agg(to_jsonb(by_rate) order by label, rate_ppm) from by_rate), '[]'),
           (select addressee - 'account' from gathered order by sequence limit 1), :supplier
    from gathered g
    returning id
    """
)
_GATHER = text(
    "insert into gathered_bills (bill_id, invoice_id) select unnest(cast(:bills as bigint[])), :invoice"
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A consolidated invoice and the numbers of its bills."""

    number: str
    bills: tuple[str, ...]


def gather_bills(session: Session, customer: str, period: str, issued_on: date) -> Gathered:
    """Put the bills of a month (YYYY-MM) that a customer pays, and that stand on no invoice yet, on one.

    The customer is locked, so that two at once do not both find them. Its net, tax by rate and total are
    the sums of theirs; it is due when the last of them is, and not before it is issued. Raises NotFound for
    a customer that is none, Invalid for a month, Conflict where there are fewer than two bills or several
    currencies.
    """
    month = str(Month.read(period))
    customer_id = session.scalar(_PAYER, {"number": customer})
    if customer_id is None:
        raise NotFound("customer", mark("There is no customer %(customer)s."), customer, customer=customer)
    found = session.execute(_OPEN, {"customer": customer_id, "period": month}).all()
    if len(found) < 2:
        message = f"Customer {customer} pays {len(found)} bills of {month} on no invoice yet; it takes two."
        raise Conflict("few_bills", message, customer)
    if len({row[1] for row in found}) > 1:
        raise Conflict(
            "currencies",
            mark("Customer %(customer)s pays bills in several currencies."),
            customer,
            customer=customer,
        )
    number = next_number(session, "invoice", issued_on)
    bills = [row[0] for row in found]
    _keep(session, customer_id, number, bills, issued_on)
    return Gathered(number.number, tuple(row[2] for row in found))


def customers_asking(session: Session, period: str) -> tuple[str, ...]:
    """Customers tagged for one invoice, with bills of the month that stand on none yet."""
    values = {"tag": TAG, "period": str(Month.read(period))}
    return tuple(session.scalars(_ASKED, values))


def _keep(
    session: Session, customer_id: int, number: Numbered, bills: Sequence[int], issued_on: date
) -> None:
    invoice = session.scalar(
        _KEEP,
        {
            "bills": list(bills),
            "number": number.number,
            "entity": number.entity,
            "series": number.series,
            "period": number.period,
            "sequence": number.sequence,
            "customer": customer_id,
            "issued_on": issued_on,
            "supplier": supplier_id(session),
        },
    )
    session.execute(_GATHER, {"bills": list(bills), "invoice": invoice})
