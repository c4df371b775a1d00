"""Late fees: posted once a bill, charge and month of being late, and taken back where the bill was credited.
Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, charge_fee, waive_fee
from billing.actions.payments import lock_account
from billing.domain.accounts.late_fees import DueFee, rightful_minor
from billing.queries.late_fees import BillFees, Jurisdiction, fees_of_credited_bills, late_fees_due
from billing.tables import LateFee


@dataclass(frozen=True, slots=True)
class PostedFees:
    """How many fees were posted, and what they come to by currency, minor units."""

    count: int
    totals: dict[str, int]


def post_late_fees(
    session: Session, today: date, law: Jurisdiction, account_ids: Sequence[int] | None = None
) -> PostedFees:
    """Post what is due on a day. The accounts are locked, in order of id, before it is asked again what is
    due: of two calls at once the second finds it posted. The key in the database stands behind that."""
    due = late_fees_due(session, today, law, account_ids)
    accounts = sorted({one.account_id for one in due})
    for account_id in accounts:
        lock_account(session, account_id)
    totals: dict[str, int] = {}
    count = 0
    for one in late_fees_due(session, today, law, accounts) if accounts else ():
        for fee in one.fees:
            _post(session, one, fee, today)
            totals[one.currency] = totals.get(one.currency, 0) + fee.amount_minor
            count += 1
    return PostedFees(count, totals)


def put_late_fees_right(session: Session, today: date, bill_ids: Sequence[int] | None = None) -> int:
    """Take back what fees for credited bills (some, or all) would not have come to, had the credited part
    never been owed; how many were."""
    found = 0
    for one in fees_of_credited_bills(session, bill_ids):
        right = rightful_minor(one.amount_minor, one.overdue_minor, one.credited_minor, once=one.once)
        back = one.amount_minor - one.reversed_minor - right
        if back > 0:
            words = f"late fee taken back: bill {one.bill} was credited"
            reason = Reason(f"late:{one.adjustment_id}:right:{right}", words, today)
            waive_fee(session, one.adjustment_id, reason, amount_minor=back)
            found += 1
    return found


def _post(session: Session, one: BillFees, fee: DueFee, today: date) -> None:
    words = f"{fee.label}: bill {one.bill}, {one.late_days} days late"
    reason = Reason(f"late:{one.bill}:{fee.code}:{fee.turn}", words, today)
    booked = charge_fee(session, one.account_id, fee.amount_minor, reason, bill_id=one.bill_id)
    session.add(
        LateFee(
            bill_id=one.bill_id, code=fee.code, turn=fee.turn, once=fee.once, tariff_id=one.tariff_id,
            adjustment_id=booked.id, late_days=one.late_days, overdue_minor=one.overdue_minor,
            full_minor=fee.full_minor, amount_minor=fee.amount_minor,
            cap=one.cap if fee.amount_minor < fee.full_minor else "",
        )
    )  # fmt: skip
    session.flush()
