"""What the clock does about completeness: counts what came every minute, and all of it anew once a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from meters.completeness.adding import NOTED, add_up
from meters.completeness.counting import count_feeds
from meters.completeness.refreshing import recount
from utility_crm.kit.clock import today_in
from utility_crm.kit.installation import noted
from utility_crm.kit.settings import settings

STALE = timedelta(minutes=15)
"""People move, and a new day begins, without any feed: so the figures are added up this often at least."""


def count_days(session: Session, now: datetime) -> str:
    """Count the feeds that came since the last call."""
    today = _today(now)
    counted = count_feeds(session, today, now, settings().late_after_hours)
    added_up = noted(session, NOTED)
    if counted or added_up is None or now - datetime.fromisoformat(added_up["computed_at"]) >= STALE:
        add_up(session, today, now)
        return f"{counted} feeds counted, and added up"
    return "nothing came"


def count_days_anew(session: Session, now: datetime) -> str:
    """Count the last days from the readings themselves."""
    return f"{recount(session, _today(now), now)} days of channels counted anew"


def _today(now: datetime) -> date:
    known = settings()
    return known.as_of or today_in(known.timezone, now)
