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

BoolArray = npt.NDArray[np.bool_]

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


def to_instants(stamps: IntArray, zone: ZoneInfo) -> tuple[IntArray, BoolArray]:
    """The instants of one channel's stamps in file order, and which stamps the clock never showed.

    In the repeated hour of autumn the order of the file decides: the first pass is the earlier, and from the
    first stamp that does not go forward the second. A file that runs backwards is read backwards. A stamp
    inside the gap of spring gets the instant it would have had without the change, so that its day can be
    told.
    """
    backwards = np.array([stamps.size > 0 and stamps[0] > stamps[-1]])
    return many_to_instants(stamps, np.zeros(stamps.size, dtype=np.int64), backwards, zone)


def many_to_instants(
    stamps: IntArray, channel: IntArray, backwards: BoolArray, zone: ZoneInfo
) -> tuple[IntArray, BoolArray]:
    """`to_instants` for channels numbered from 0, of which `backwards` says whether they run so. Rows of one
    channel are in file order, wherever other channels' rows stand."""
    days, place = np.unique(stamps // DAY, return_inverse=True)
    begins, ends = (
        np.array([_offset((day + late) * DAY, zone, 0) for day in days.tolist()], dtype=np.int64)
        for late in (0, 1)
    )
    instants = stamps - begins[place]
    never = np.zeros(stamps.size, dtype=np.bool_)
    rows = np.flatnonzero((begins != ends)[place])
    if rows.size:
        shown, at = np.unique(stamps[rows], return_inverse=True)
        first, second = (
            np.array([_offset(stamp, zone, fold) for stamp in shown.tolist()], dtype=np.int64)[at]
            for fold in (0, 1)
        )
        never[rows] = first < second
        late = _in_second_pass(stamps[rows], channel[rows], backwards, first > second)
        instants[rows] = stamps[rows] - np.where(late, second, first)
    return instants, never


def _in_second_pass(
    stamps: IntArray, channel: IntArray, backwards: BoolArray, repeated: BoolArray
) -> BoolArray:
    """Which stamps are the second showing of theirs: of each channel's day, from the first repeated stamp
    that does not go forward."""
    late = np.zeros(stamps.size, dtype=np.bool_)
    rows = np.flatnonzero(repeated)
    if not rows.size:
        return late
    turned = np.where(backwards[channel[rows]], -rows, rows)
    rows = rows[np.lexsort((turned, stamps[rows] // DAY, channel[rows]))]
    day, number = stamps[rows] // DAY, channel[rows]
    fresh = np.ones(rows.size, dtype=np.bool_)
    fresh[1:] = (day[1:] != day[:-1]) | (number[1:] != number[:-1])
    back = np.zeros(rows.size, dtype=np.int64)
    back[1:] = (stamps[rows][1:] <= stamps[rows][:-1]) & ~fresh[1:]
    turns = np.cumsum(back)
    starts = np.flatnonzero(fresh)
    late[rows] = turns > np.repeat(turns[starts], np.diff(np.append(starts, rows.size)))
    return late


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
