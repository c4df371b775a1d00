"""Many NEM12 records at once: plain days as blocks and runs of blocks, everything else as lines to be read
with care.

A 300 record is plain where it is ASCII without quotes, its day is a date, its values are plain decimals in
the number its 200 record asks for, its flag is A, E, F or S, and no 400 or 500 record follows. What is not
plain loses nothing but time: it is handed on as the line it is, with its values where those at least could be
read. So this file decides how fast a file is read, never what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, BlockRun, Remark
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import IntArray
from meters.domain.plain_decimals import plain_micro
from meters.domain.quality import Quality
from meters.feeds.nem_days import FIELDS_BEHIND, Stream, whole_day
from meters.feeds.nem_lines import (
    AFTER_A_DAY,
    CHANNEL_RECORD,
    COMMA,
    DAY_RECORD,
    THREE_BYTES,
    Lines,
    lines_of,
)
from meters.feeds.nem_records import FLAGS, OFFSET_MINUTES

Codes = npt.NDArray[np.int16]

_CODES: Codes = np.zeros(256, dtype=np.int16)
for _flag in "AEFS":
    _CODES[ord(_flag)] = int(FLAGS[_flag])
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Line:
    """A record to be read with care. `values` are those of a 300 record, millionths, where they could be read
    already, and `tail` the bytes behind them."""

    raw: bytes
    values: IntArray | None = None
    tail: bytes = b""


Piece = Block | BlockRun | Stream | Line


def pieces(first: int, data: bytes, stream: Stream | None) -> Iterator[tuple[int, Piece]]:
    """(number of its first line, what it is) of the records of whole lines, in their order, without the blank
    ones: a channel that begins, plain days of it, or a line.

    `first` is the number of the first line; `stream` the channel it belongs to, None where there is none.
    """
    lines = lines_of(first, data, stream)
    if not lines.starts.size:
        return
    days = _days(lines)
    bare = days.quality > 0
    apart = np.ones(lines.starts.size, dtype=np.bool_)  # where something new begins
    apart[1:] = ~(bare[1:] & bare[:-1]) | (np.diff(lines.of) != 0) | (np.diff(days.ordinal) <= 0)
    begins = np.flatnonzero(apart)
    named = lines.heads == CHANNEL_RECORD
    told = (lines.numbers, lines.of, named, days.quality, days.mark, days.ordinal, days.grid, days.row)
    columns = (each[begins].tolist() for each in told)
    lengths = np.diff(begins, append=apart.size).tolist()
    for begin, length, number, place, is_named, quality, mark, ordinal, grid, row in zip(
        begins.tolist(), lengths, *columns, strict=True
    ):
        known = lines.streams[place]
        if known is None or grid < 0:
            yield number, known if is_named and known else days.line(begin)
        elif length > 1:
            yield number, days.grids[grid].run(known, row, length)
        else:
            said = (quality, ()) if quality else days.said(begin, mark, known.count)
            yield (
                number,
                _block(known, ordinal, days.grids[grid].values[row], said, number)
                if said
                else (days.line(begin)),
            )


def _block(
    stream: Stream, ordinal: int, values: IntArray, said: tuple[int, tuple[Remark, ...]], number: int
) -> Block:
    return Block(
        stream.nmi,
        stream.suffix,
        stream.unit,
        stream.direction,
        OFFSET_MINUTES,
        date.fromordinal(ordinal),
        stream.interval_minutes,
        values,
        said[0],
        True,
        number,
        said[1],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """300 records of one length and unit, whose values could be read: values int64 (r, n), ordinals int64
    (r,), quality int16 (r,), numbers int64 (r,) of the lines."""

    values: IntArray
    ordinals: IntArray
    quality: Codes
    numbers: IntArray

    def run(self, stream: Stream, row: int, length: int) -> BlockRun:
        rows = slice(row, row + length)
        return BlockRun(
            stream.nmi,
            stream.suffix,
            stream.unit,
            stream.direction,
            OFFSET_MINUTES,
            self.ordinals[rows],
            self.values[rows],
            self.quality[rows],
            True,
            self.numbers[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """Of each line (l,): grid, which of the grids holds its values, -1 where they could not be read; row,
    where in it. Where they could, tail, where what is behind them begins; and, 0 where it is not so: ordinal,
    its day; quality, where nothing but that is said of a plain day; mark, where flag, reason code and words
    of another plain day end."""

    lines: Lines
    grids: list[_Grid]
    grid: IntArray
    row: IntArray
    tail: IntArray
    ordinal: IntArray
    quality: Codes
    mark: IntArray

    def said(self, place: int, mark: int, count: int) -> tuple[int, tuple[Remark, ...]] | None:
        """Quality and remarks of a day that says more; None where it is to be read with care."""
        return _said(self.lines.text[self.tail[place] : mark], count) if mark else None

    def line(self, place: int) -> Line:
        """The line as it is."""
        lines, end = self.lines, int(self.lines.ends[place])
        raw = lines.text[int(lines.starts[place]) : end]
        if self.grid[place] < 0:
            return Line(raw)
        return Line(
            raw, self.grids[self.grid[place]].values[self.row[place]], lines.text[self.tail[place] : end]
        )


@lru_cache(maxsize=4096)
def _said(tail: bytes, count: int) -> tuple[int, tuple[Remark, ...]] | None:
    """Quality and remarks of flag, reason code and words; None where they are not plain."""
    said = whole_day(tail.decode("ascii").split(","), count)
    if said is None or said[0] in (None, Quality.MISSING):
        return None
    return int(said[0]), said[1]


_NO_SHAPE = -1


def _days(lines: Lines) -> _Days:
    """Every clean 300 record of a known channel whose values can be read."""
    shapes = [stream and (stream.count, stream.unit.exponent) for stream in lines.streams]
    known = sorted({shape for shape in shapes if shape})
    shape_of = np.array([known.index(shape) if shape else _NO_SHAPE for shape in shapes])[lines.of]
    shape_of[~lines.clean | (lines.heads != DAY_RECORD)] = _NO_SHAPE
    grid, row, tail, ordinal, mark = (np.zeros(lines.starts.size, dtype=np.int64) for _each in range(5))
    grid[:] = -1
    days = _Days(lines, [], grid, row, tail, ordinal, np.zeros(lines.starts.size, dtype=np.int16), mark)
    for place, (count, exponent) in enumerate(known):
        _read_days(days, np.flatnonzero(shape_of == place), count, exponent)
    followed_well = np.isin(lines.heads[1:] & THREE_BYTES, AFTER_A_DAY)  # of the last line nobody knows
    days.quality[:-1][~followed_well] = days.quality[-1] = 0
    days.mark[:-1][~followed_well] = days.mark[-1] = 0
    return days


def _read_days(days: _Days, places: IntArray, count: int, exponent: int) -> None:
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
    days.mark[places] = np.where(third > 0, lines.commas[third] if lines.commas.size else 0, 0)
    days.grids.append(_Grid(values, ordinals, quality, lines.numbers[places]))


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
    thousands = np.array([1000, 100, 10, 1], dtype=np.int64)
    year, month, day = (
        digits[:, :4] @ thousands,
        digits[:, 4:6] @ thousands[2:],
        digits[:, 6:] @ thousands[2:],
    )
    fine &= (year >= FIRST_YEAR) & (year < LAST_YEAR) & (month >= 1) & (month <= 12)
    months = np.where(fine, (year - 1970) * 12 + month - 1, 0)
    begins, ends_before = (
        (months + later).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for later in (0, 1)
    )
    fine &= (day >= 1) & (day <= ends_before - begins)
    return np.where(fine, begins + day - 1 + _EPOCH_DAY, 0)
