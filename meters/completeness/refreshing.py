"""Bringing the figures up to date: after feeds came, by the clock, and from scratch."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from meters.completeness.adding import add_up
from meters.completeness.counting import count_anew, count_feeds
from utility_crm.kit.settings import settings


def refresh(session: Session, today: date, now: datetime, *, wait: bool = True) -> int | None:
    """Count the feeds that came since, and add up; how many feeds those were.

    One at a time: another's refresh is waited for, or, without `wait`, left to do it (None): what it does not
    count, the clock does within a minute.
    """
    counted = count_feeds(session, today, now, settings().late_after_hours, wait=wait)
    if counted is not None:
        add_up(session, today, now)
    return counted


def recount(session: Session, today: date, now: datetime) -> int:
    """Count all of the last days from the readings themselves, and add up; how many days of channels those
    are. It takes seconds for a large base: once a day, and where readings were written past the ingest."""
    counted = count_anew(session, today, now, settings().late_after_hours)
    add_up(session, today, now)
    return counted
