"""Credit notes: issued bills taken back whole, in the ledger and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions import crediting_bills
from billing.actions.crediting_bills import BillCredit
from billing.corrections.candidates import IssuedBill
from billing.invoices import Numbered, next_numbers
from billing.invoices.supplier import supplier_id

_NOTES = text(
    """
    insert into credit_notes (number, bill_id, correction_id, account_id, issued_on, currency, total_minor)
    select n.number, b.id, n.correction_id, b.account_id, :issued_on, b.currency, -b.total_minor
    from unnest(cast(:numbers as text[]), cast(:bills as bigint[]), cast(:corrections as bigint[]))
         as n(number, bill_id, correction_id)
    join bills b on b.id = n.bill_id
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
_PAPERS = text(
    """
    insert into invoices (number, entity, series, period, sequence, follows, customer_id, issued_on, due_on,
                          currency, net_minor, tax_minor, gross_minor, taxes, addressee, supplier_id)
    select n.number, :entity, :series, n.period, n.sequence, nullif(n.sequence - 1, 0), a.payer_id,
           c.issued_on, c.issued_on, c.currency, c.total_minor - coalesce(t.tax, 0), coalesce(t.tax, 0),
           c.total_minor, coalesce(t.taxes, '[]'),
           coalesce((select i.addressee from invoices i where i.bill_id = c.bill_id),
                    jsonb_build_object('name', u.name, 'customer', u.number, 'account', a.number,
                                       'language', u.language)),
           :supplier
    from unnest(cast(:numbers as text[]), cast(:periods as text[]), cast(:sequences as int[]))
         as n(number, period, sequence)
    join credit_notes c on c.number = n.number
    join accounts a on a.id = c.account_id
    join customers u on u.id = a.payer_id
    left join (
        select credit_note_id, cast(sum(tax_minor) as bigint) as tax,
               jsonb_agg(jsonb_build_object('label', label, 'rate_ppm', rate_ppm, 'base_micro', base_micro,
                                            'tax_minor', tax_minor) order by place) as taxes
        from (select l.credit_note_id, l.label, l.price_micro as rate_ppm,
                     sum(l.quantity_micro) as base_micro,
                     sum(l.amount_minor) as tax_minor, min(l.position) as place
              from credit_note_lines l join credit_notes c on c.id = l.credit_note_id
              where c.number = any(:numbers) and l.charge = 'tax'
              group by l.credit_note_id, l.label, l.price_micro) by_rate
        group by credit_note_id
    ) t on t.credit_note_id = c.id
    """
)
REASON = "corrected"
"""Of the adjustments that credit notes book."""
_CANCEL = text("update bills set status = 'cancelled' where id = any(:bills)")


def cancel_bills(session: Session, bills: Sequence[IssuedBill]) -> None:
    """Make room for the bills that replace these; their credit notes follow in the same transaction."""
    session.execute(_CANCEL, {"bills": [bill.id for bill in bills]})


def credit_bills(
    session: Session, corrections: Mapping[int, int], bills: Sequence[IssuedBill], issued_on: date
) -> list[str]:
    """Take cancelled bills back, each for its correction (by bill); the numbers of the credit notes.

    The accounts are locked by the caller. What was paid is set against the oldest open bills again.
    """
    ids = [bill.id for bill in bills]
    numbers = next_numbers(session, "credit_note", issued_on, len(bills))
    values = {
        "numbers": [one.number for one in numbers],
        "bills": ids,
        "corrections": [corrections[bill_id] for bill_id in ids],
        "issued_on": issued_on,
    }
    session.execute(_NOTES, values)
    session.execute(_LINES, {"bills": ids})
    _keep_papers(session, numbers)
    notes = [
        BillCredit(bill.id, number.number, _sum_of(bill, "tax"), _sum_of(bill, "budget"))
        for bill, number in zip(bills, numbers, strict=True)
    ]
    crediting_bills.credit_bills(session, notes, issued_on, REASON)
    return [one.number for one in numbers]


def _keep_papers(session: Session, numbers: Sequence[Numbered]) -> None:
    """The documents as issued, to whom the bills were addressed."""
    session.execute(
        _PAPERS,
        {
            "entity": numbers[0].entity,
            "series": numbers[0].series,
            "numbers": [one.number for one in numbers],
            "periods": [one.period for one in numbers],
            "sequences": [one.sequence for one in numbers],
            "supplier": supplier_id(session),
        },
    )


def _sum_of(bill: IssuedBill, charge: str) -> int:
    return sum(line[7] for line in (*bill.lines, *bill.others) if line[0] == charge)
