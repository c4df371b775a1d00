"""What the clock does about completeness: counts what came every minute, and all of it anew once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from meters.completeness.adding import NOTED, add_up
from meters.completeness.counting import count_feeds
from meters.completeness.refreshing import recount
from meters.pretended import pretended, today_at
from utility_crm.kit.installation import noted
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

STALE = timedelta(minutes=15)
"""People move, and a new day begins, without any feed: so the figures are added up this often at least."""


def count_days(session: Session, now: datetime) -> str:
    """Count the feeds that came since the last call."""
    today, here = today_at(now), pretended(now)
    counted = count_feeds(session, today, here, settings().late_after_hours)
    added_up = noted(session, NOTED)
    fresh = added_up and abs(here - datetime.fromisoformat(added_up["computed_at"])) < STALE
    if fresh and not counted:
        return said(mark("nothing came"))
    add_up(session, today, here)
    return said(mark("%(counted)s feeds counted, and added up"), counted=counted or 0)


def count_days_anew(session: Session, now: datetime) -> str:
    """Count the last days from the readings themselves."""
    days = recount(session, today_at(now), pretended(now))
    return said(mark("%(days)s days of channels counted anew"), days=days)
