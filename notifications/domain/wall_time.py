"""From the clock on a wall to an instant."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def instant(wall: datetime, zone: str) -> datetime:
    """The instant (UTC) at which the clocks of `zone` show `wall` (naive); of a repeated hour the first.

    Raises `ValueError` for a time that the clocks skip.
    """
    at = wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        raise ValueError(f"the clocks in {zone} skip {wall:%H:%M} on that day")
    return at
