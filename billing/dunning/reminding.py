"""The first step: the reminders of each late bill, which the clock may have queued already."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.dunning.loading import LateAccount
from billing.queries.dunning import DUNNABLE
from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from utility_crm.kit.settings import settings

REMIND_WITHIN_DAYS = 60
"""Who is later than that hears from a person, not from a first reminder."""

_KNOWN = text("""
    select o.key, cast(o.created_at at time zone :zone as date)
    from outbox o join bills b on o.about = 'bill:' || b.number
    where b.account_id = :account and b.status = 'issued' and b.open_minor > 0
      and o.key = 'payment_reminder:' || b.number || '\\:1'
      and not (o.state = 'withheld' and o.reason = 'no_longer_true')
    order by o.id limit 1
""")
_BILLS = text(f"""
    with {DUNNABLE.replace("where b.status", "where b.account_id = :account and b.status", 1)}
    select number, amount_minor, due_on from dunnable
    where amount_minor > 0 and due_on + :after <= :today and due_on + :within >= :today order by due_on, id
""")


def remind(
    session: Session, one: LateAccount, after_days: int, today: date, now: datetime
) -> tuple[str, date] | None:
    """The key of a reminder of one of its bills, and the day it was queued: one that was there, else new
    ones. None: all are late for too long."""
    known = session.execute(_KNOWN, {"account": one.id, "zone": settings().timezone}).first()
    if known is not None:
        return known[0], known[1]
    turn = one.turn("reminder")
    values = {"account": one.id, "today": today, "due_by": today, "after": after_days}
    notices = [
        payment_reminder(
            customer_id=one.payer_id, account_id=one.id, account=one.number, bill=number,
            amount_minor=amount, currency=one.currency, due_on=due_on, step=turn,
        )
        for number, amount, due_on in session.execute(_BILLS, {**values, "within": REMIND_WITHIN_DAYS})
    ]  # fmt: skip
    if not notices:
        return None
    queue_all(session, notices, now)
    return notices[0].key, today
