"""What the clock calls to tell customers about their money. Each may be called as often as one likes: a
notice has one key."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from billing.telling.of_contracts import JOBS as OF_CONTRACTS
from billing.telling.of_use import JOBS as OF_USE
from billing.telling.queries import (
    bills_due_soon,
    bills_issued,
    instalments_due_soon,
    no_longer_true,
    payments_received,
)
from billing.telling.queued import day_is_over, queued_in_words
from notifications.outbox.queueing import take_back
from notifications.types.bill_ready import bill_ready
from notifications.types.instalment_due import instalment_due
from notifications.types.payment_due import payment_due
from notifications.types.payment_received import payment_received
from utility_crm.kit.module import Job
from utility_crm.kit.said import together
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today
from utility_crm.web.words import mark

TELL_WITHIN_DAYS = 3
"""Days after which a bill is no news any more: a clock that stood still longer tells nobody."""
PAID_WITHIN_DAYS = 7
"""The same of a payment, by the day on which the bank booked it: its file is read on a later working day,
after a long weekend on the fifth. What was in suspense is news from when somebody said whose it is."""
DUE_SOON_DAYS = 3
"""Days before a bill or an instalment falls due: long enough for a transfer to arrive (two working days)."""

_QUARTER_OF_AN_HOUR, _HOUR = 900, 3600


def tell_of_bills(session: Session, now: datetime) -> str:
    """Every payer hears of a bill that was issued, by whatever way it was."""
    found = bills_issued(session, utility_today(now), within_days=TELL_WITHIN_DAYS)
    notices = [
        bill_ready(
            customer_id=one.customer_id,
            account_id=one.account_id,
            account=one.account,
            bill=one.bill,
            total_minor=one.total_minor,
            open_minor=one.open_minor,
            currency=one.currency,
            starts_on=one.starts_on,
            last_on=one.ends_before - timedelta(days=1),
            due_on=one.due_on,
            collected=one.collected,
        )
        for one in found
    ]
    return queued_in_words(session, notices, mark("%(queued)s queued of %(found)s bills issued"), now)


def tell_what_is_due(session: Session, now: datetime) -> str:
    """Some days before a bill or an instalment falls due, whoever has not paid it is reminded kindly."""
    today = utility_today(now)
    take_back(session, no_longer_true(session), now)
    bills = [
        payment_due(
            customer_id=one.customer_id,
            account_id=one.account_id,
            account=one.account,
            bill=one.bill,
            amount_minor=one.open_minor,
            currency=one.currency,
            due_on=one.due_on,
            collected=one.collected,
            useful_before=day_is_over(one.due_on, today, now),
        )
        for one in bills_due_soon(session, today, days=DUE_SOON_DAYS)
    ]
    instalments = [
        instalment_due(
            customer_id=one.customer_id,
            account_id=one.account_id,
            account=one.account,
            plan_id=one.plan_id,
            number=one.number,
            count=one.count,
            amount_minor=one.amount_minor,
            currency=one.currency,
            due_on=one.due_on,
            useful_before=day_is_over(one.due_on, today, now),
        )
        for one in instalments_due_soon(session, today, days=DUE_SOON_DAYS)
    ]
    first = queued_in_words(session, bills, mark("%(queued)s queued of %(found)s bills due soon"), now)
    words = mark("%(queued)s queued of %(found)s instalments due soon")
    return together((first, queued_in_words(session, instalments, words, now)))


def tell_of_payments(session: Session, now: datetime) -> str:
    """Whoever paid hears that it arrived, and what is open."""
    take_back(session, no_longer_true(session), now)
    until = datetime.combine(utility_today(now), time.max, ZoneInfo(settings().timezone)).astimezone(UTC)
    found = payments_received(
        session,
        until,
        within=timedelta(days=PAID_WITHIN_DAYS),
        assigned_within=timedelta(days=TELL_WITHIN_DAYS),
    )
    zone = ZoneInfo(settings().timezone)
    notices = [
        payment_received(
            customer_id=one.customer_id,
            account_id=one.account_id,
            account=one.account,
            reference=one.reference,
            amount_minor=one.amount_minor,
            currency=one.currency,
            received_on=_received_on(one.received_at, zone),
            balance_minor=one.balance_minor,
        )
        for one in found
    ]
    return queued_in_words(session, notices, mark("%(queued)s queued of %(found)s payments received"), now)


def _received_on(at: datetime, zone: ZoneInfo) -> date:
    """The day in the utility's zone; a bank's file knows the day alone, which is kept as its midnight in UTC
    and is that day everywhere."""
    known = at.astimezone(UTC)
    return known.date() if known.time() == time() else at.astimezone(zone).date()


JOBS = (
    Job("billing.tell_of_bills", _QUARTER_OF_AN_HOUR, tell_of_bills, mark("Tell of new bills")),
    Job("billing.tell_what_is_due", _HOUR, tell_what_is_due, mark("Tell what falls due")),
    Job("billing.tell_of_payments", _QUARTER_OF_AN_HOUR, tell_of_payments, mark("Tell of payments received")),
    *OF_USE,
    *OF_CONTRACTS,
)
