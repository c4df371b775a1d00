"""The rows of one MSCONS position: blocks where their periods lie on a day's grid, consumption where they do
not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.accumulated import Consumption
from meters.domain.blocks import Block
from meters.domain.decimals import MISSING, IntArray, ValueFault, decimal_text
from meters.domain.local_clock import DAY
from meters.domain.problems import Problem
from meters.domain.units import Unit
from meters.feeds.format import Item
from meters.feeds.mscons.days import Days
from meters.feeds.mscons.order import put_right
from meters.feeds.mscons.rows import NONE, Columns
from meters.feeds.mscons.times import moment


@dataclass(frozen=True, slots=True)
class Position:
    """What a position is of: the channel of a service point, with the standard time of its days."""

    service_point: str
    channel: str
    unit: Unit
    direction: str
    offset_minutes: int


def finish(
    position: Position, columns: Columns, whole: tuple[int, int] | None, number: int
) -> Iterator[Item]:
    """Problems by segment, then what was read: a block a day, or a consumption a period.

    `whole` is the period of the series in UTC seconds, None where it is not told, and `number` the segment of
    its LIN. A day for which every
    interval is told, be it as missing, is replaced; any other is added to.
    """
    problems: list[Problem] = []
    put = put_right(columns, whole, position.offset_minutes) if whole is not None else None
    if put is not None:
        problems.append(put)
    lengths = _lengths(columns)
    if whole is not None:
        problems += _outside(columns, whole, number)
    grid = (lengths > 0) & (lengths < DAY) & (lengths % 60 == 0) & (DAY % np.maximum(lengths, 1) == 0)
    _fault_negatives(position, columns, np.flatnonzero(grid & (columns.micro < 0)))
    usual = _commonest(lengths[grid])
    if usual:  # a faulty row takes the day with it in which it begins, whatever its length
        faulty = np.zeros(grid.size, dtype=np.bool_)
        faulty[list(columns.faults)] = True
        lengths = np.where(faulty & ~grid, usual, lengths)
        grid |= faulty
    blocks: dict[date, Block] = {}
    for step in np.unique(lengths[grid]).tolist():
        days = Days(position, columns, np.flatnonzero(grid & (lengths == step)), int(step))
        problems += days.problems
        for block in days.blocks():
            if block.day in blocks:
                problems.append(_two_intervals(blocks[block.day], block))
            blocks[block.day] = block
        problems += days.unsaid
    spoiled = {problem.dropped for problem in problems}
    others = np.flatnonzero(~grid)
    problems += _left_out(columns, others)
    yield from sorted(problems, key=lambda problem: problem.line or 0)
    yield from (block for _day, block in sorted(blocks.items()) if block.key not in spoiled)
    yield from _periods(position, columns, lengths, others)


def _outside(columns: Columns, whole: tuple[int, int], number: int) -> Iterator[Problem]:
    """Values that lie outside of the period their series tells; they are taken all the same."""
    outside = np.flatnonzero((columns.starts < whole[0]) | (columns.ends > whole[1]))
    if outside.size:
        line = int(columns.lines[outside[0]])
        words = (
            f"{outside.size} values, the first in segment {line}, lie outside of the period that their "
            "series tells; they were taken with the times they say."
        )
        yield Problem("outside_of_period", words, number)


def _lengths(columns: Columns) -> IntArray:
    """Seconds of each row's period. Where only one end is said, the others' commonest length stands for it,
    and the instants are completed; a row whose length cannot be told or is none at all is faulty."""
    lengths = columns.ends - columns.starts
    half = (columns.starts == NONE) | (columns.ends == NONE)
    if half.any():
        said = np.where(columns.starts == NONE, columns.ends, columns.starts)
        between = np.diff(np.sort(said))
        step = _commonest(lengths[~half & (lengths > 0)]) or _commonest(between[between > 0]) or 0
        columns.starts[:] = np.where(columns.starts == NONE, columns.ends - step, columns.starts)
        columns.ends[:] = np.where(columns.ends == NONE, columns.starts + step, columns.ends)
        lengths = np.where(half, step, lengths)
    for row in np.flatnonzero(lengths <= 0).tolist():
        if half[row]:
            message = "Only one end of its period is said, and no other value tells how long it is."
        elif lengths[row]:
            message = f"Its period ends {-int(lengths[row]) // 60} minutes before it begins."
        else:
            message = "Its period has no length."
        columns.faults.setdefault(row, ("no_interval", message))
    return lengths


def _fault_negatives(position: Position, columns: Columns, rows: npt.NDArray[np.intp]) -> None:
    """In an interval a value below zero is none: direction is told by the channel."""
    for row in rows.tolist():
        if columns.micro[row] != MISSING:
            text = decimal_text(int(columns.micro[row]), position.unit.decimals)
            fault = ValueFault(row, "negative_value", text)
            columns.faults.setdefault(row, (fault.code, fault.message))


def _commonest(lengths: IntArray) -> int | None:
    if not lengths.size:
        return None
    sizes, counts = np.unique(lengths, return_counts=True)
    return int(sizes[np.argmax(counts)])


def _two_intervals(earlier: Block, later: Block) -> Problem:
    words = (
        f"The day {later.day} comes every {earlier.interval_minutes} minutes and every "
        f"{later.interval_minutes}; it is left out."
    )
    return Problem("interval_misfit", words, later.line, dropped=later.key)


def _left_out(columns: Columns, rows: npt.NDArray[np.intp]) -> Iterator[Problem]:
    """Values of periods that are not taken."""
    for row in rows.tolist():
        if row in columns.faults:
            code, message = columns.faults[row]
            yield Problem(code, f"{message} The value is left out.", int(columns.lines[row]))
        elif columns.micro[row] == MISSING:
            words = "The value of this period is marked as missing or not usable."
            yield Problem("no_value", words, int(columns.lines[row]))


def _periods(
    position: Position, columns: Columns, lengths: IntArray, rows: npt.NDArray[np.intp]
) -> Iterator[Consumption]:
    """Values over periods that are no interval of a day's grid."""
    for row in rows.tolist():
        if row in columns.faults or columns.micro[row] == MISSING:
            continue
        starts = int(columns.starts[row])
        yield Consumption(
            service_point=position.service_point,
            channel=position.channel,
            unit=position.unit,
            direction=position.direction,
            starts_at=moment(starts, position.offset_minutes),
            ends_before=moment(starts + int(lengths[row]), position.offset_minutes),
            micro=int(columns.micro[row]),
            quality=int(columns.quality[row]),
            line=int(columns.lines[row]),
        )
