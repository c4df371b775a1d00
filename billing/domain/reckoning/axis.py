"""From local dates to instants and back: which local day and which clock minute each interval begins in.

A bill period is local [date, date) turned into UTC instants; an interval belongs to the day of its start,
so half-open periods never count one twice. Days of 23 and 25 hours need no code of their own (EXPLAIN A3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from billing.domain.reckoning.days import Period

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_minute(instant: datetime) -> int:
    """Whole minutes since 1970 in UTC."""
    return (instant - _EPOCH) // timedelta(minutes=1)


def instant_of(minute: int) -> datetime:
    return _EPOCH + timedelta(minutes=minute)


def day_starts_at(day: date, timezone: str) -> datetime:
    """The UTC instant at which a local day begins: where there is no midnight, the first instant after."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def local_date(instant: datetime, timezone: str) -> date:
    return instant.astimezone(ZoneInfo(timezone)).date()


@dataclass(frozen=True, eq=False)
class Axis:
    """The intervals that begin in ``period``, local to ``timezone``. One object each, compared by identity.

    first_minute: epoch minute of the first interval. day_index: int32 (intervals,), day of the period from 0.
    clock_minute: int16 (intervals,), local minute of the day at which the interval begins.
    repeated: bool (intervals,), begins in the second pass through a time that the clock shows twice.
    """

    timezone: str
    interval_minutes: int
    period: Period
    first_minute: int
    day_index: npt.NDArray[np.int32]
    clock_minute: npt.NDArray[np.int16]
    repeated: npt.NDArray[np.bool_]

    @property
    def size(self) -> int:
        return int(self.day_index.size)

    @property
    def minutes(self) -> npt.NDArray[np.int64]:
        """Epoch minutes at which the intervals begin: int64 (intervals,)."""
        return self.first_minute + np.arange(self.size, dtype=np.int64) * self.interval_minutes

    def starts_at(self, index: int) -> datetime:
        return instant_of(self.first_minute + index * self.interval_minutes)


def axis_of(timezone: str, interval_minutes: int, phase_minute: int, period: Period) -> Axis:
    """The axis of readings that begin at ``phase_minute`` + k x interval (epoch minutes). Cached."""
    return _axis(timezone, interval_minutes, phase_minute % interval_minutes, period)


@lru_cache(maxsize=256)
def _axis(timezone: str, interval: int, phase: int, period: Period) -> Axis:
    zone = ZoneInfo(timezone)
    days = [*period.dates(), period.ends_before]
    midnights = np.array([epoch_minute(day_starts_at(day, timezone)) for day in days], dtype=np.int64)
    # First interval at or after each midnight; a day with fewer than none stays empty.
    firsts = (midnights - phase + interval - 1) // interval
    day_index = np.repeat(np.arange(period.days, dtype=np.int32), np.diff(firsts))
    first_minute = int(firsts[0]) * interval + phase
    minutes = first_minute + np.arange(day_index.size, dtype=np.int64) * interval
    offsets, repeated = _offsets(zone, midnights, minutes, day_index)
    for array in (day_index, repeated):
        array.flags.writeable = False
    clock = (minutes + offsets) % 1440
    clock_minute = clock.astype(np.int16)
    clock_minute.flags.writeable = False
    return Axis(timezone, interval, period, first_minute, day_index, clock_minute, repeated)


def _offsets(
    zone: ZoneInfo,
    midnights: npt.NDArray[np.int64],
    minutes: npt.NDArray[np.int64],
    day_index: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Minutes east of UTC at each interval, and whether the clock shows that time for the second time.

    Asked once a day, and one by one on days when the clock changes.
    """
    at_midnight = np.array([_offset(zone, int(minute))[0] for minute in midnights], dtype=np.int64)
    offsets = at_midnight[day_index]
    repeated = np.zeros(day_index.size, dtype=bool)
    for day in np.flatnonzero(np.diff(at_midnight)):
        for index in np.flatnonzero(day_index == day):
            offsets[index], repeated[index] = _offset(zone, int(minutes[index]))
    return offsets, repeated


def _offset(zone: ZoneInfo, minute: int) -> tuple[int, bool]:
    local = instant_of(minute).astimezone(zone)
    offset = local.utcoffset()
    assert offset is not None
    return int(offset / timedelta(minutes=1)), local.fold == 1


def clock_instants(
    day: date, timezone: str, clock_minute: npt.NDArray[np.int16], repeated: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Epoch minutes at which the clock shows these minutes on a day; `repeated`: for the second time, if it
    does. A time that the clock leaves out is read by what it showed before."""
    starts, ends = (day_starts_at(one, timezone) for one in (day, day + timedelta(days=1)))
    if ends - starts == timedelta(days=1):
        return epoch_minute(starts) + clock_minute.astype(np.int64)
    zone = ZoneInfo(timezone)
    found = [
        datetime(day.year, day.month, day.day, minute // 60, minute % 60, fold=int(again), tzinfo=zone)
        for minute, again in zip(clock_minute.tolist(), repeated.tolist(), strict=True)
    ]
    return np.array([epoch_minute(at.astimezone(UTC)) for at in found], dtype=np.int64)
