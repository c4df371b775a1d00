"""A day so far against the same weekday of the weeks before, each up to the same hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKS = 4
"""How many earlier weeks a day is held against."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day from its midnight up to an hour on it, half-open, as instants."""

    weeks_ago: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of today (`value`; None where nothing was counted) with what it is of, and the mean of the
    days before that have one (`mean`), which are so many (`days`)."""

    part: float
    whole: int
    value: float | None
    mean: float | None
    days: int

    @property
    def change(self) -> float | None:
        """Today less the mean."""
        return None if self.value is None or self.mean is None else self.value - self.mean


def same_weekdays(now: datetime, today: date, zone: str) -> tuple[Stretch, ...]:
    """Today up to `now`, then the WEEKS same weekdays before, newest first, each up to that hour on the wall
    clock of the zone, so that a morning is not held against whole days."""
    where = ZoneInfo(zone)
    hour = now.astimezone(where).time()
    found = []
    for weeks_ago in range(WEEKS + 1):
        day = today - timedelta(weeks=weeks_ago)
        begins = datetime.combine(day, time(), where).astimezone(UTC)
        ends = now if weeks_ago == 0 else datetime.combine(day, hour, where).astimezone(UTC)
        found.append(Stretch(weeks_ago, begins, max(begins, ends)))
    return tuple(found)


def compared(days: Sequence[tuple[float, int]]) -> Compared:
    """Today's (part, whole) first, then those of the days before. A day without any counts for nothing: its
    share is unknown, not zero."""
    (part, whole), *before = days
    shares = [one_part / one_whole for one_part, one_whole in before if one_whole]
    return Compared(
        part,
        whole,
        part / whole if whole else None,
        sum(shares) / len(shares) if shares else None,
        len(shares),
    )
