"""What the jobs that tell customers have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue_all
from utility_crm.kit.today import utility_today

MOST = 5000
"""Told in one call; the next goes on with the rest."""


def queued_in_words(session: Session, notices: Sequence[NewNotice], what: str, now: datetime) -> str:
    """Queue them, and say how many were."""
    queued = queue_all(session, notices, now)
    return f"{sum(one.outcome == 'queued' for one in queued)} queued of {len(notices)} {what}"


def day_is_over(day: date, today: date, now: datetime) -> datetime:
    """When a day is over, counted from now: where the calendar stands still (`as_of`), the clock goes on."""
    return now + timedelta(days=(day - today).days + 1)


def telling_today(now: datetime) -> date:
    """The date in the utility's zone, or the demo's."""
    return utility_today(now)
