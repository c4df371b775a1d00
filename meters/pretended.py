"""The present in which this utility lives: the demo's, which stays at its date, else the real one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today


def pretended(now: datetime) -> datetime:
    """`now`, or that time of day on the demo's date."""
    known = settings()
    if known.as_of is None:
        return now
    zone = ZoneInfo(known.timezone)
    return datetime.combine(known.as_of, now.astimezone(zone).time(), zone).astimezone(UTC)


def today_at(now: datetime) -> date:
    """The date in the utility's zone, or the demo's."""
    return utility_today(now)
