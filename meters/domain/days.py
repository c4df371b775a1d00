"""Readings with instants, in any order, cut into days of a channel's standard time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.day_grids import EPOCH_DAY, DayGrid, ManyReadings, cut_grids
from meters.domain.decimals import IntArray
from meters.domain.local_clock import DAY

BoolArray = npt.NDArray[np.bool_]
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Readings outside these years are mistakes of a clock or a typist."""


@dataclass(frozen=True, slots=True)
class Readings:
    """One channel's rows: UTC seconds of the interval's start (or end), micro-units, quality codes, line
    numbers.

    `spoiled` marks rows already found faulty; they have an instant, and take their day with them.
    """

    seconds: IntArray
    micro: IntArray
    quality: npt.NDArray[np.uint8]
    lines: IntArray
    spoiled: BoolArray


@dataclass(frozen=True, slots=True)
class Day:
    """One day on its grid."""

    day: date
    interval_minutes: int
    values: IntArray
    quality: int | npt.NDArray[np.uint8]
    line: int


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that does not fit, and the day dropped for it; None where the row alone is left out."""

    line: int
    code: str
    message: str
    day: date | None


@dataclass(slots=True)
class Cut:
    """What became of one channel's rows."""

    days: list[Day] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def usual_step(seconds: IntArray) -> int | None:
    """The commonest distance in seconds between neighbouring readings; None with fewer than two instants."""
    steps = np.diff(np.sort(seconds))
    steps = steps[steps > 0]
    if steps.size == 0:
        return None
    sizes, counts = np.unique(steps, return_counts=True)
    return int(sizes[np.argmax(counts)])


def cut_into_days(readings: Readings, step: int, offset_minutes: int, by_end: bool = False) -> Cut:
    """Days of `offset_minutes` standard time on a grid of `step` seconds (a divisor of a day, in whole
    minutes).

    The rules are those of `meters.domain.day_grids.cut_grids`, for one channel.
    """
    rows = ManyReadings(
        np.zeros(readings.seconds.size, dtype=np.int64),
        readings.seconds,
        readings.micro,
        readings.quality,
        readings.lines,
        readings.spoiled,
    )
    order = rows.order()
    made = cut_grids(
        rows if order is None else rows.chosen(order), np.array([step]), np.array([offset_minutes]), by_end
    )
    days = [day for grid in made.grids for day in _days(grid)]
    days.sort(key=lambda day: day.day)
    faults = [RowFault(fault.line, fault.code, fault.message(step), fault.day) for fault in made.faults]
    return Cut(days, faults)


def day_of(readings: Readings, row: int, offset_minutes: int, by_end: bool) -> date:
    """The standard-time day in which a row's interval lies."""
    second = int(readings.seconds[row]) + offset_minutes * 60 - (1 if by_end else 0)
    return date.fromordinal(EPOCH_DAY + second // DAY)


def _days(grid: DayGrid) -> list[Day]:
    return [
        Day(
            date.fromordinal(int(day)),
            grid.interval_minutes,
            grid.values[row],
            int(grid.quality[row]) if grid.codes is None else grid.codes[row],
            int(grid.lines[row]),
        )
        for row, day in enumerate(grid.day)
    ]
