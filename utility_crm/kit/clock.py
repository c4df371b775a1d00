"""The only place that reads the clock; everything else is handed `now` and `today`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def today_in(zone: str, now: datetime | None = None) -> date:
    """The calendar date in an IANA zone at `now` (the present by default)."""
    return (now or utc_now()).astimezone(ZoneInfo(zone)).date()
