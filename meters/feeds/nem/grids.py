"""300 records as matrices: their values, days and flags, many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Remark
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import IntArray
from meters.domain.plain_decimals import plain_micro
from meters.domain.quality import Quality
from meters.feeds.nem.days import FIELDS_BEHIND, whole_day
from meters.feeds.nem.lines import AFTER_A_DAY, COMMA, DAY_RECORD, THREE_BYTES, Lines
from meters.feeds.nem.records import FLAGS

Codes = npt.NDArray[np.int16]
Said = tuple[int, tuple[Remark, ...]]
"""A day's quality, and what else is said of it."""

_CODES: Codes = np.zeros(256, dtype=np.int16)
for _flag in "AEFS":
    _CODES[ord(_flag)] = int(FLAGS[_flag])
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NO_SHAPE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """300 records of one length and unit, whose values could be read: values int64 (r, n), ordinals int64
    (r,), quality int16 (r,), numbers int64 (r,) of the lines."""

    values: IntArray
    ordinals: IntArray
    quality: Codes
    numbers: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Of each line (l,): grid, which of the grids holds its values, -1 where they could not be read; row,
    where in it. Where they could, tail, where what is behind them begins; and, 0 where it is not so: ordinal,
    its day; quality, where nothing but that is said of a plain day; mark, where flag, reason code and words
    of another plain day end."""

    lines: Lines
    grids: list[Grid]
    grid: IntArray
    row: IntArray
    tail: IntArray
    ordinal: IntArray
    quality: Codes
    mark: IntArray

    def said(self, place: int, mark: int, count: int) -> Said | None:
        """Quality and remarks of a day that says more; None where it is to be read with care."""
        return _said(self.lines.text[self.tail[place] : mark], count) if mark else None


@lru_cache(maxsize=4096)
def _said(tail: bytes, count: int) -> Said | None:
    """Quality and remarks of flag, reason code and words; None where they are not plain."""
    said = whole_day(tail.decode("ascii").split(","), count)
    if said is None or said[0] in (None, Quality.MISSING):
        return None
    return int(said[0]), said[1]


def days_of(lines: Lines) -> Days:
    """Every clean 300 record of a known channel whose values can be read."""
    shapes = [stream and (stream.count, stream.unit.exponent) for stream in lines.streams]
    known = sorted({shape for shape in shapes if shape})
    shape_of = np.array([known.index(shape) if shape else _NO_SHAPE for shape in shapes])[lines.of]
    shape_of[~lines.clean | (lines.heads != DAY_RECORD)] = _NO_SHAPE
    grid, row, tail, ordinal, mark = (np.zeros(lines.starts.size, dtype=np.int64) for _each in range(5))
    grid[:] = -1
    days = Days(lines, [], grid, row, tail, ordinal, np.zeros(lines.starts.size, dtype=np.int16), mark)
    for place, (count, exponent) in enumerate(known):
        _read_days(days, np.flatnonzero(shape_of == place), count, exponent)
    followed_well = np.isin(lines.heads[1:] & THREE_BYTES, AFTER_A_DAY)  # of the last line nobody knows
    days.quality[:-1][~followed_well] = days.quality[-1] = 0
    days.mark[:-1][~followed_well] = days.mark[-1] = 0
    return days


def _read_days(days: Days, places: IntArray, count: int, exponent: int) -> None:
    """Put what 300 records of one length and unit say into `days`."""
    lines = days.lines
    first = np.searchsorted(lines.commas, lines.starts[places])
    fields = np.searchsorted(lines.commas, lines.ends[places]) - first + 1
    enough = fields >= count + 3  # 300, the date, the values, the flag
    places, first, fields = places[enough], first[enough], fields[enough]
    commas = lines.commas[(first + 1)[:, None] + np.arange(count + 1)]
    values, sound = plain_micro(lines.text, commas[:, :-1] + 1, commas[:, 1:], exponent)
    read = sound.all(axis=1)
    if not read.all():
        places, first, fields = places[read], first[read], fields[read]
        commas, values = commas[read], values[read]
    tails = commas[:, -1] + 1
    ordinals = _ordinals(lines, lines.starts[places] + 4, commas[:, 0])
    plain = (ordinals > 0) & (fields <= count + 2 + FIELDS_BEHIND)
    quality = np.where(plain, _bare_flags(lines, tails, lines.ends[places]), 0)
    third = np.where(plain & (fields >= count + 6), first + count + 4, 0)
    days.grid[places], days.row[places] = len(days.grids), np.arange(places.size)
    days.tail[places], days.ordinal[places], days.quality[places] = tails, ordinals, quality
    days.mark[places] = np.where(third > 0, lines.commas[third], 0)
    days.grids.append(Grid(values, ordinals, quality, lines.numbers[places]))


def _bare_flags(lines: Lines, tails: IntArray, ends: IntArray) -> Codes:
    """The quality where a flag stands alone: no method, no reason code, no words; else 0."""
    quality = _CODES[lines.buffer[tails]]
    for behind in (1, 2, 3):
        quality[(tails + behind < ends) & (lines.buffer[tails + behind] != COMMA)] = 0
    return quality


def _ordinals(lines: Lines, starts: IntArray, ends: IntArray) -> IntArray:
    """The days of eight digits at `starts`, as date.toordinal counts them; 0 where they are none."""
    digits = lines.buffer[starts[:, None] + np.arange(8)].astype(np.int64) - ord("0")
    fine = (ends - starts == 8) & ((digits >= 0) & (digits <= 9)).all(axis=1)
    powers = np.array([1000, 100, 10, 1], dtype=np.int64)
    year, month, day = digits[:, :4] @ powers, digits[:, 4:6] @ powers[2:], digits[:, 6:] @ powers[2:]
    fine &= (year >= FIRST_YEAR) & (year < LAST_YEAR) & (month >= 1) & (month <= 12)
    months = np.where(fine, (year - 1970) * 12 + month - 1, 0)
    begins, ends_before = (
        (months + later).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for later in (0, 1)
    )
    fine &= (day >= 1) & (day <= ends_before - begins)
    return np.where(fine, begins + day - 1 + _EPOCH_DAY, 0)
