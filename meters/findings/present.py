"""The instant at which readings are judged."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.settings import settings


def present(session: Session) -> datetime:
    """The database's present; where a demo pretends another date, this time of day on that date."""
    now = session.scalar(text("select clock_timestamp()"))
    assert isinstance(now, datetime)
    return pretended(now)


def pretended(now: datetime) -> datetime:
    """An instant of today, on the date that a demo pretends; itself where none is pretended."""
    known = settings()
    if known.as_of is None:
        return now
    zone = ZoneInfo(known.timezone)
    return datetime.combine(known.as_of, now.astimezone(zone).time(), zone).astimezone(UTC)
