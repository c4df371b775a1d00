"""Intervals as days of the local clock: which day, which slot of it, and of which kind the day is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

import numpy as np

from meters.domain.decimals import IntArray

WEEKDAY, SATURDAY, SUNDAY, HOLIDAY = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class LocalDays:
    """t intervals of `interval_minutes`. day: int64 (t,), ordinals of the local clock's days; slot: int64
    (t,), the interval of that day by the clock, so that both passes of a repeated hour share theirs.

    first_day: the ordinal of kinds[0]; kinds: int64 (d,), of every day from the first to the last.
    """

    interval_minutes: int
    day: IntArray
    slot: IntArray
    first_day: int
    kinds: IntArray

    @property
    def slots(self) -> int:
        """Slots of an ordinary day."""
        return 1440 // self.interval_minutes


def local_days(
    starts_at: datetime,
    interval_minutes: int,
    count: int,
    zone: tzinfo,
    is_holiday: Callable[[date], bool] = lambda _day: False,
) -> LocalDays:
    """The local days of `count` intervals from `starts_at` on. A holiday is one whatever weekday it is."""
    first = int(starts_at.timestamp()) // 60
    minutes = first + interval_minutes * np.arange(count, dtype=np.int64)
    local = minutes + _offsets(minutes, zone)
    day = local // 1440
    ordinals = day + date(1970, 1, 1).toordinal()
    slot = (local - day * 1440) // interval_minutes
    if not count:
        return LocalDays(interval_minutes, ordinals, slot, 0, np.zeros(0, dtype=np.int64))
    span = range(int(ordinals[0]), int(ordinals[-1]) + 1)
    kinds = np.array([day_kind(date.fromordinal(one), is_holiday) for one in span], dtype=np.int64)
    return LocalDays(interval_minutes, ordinals, slot, span.start, kinds)


def day_kind(day: date, is_holiday: Callable[[date], bool]) -> int:
    """WEEKDAY, SATURDAY, SUNDAY or HOLIDAY."""
    if is_holiday(day):
        return HOLIDAY
    return {5: SATURDAY, 6: SUNDAY}.get(day.weekday(), WEEKDAY)


def _offsets(minutes: IntArray, zone: tzinfo) -> IntArray:
    """int64 (t,): the zone's offset at each epoch minute. Asked for once a UTC day where the day has one
    offset, else minute by minute."""
    days = minutes // 1440
    edges = (
        {day: _offset(day * 1440, zone) for day in range(int(days[0]), int(days[-1]) + 2)}
        if days.size
        else {}
    )
    found = np.array([edges[day] for day in days.tolist()], dtype=np.int64)
    for day in [day for day in edges if day + 1 in edges and edges[day] != edges[day + 1]]:
        for place in np.flatnonzero(days == day).tolist():
            found[place] = _offset(int(minutes[place]), zone)
    return found


def _offset(minute: int, zone: tzinfo) -> int:
    instant = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
    offset = instant.utcoffset()
    assert offset is not None, "a named zone has an offset"
    return int(offset / timedelta(minutes=1))
