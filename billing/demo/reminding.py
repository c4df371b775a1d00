"""Reminders of the past: every simulated bill that was late got one, a week after it fell due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from billing.demo.paying import IssuedBill, Paid
from notifications.demo.delivering import deliver_as_of
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from utility_crm.demo.plan import Plan
from utility_crm.demo.story import TERMS_DAYS

REMINDED_AFTER_DAYS = 7
REMINDED_FOR_DAYS = 200
"""Older reminders are not kept."""
AT = time(10)


def remind(session: Session, plan: Plan, bills: Iterable[IssuedBill], made: Iterable[Paid]) -> int:
    """Queue and deliver them day by day, as the clock would have; how many. The last days are left to the
    clock."""
    paid_on = {paid.bill.id: paid.received_at.date() for paid in made}
    by_day: dict[date, list[NewNotice]] = {}
    for bill in bills:
        due_on = bill.issued_on + timedelta(TERMS_DAYS)
        on = due_on + timedelta(REMINDED_AFTER_DAYS)
        recent = plan.as_of - timedelta(REMINDED_FOR_DAYS) <= on < plan.as_of
        if recent and bill.total_minor > 0 and paid_on.get(bill.id, plan.as_of) > on:
            by_day.setdefault(on, []).append(_notice(plan, bill, due_on))
    for on, notices in sorted(by_day.items()):
        now = datetime.combine(on, AT, UTC)
        queue_all(session, notices, now)
        deliver_as_of(session, now)
    return sum(map(len, by_day.values()))


def _notice(plan: Plan, bill: IssuedBill, due_on: date) -> NewNotice:
    supply = plan.supplies[bill.account_id - 1]
    return payment_reminder(
        customer_id=supply.payer + 1,
        account_id=bill.account_id,
        account=supply.account_number,
        bill=bill.number,
        amount_minor=bill.total_minor,
        currency="GBP",
        due_on=due_on,
    )
