"""A local clock's stamps as instants, over both changes of the clock.

Stamps are int64 seconds since 1970 of what the clock showed, instants int64 seconds since 1970 in UTC.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray

DAY = 86_400
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a clock's stamp has no zone
_REFERENCE_YEAR = 2024


@lru_cache(maxsize=256)
def standard_offset_minutes(zone: ZoneInfo) -> int:
    """Minutes from UTC of the zone's standard time: the lesser of January's and July's, in one reference
    year.

    One year for all readings, since a channel's standard time never moves, whatever a state decreed in
    between.
    """
    offsets = []
    for month in (1, 7):
        offset = datetime(_REFERENCE_YEAR, month, 15, 12, tzinfo=zone).utcoffset()
        assert offset is not None, "a named zone has an offset"
        offsets.append(int(offset.total_seconds()) // 60)
    return min(offsets)


def to_instants(stamps: IntArray, zone: ZoneInfo) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """The instants of one channel's stamps in file order, and which stamps the clock never showed.

    In the repeated hour of autumn the order of the file decides: the first pass is the earlier, and from the
    first stamp that does not go forward the second. A file that runs backwards is read backwards. A stamp
    inside the gap of spring gets the instant it would have had without the change, so that its day can be
    told.
    """
    days = stamps // DAY
    unique, place = np.unique(days, return_inverse=True)
    begins = np.array([_offset(int(day) * DAY, zone, 0) for day in unique], dtype=np.int64)
    ends = np.array([_offset(int(day + 1) * DAY, zone, 0) for day in unique], dtype=np.int64)
    instants = stamps - begins[place]
    never = np.zeros(stamps.size, dtype=np.bool_)
    for changed in np.flatnonzero(begins != ends):
        rows = np.flatnonzero(place == changed)
        if stamps[0] > stamps[-1]:
            rows = rows[::-1]
        _walk(stamps, rows, zone, instants, never)
    return instants, never


def _walk(
    stamps: IntArray,
    rows: npt.NDArray[np.intp],
    zone: ZoneInfo,
    instants: IntArray,
    never: npt.NDArray[np.bool_],
) -> None:
    """Settle the rows of one day on which the clock changes, in the order given."""
    second_pass = False
    previous: int | None = None
    for row in rows:
        stamp = int(stamps[row])
        first, second = _offset(stamp, zone, 0), _offset(stamp, zone, 1)
        never[row] = first < second
        if first > second:
            second_pass = second_pass or (previous is not None and stamp <= previous)
            previous = stamp
        instants[row] = stamp - (second if second_pass and first > second else first)


@lru_cache(maxsize=16_384)
def _offset(stamp: int, zone: ZoneInfo, fold: int) -> int:
    """Seconds from UTC when the clock shows `stamp`, the first (fold 0) or second time."""
    shown = (_EPOCH + timedelta(seconds=stamp)).replace(tzinfo=zone, fold=fold)
    offset = shown.utcoffset()
    assert offset is not None, "a named zone has an offset"
    return int(offset.total_seconds())


def clock_text(stamp: int) -> str:
    """What the clock showed, for messages."""
    return f"{_EPOCH + timedelta(seconds=stamp):%Y-%m-%d %H:%M:%S}"
