"""A bill's invoice: its number, its net, tax and gross by rate, and who it is from and to, as issued."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.invoices.numbers import Numbered
from billing.invoices.supplier import supplier_id

_KEEP = text(
    """
    insert into invoices (number, entity, series, period, sequence, follows, bill_id, customer_id, issued_on,
                          due_on, currency, net_minor, tax_minor, gross_minor, taxes, addressee, supplier_id)
    select n.number, :entity, :series, n.period, n.sequence, nullif(n.sequence - 1, 0), b.id, a.payer_id,
           b.issued_on, b.due_on, b.currency, b.total_minor - coalesce(t.tax, 0), coalesce(t.tax, 0),
           b.total_minor, coalesce(t.taxes, '[]'),
           jsonb_strip_nulls(jsonb_build_object(
               'name', c.name, 'customer', c.number, 'account', a.number, 'language', c.language,
               'method', a.payment_method,
               'tax_number', i.number,
               'address', coalesce((select f.address from forwarding_addresses f
                           where f.account_id = a.id and f.withdrawn_at is null
                             and a.payer_id = a.customer_id
                             and f.starts_on <= greatest(b.ends_before, b.issued_on)
                             and not exists (select from agreements g where g.account_id = a.id
                                             and (g.ends_before is null or g.ends_before > f.starts_on))
                           order by f.id desc limit 1),
                          (select p.value from contact_points p
                           where p.customer_id = c.id and p.kind = 'post'
                           order by p.preferred desc, p.id limit 1)))),
           :supplier
    from unnest(cast(:bills as bigint[]), cast(:numbers as text[]), cast(:periods as text[]),
                cast(:sequences as int[])) as n(bill_id, number, period, sequence)
    join bills b on b.id = n.bill_id
    join accounts a on a.id = b.account_id
    join customers c on c.id = a.payer_id
    left join tax_identities i on i.customer_id = c.id
    left join (
        select bill_id, cast(sum(tax_minor) as bigint) as tax,
               jsonb_agg(jsonb_build_object('label', label, 'rate_ppm', rate_ppm, 'base_micro', base_micro,
                                            'tax_minor', tax_minor) order by place) as taxes
        from (select bill_id, label, price_micro as rate_ppm, sum(quantity_micro) as base_micro,
                     sum(amount_minor) as tax_minor, min(position) as place
              from bill_lines where bill_id = any(:bills) and charge = 'tax'
              group by bill_id, label, price_micro) by_rate
        group by bill_id
    ) t on t.bill_id = b.id
    order by n.sequence
    """
)


def keep_invoices(session: Session, bill_ids: Sequence[int], numbers: Sequence[Numbered]) -> None:
    """Keep the invoices of bills just stored with their lines; their numbers in the same order, all of one
    series and entity. One statement, in the transaction that took the numbers."""
    if not bill_ids:
        return
    session.execute(
        _KEEP,
        {
            "entity": numbers[0].entity,
            "series": numbers[0].series,
            "bills": list(bill_ids),
            "numbers": [one.number for one in numbers],
            "periods": [one.period for one in numbers],
            "sequences": [one.sequence for one in numbers],
            "supplier": supplier_id(session),
        },
    )
