"""Late fees that are due: bills that are late, how many days of it count, and what was posted for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.late_fee_caps import cap_of
from billing.domain.accounts.late_fees import DueFee, LateBill, Stop, fees_due, layers_of
from billing.domain.errors import NotRateable
from billing.queries.dunning import DUNNABLE
from billing.queries.tariffs import tariffs_by_id
from utility_crm.kit.settings import Settings


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Whose law caps late fees: country and its part (ISO 3166-1, 3166-2 without the country), and the
    central bank's rate that a cap may depend on, 0 where nobody gave it."""

    country: str
    subdivision: str = ""
    bank_rate_ppm: int = 0

    @classmethod
    def of(cls, known: Settings) -> Jurisdiction:
        return cls(known.country, known.subdivision, int(known.central_bank_percent * 10_000))


@dataclass(frozen=True, slots=True)
class BillFees:
    """A late bill and the fees due for it. overdue_minor: what of it is late and neither disputed, planned,
    promised nor being collected; cap: the source of the law that caps them, empty for none."""

    bill_id: int
    bill: str
    account_id: int
    account: str
    currency: str
    tariff_id: int
    due_on: date
    overdue_minor: int
    late_days: int
    cap: str
    fees: tuple[DueFee, ...]


_ANY = "exists (select from tariffs where jsonb_path_exists(document, :path))"
_PATH = '$.versions[*].charges[*] ? (@.kind == "late_fee")'
# A day counts unless on it a plan over the bill ran; of what was disputed or promised on it, not of the rest.
_LATE = f"""
    with {DUNNABLE}
    select b.id, b.number, b.account_id, a.number, b.currency, t.tariff_id, b.due_on, b.issued_on, c.segment,
           d.amount_minor, b.open_minor - d.amount_minor, s.stood,
           (select json_agg(json_build_array(f.code, f.turn, f.amount_minor - f.reversed_minor))
            from late_fees f where f.bill_id = b.id)
    from dunnable d
    join bills b on b.id = d.id
    join accounts a on a.id = b.account_id
    join customers c on c.id = a.customer_id
    join lateral (
        select g.tariff_id from bill_lines l join agreements g on g.id = l.agreement_id
        where l.bill_id = b.id order by l.position limit 1
    ) t on true
    join tariffs r on r.id = t.tariff_id and jsonb_path_exists(r.document, :path)
    left join lateral (
        select json_agg(json_build_array(amount, starts_on, ends_before)) as stood from (
            select cast(null as bigint), p.agreed_on, p.ended_on from payment_plans p
            join plan_bills q on q.plan_id = p.id where q.bill_id = b.id
            union all
            select x.amount_minor, x.opened_on, x.closed_on from disputes x where x.bill_id = b.id
            union all
            select m.amount_minor, m.promised_on, m.ended_on from promises m where m.account_id = b.account_id
        ) as spans(amount, starts_on, ends_before)
    ) s on true
    where d.amount_minor > 0
    order by b.account_id, b.due_on, b.id
"""


def late_fees_due(
    session: Session, today: date, law: Jurisdiction, account_ids: Sequence[int] | None = None
) -> tuple[BillFees, ...]:
    """The fees due on a day, of all accounts or of some; at most three statements. A bill has the terms of
    the tariff that its first line is of, in the version in force when it was issued."""
    if not session.scalar(text(f"select {_ANY}"), {"path": _PATH}):
        return ()
    values = {"today": today, "due_by": today - timedelta(days=1), "path": _PATH}
    statement = _LATE
    if account_ids is not None:
        statement = statement.replace("where b.status", "where b.account_id = any(:accounts) and b.status", 1)
        values["accounts"] = list(account_ids)
    rows = session.execute(text(statement), values).all()
    tariffs = tariffs_by_id(session, {row[5] for row in rows})
    found = []
    for bill_id, bill, account_id, account, currency, tariff_id, due_on, issued_on, segment, *rest in rows:
        overdue, held, stood, posted = rest
        layers = layers_of(overdue, held, due_on, today, [_stop(*one) for one in stood or ()])
        by_turn = {(code, turn): amount for code, turn, amount in posted or ()}
        late = LateBill(overdue, max(days for _, days in layers), by_turn, layers)
        cap = cap_of(law.country, law.subdivision, segment)
        try:
            fees = fees_due(tariffs[tariff_id], issued_on, late, cap, law.bank_rate_ppm)
        except NotRateable:
            continue  # billed before the tariff's first version: it has no terms for that day
        if fees:
            source = cap.source if cap else ""
            found.append(
                BillFees(
                    bill_id, bill, account_id, account, currency, tariff_id, due_on, overdue, late.days,
                    source, fees,
                )
            )  # fmt: skip
    return tuple(found)


def _stop(amount_minor: int | None, starts_on: str, ends_before: str | None) -> Stop:
    ends = date.fromisoformat(ends_before) if ends_before else None
    return Stop(amount_minor, date.fromisoformat(starts_on), ends)


@dataclass(frozen=True, slots=True)
class PostedFee:
    """A late fee, by the adjustment that it is. credited_minor: of its bill, since it was posted."""

    adjustment_id: int
    bill: str
    once: bool
    overdue_minor: int
    amount_minor: int
    reversed_minor: int
    credited_minor: int


_CREDITED = text(
    """
    select f.adjustment_id, b.number, f.once, f.overdue_minor, f.amount_minor, f.reversed_minor,
           cast(sum(-c.amount_minor) as bigint)
    from late_fees f join bills b on b.id = f.bill_id
    join adjustments c on c.bill_id = f.bill_id and c.kind = 'credit' and c.id > f.adjustment_id
    where f.reversed_minor < f.amount_minor and (:every or f.bill_id = any(:bills))
    group by 1, 2, 3, 4, 5, 6 having sum(-c.amount_minor) > 0
    order by f.adjustment_id
    """
)


def fees_of_credited_bills(session: Session, bill_ids: Sequence[int] | None) -> tuple[PostedFee, ...]:
    """Fees not yet taken back whole, of bills (some, or all) of which something was credited afterwards."""
    values = {"every": bill_ids is None, "bills": list(bill_ids or ())}
    return tuple(PostedFee(*row) for row in session.execute(_CREDITED, values))
