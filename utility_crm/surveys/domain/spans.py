"""The days that a figure is of: the last so many, today with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SPANS = (7, 30, 90)
"""Days to choose from."""


def last_days(days: int, today: date, zone: str) -> tuple[datetime, datetime]:
    """From the midnight that begins the first of them until before the one that ends today, as instants."""
    where = ZoneInfo(zone)
    first, after = today - timedelta(days=days - 1), today + timedelta(days=1)
    begins, ends = (datetime.combine(one, time(), where).astimezone(UTC) for one in (first, after))
    return begins, ends
