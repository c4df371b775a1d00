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

import numpy as np

from meters.domain.blocks import Block, BlockRun
from meters.domain.decimals import IntArray
from meters.feeds.nem.grids import Days, Grid, Said, days_of
from meters.feeds.nem.lines import CHANNEL_RECORD, lines_of
from meters.feeds.nem.records import OFFSET_MINUTES
from meters.feeds.nem.streams import Stream


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
    days = days_of(lines)
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
            yield number, known if is_named and known else _line(days, begin)
        elif length > 1:
            yield number, _run(days.grids[grid], known, slice(row, row + length))
        else:
            said = (quality, ()) if quality else days.said(begin, mark, known.count)
            if said:
                yield number, _block(known, ordinal, days.grids[grid].values[row], said, number)
            else:
                yield number, _line(days, begin)


def _run(grid: Grid, stream: Stream, rows: slice) -> BlockRun:
    return BlockRun(
        stream.nmi,
        stream.suffix,
        stream.unit,
        stream.direction,
        OFFSET_MINUTES,
        grid.ordinals[rows],
        grid.values[rows],
        grid.quality[rows],
        True,
        grid.numbers[rows],
    )


def _block(stream: Stream, ordinal: int, values: IntArray, said: Said, number: int) -> Block:
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


def _line(days: Days, place: int) -> Line:
    lines, end = days.lines, int(days.lines.ends[place])
    raw = lines.text[int(lines.starts[place]) : end]
    if days.grid[place] < 0:
        return Line(raw)
    return Line(raw, days.grids[days.grid[place]].values[days.row[place]], lines.text[days.tail[place] : end])
