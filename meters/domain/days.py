"""Readings with instants, in any order, cut into days of a channel's standard time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import one_code
from meters.domain.decimals import MISSING, IntArray
from meters.domain.local_clock import DAY

BoolArray = npt.NDArray[np.bool_]
FIRST_YEAR, LAST_YEAR = 1970, 2200
"""Readings outside these years are mistakes of a clock or a typist."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()


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

    With `by_end` a row's instant is the end of its interval. A whole day at another regular interval keeps
    that one. A row off the grid, or two different values for one interval, spoil their day; the same reading
    said twice only loses its second row. Empty days are not made.
    """
    sound = np.flatnonzero(~readings.spoiled)
    order = sound[np.argsort(readings.seconds[sound], kind="stable")]
    moved = readings.seconds[order] + offset_minutes * 60
    day = (moved - 1 if by_end else moved) // DAY
    within = moved - day * DAY
    cut = Cut()
    kept = _without_repeats(readings, order, day, cut)
    order, day, within = order[kept], day[kept], within[kept]
    first = np.flatnonzero(np.diff(day, prepend=day[0] - 1)) if day.size else np.zeros(0, dtype=np.intp)
    steps = np.repeat(_steps_by_day(within, first, step), np.diff(np.append(first, day.size)))
    off_grid = within % steps != 0
    for row in order[off_grid]:
        cut.faults.append(
            _off_grid(readings, int(row), step, day_of(readings, int(row), offset_minutes, by_end))
        )
    spoiled_rows = np.flatnonzero(readings.spoiled)
    spoiled_by = [day_of(readings, int(row), offset_minutes, by_end) for row in spoiled_rows]
    spoiled_by += [fault.day for fault in cut.faults if fault.day is not None]
    good = ~np.isin(day, [spoiled.toordinal() - _EPOCH_DAY for spoiled in spoiled_by])
    for size in np.unique(steps[good]):
        chosen = good & (steps == size)
        slots = within[chosen] // size - (1 if by_end else 0)
        cut.days.extend(_grid(readings, order[chosen], day[chosen], slots, int(size)))
    cut.days.sort(key=lambda made: made.day)
    return cut


def day_of(readings: Readings, row: int, offset_minutes: int, by_end: bool) -> date:
    """The standard-time day in which a row's interval lies."""
    second = int(readings.seconds[row]) + offset_minutes * 60 - (1 if by_end else 0)
    return date.fromordinal(_EPOCH_DAY + second // DAY)


def _without_repeats(readings: Readings, order: npt.NDArray[np.intp], day: IntArray, cut: Cut) -> BoolArray:
    """Which of the ordered rows to keep; repeated instants are reported, in `cut.faults`."""
    kept = np.ones(order.size, dtype=np.bool_)
    seconds = readings.seconds[order]
    first = 0
    for place in np.flatnonzero(np.diff(seconds) == 0) + 1:
        if seconds[first] != seconds[place]:
            first = int(place) - 1
        earlier, later = int(order[first]), int(order[place])
        same = (readings.micro[earlier], readings.quality[earlier]) == (
            readings.micro[later],
            readings.quality[later],
        )
        lines = int(readings.lines[earlier]), int(readings.lines[later])
        kept[place] = False
        if same:
            message = f"The reading of line {lines[0]} stands here a second time; it is counted once."
            cut.faults.append(RowFault(lines[1], "repeated_reading", message, None))
        else:
            dropped = date.fromordinal(_EPOCH_DAY + int(day[place]))
            message = (
                f"Line {lines[0]} has another value for the same interval; the day {dropped} is left out."
            )
            cut.faults.append(RowFault(lines[1], "conflicting_readings", message, dropped))
    return kept


def _steps_by_day(within: IntArray, first: npt.NDArray[np.intp], step: int) -> IntArray:
    """The step of each day: the usual one, or another where the day is whole on it."""
    counts = np.diff(np.append(first, within.size))
    if not within.size or (counts * step == DAY).all():
        return np.full(first.size, step, dtype=np.int64)
    common = np.gcd.reduceat(within, first)
    whole = (common > 0) & (common % 60 == 0) & (counts * common == DAY)
    return np.where(whole, common, step)


def _off_grid(readings: Readings, row: int, step: int, day: date) -> RowFault:
    message = f"The time is not on the channel's grid of {step // 60} minutes; the day {day} is left out."
    return RowFault(int(readings.lines[row]), "off_grid", message, day)


def _grid(
    readings: Readings, rows: npt.NDArray[np.intp], day: IntArray, slots: IntArray, step: int
) -> Iterator[Day]:
    """Rows of days that share a step, as one matrix, a day at a time."""
    days, place = np.unique(day, return_inverse=True)
    values = np.full((days.size, DAY // step), MISSING, dtype=np.int64)
    values[place, slots] = readings.micro[rows]
    codes = np.flatnonzero(np.bincount(readings.quality[rows]))
    qualities = np.zeros(values.shape, dtype=np.uint8)
    if codes.size > 1:
        qualities[place, slots] = readings.quality[rows]
    first_rows = np.flatnonzero(np.diff(place, prepend=-1))
    held = (values != MISSING).any(axis=1)
    for index, number in enumerate(days.tolist()):
        if not held[index]:
            continue
        made = values[index]
        quality = int(codes[0]) if codes.size == 1 else one_code(qualities[index], made)
        line = int(readings.lines[rows[first_rows[index]]])
        yield Day(date.fromordinal(_EPOCH_DAY + number), step // 60, made, quality, line)
