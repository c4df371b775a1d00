"""Readings with instants, in any order, cut into days of their channels' standard times.

Many channels at once, without a step of Python a channel or a day: a daily file of every meter of a utility
has as many of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.local_clock import DAY
from meters.domain.quality import Quality

BoolArray = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]
EPOCH_DAY = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class ManyReadings:
    """Rows of channels numbered from 0. UTC seconds of the interval's start
    (or end), micro-units, quality codes, line numbers.

    `spoiled` marks rows already found faulty; they have an instant, and take their day with them.
    """

    channel: IntArray
    seconds: IntArray
    micro: IntArray
    quality: Codes
    lines: IntArray
    spoiled: BoolArray

    def chosen(self, rows: npt.NDArray[np.intp] | BoolArray) -> ManyReadings:
        """Some of the rows."""
        return ManyReadings(
            self.channel[rows],
            self.seconds[rows],
            self.micro[rows],
            self.quality[rows],
            self.lines[rows],
            self.spoiled[rows],
        )

    def order(self) -> npt.NDArray[np.intp] | None:
        """The places of the rows by channel and instant, of one instant in the order given; None where they
        are in order."""
        step = np.diff(self.channel)
        if ((step > 0) | ((step == 0) & (np.diff(self.seconds) >= 0))).all():
            return None
        return np.lexsort((self.seconds, self.channel))


@dataclass(frozen=True, slots=True, eq=False)
class DayGrid:
    """Days of one interval length, by channel and day. channel, day (ordinals), lines (of a day's first
    reading): int64 (r,). values: int64 (r, n), MISSING in holes.

    quality: int16 (r,), one code a day; where `codes`, uint8 (r, n) with MISSING in holes, tells it, of no
    meaning.
    """

    channel: IntArray
    day: IntArray
    values: IntArray
    quality: npt.NDArray[np.int16]
    codes: Codes | None
    lines: IntArray

    @property
    def interval_minutes(self) -> int:
        return 1440 // int(self.values.shape[1])


@dataclass(frozen=True, slots=True)
class CutFault:
    """A row that does not fit. code: repeated_reading, conflicting_readings or off_grid; `day` is the one
    dropped for it, None where the row alone is left out; `first_line` is where the interval stood before."""

    channel: int
    line: int
    code: str
    day: date | None
    first_line: int | None = None

    def message(self, step: int) -> str:
        """A sentence for a person. `step`, in seconds, is the channel's."""
        if self.code == "repeated_reading":
            return f"The reading of line {self.first_line} stands here a second time; it is counted once."
        left_out = f"the day {self.day} is left out."
        if self.code == "conflicting_readings":
            return f"Line {self.first_line} has another value for the same interval; {left_out}"
        return f"The time is not on the channel's grid of {step // 60} minutes; {left_out}"


@dataclass(frozen=True, slots=True)
class CutGrids:
    """What became of the rows. Faults by channel, those of repeated instants first."""

    grids: list[DayGrid]
    faults: list[CutFault]


def usual_steps(rows: ManyReadings, channels: int) -> IntArray:
    """For each channel the commonest distance in seconds between neighbouring sound readings, the least of
    several; 0 with fewer than two instants. The rows are in order."""
    sound = ~rows.spoiled
    channel, seconds = rows.channel[sound], rows.seconds[sound]
    step = np.diff(seconds)
    kept = (np.diff(channel) == 0) & (step > 0)
    channel, step = channel[1:][kept], step[kept]
    found = np.zeros(channels, dtype=np.int64)
    if not step.size:
        return found
    sizes, counts = np.unique(step, return_counts=True)
    usual = int(sizes[np.argmax(counts)])
    total = np.bincount(channel, minlength=channels)
    agreeing = np.bincount(channel[step == usual], minlength=channels)
    found[agreeing * 2 > total] = usual
    for doubtful in np.flatnonzero((total > 0) & (agreeing * 2 <= total)).tolist():
        first, last = np.searchsorted(channel, [doubtful, doubtful + 1])
        sizes, counts = np.unique(step[first:last], return_counts=True)
        found[doubtful] = sizes[np.argmax(counts)]
    return found


def cut_grids(rows: ManyReadings, steps: IntArray, offsets: IntArray, by_end: bool = False) -> CutGrids:
    """Days of each channel's standard time (`offsets`, minutes) on its grid of `steps` seconds (divisors of a
    day, in whole minutes). The rows are in order.

    With `by_end` a row's instant is the end of its interval. A whole day at another regular interval keeps
    that one. A row off the grid, or two different values for one interval, spoil their day; the same reading
    said twice only loses its second row. Empty days are not made.
    """
    day = day_numbers(rows, offsets, by_end)
    spoiled = {(int(rows.channel[row]), int(day[row])) for row in np.flatnonzero(rows.spoiled)}
    sound = ~rows.spoiled
    if not sound.all():
        rows, day = rows.chosen(sound), day[sound]
    kept, faults = _without_repeats(rows, day)
    if not kept.all():
        rows, day = rows.chosen(kept), day[kept]
    within = rows.seconds + offsets[rows.channel] * 60 - day * DAY
    fresh = np.ones(day.size, dtype=np.bool_)
    fresh[1:] = (day[1:] != day[:-1]) | (rows.channel[1:] != rows.channel[:-1])
    first = np.flatnonzero(fresh)
    by_day = _steps_by_day(within, first, steps[rows.channel[first]])
    step = np.repeat(by_day, np.diff(np.append(first, day.size)))
    for row in np.flatnonzero(within % step != 0).tolist():
        dropped = date.fromordinal(EPOCH_DAY + int(day[row]))
        faults.append(CutFault(int(rows.channel[row]), int(rows.lines[row]), "off_grid", dropped))
    spoiled |= {
        (fault.channel, fault.day.toordinal() - EPOCH_DAY) for fault in faults if fault.day is not None
    }
    good = _not_among(rows.channel[first], day[first], spoiled)
    grids: list[DayGrid] = []
    for size in np.unique(by_day[good]).tolist():
        days = good & (by_day == size)
        chosen = np.repeat(days, np.diff(np.append(first, day.size)))
        slots = within[chosen] // size - (1 if by_end else 0)
        place = np.cumsum(fresh[chosen]) - 1
        grids.extend(_grids(rows.chosen(chosen), day[first[days]], place, slots, DAY // size))
    return CutGrids(grids, faults)


def day_numbers(rows: ManyReadings, offsets: IntArray, by_end: bool) -> IntArray:
    """Days since 1970, in standard time, in which the rows' intervals lie."""
    days: IntArray = (rows.seconds + offsets[rows.channel] * 60 - (1 if by_end else 0)) // DAY
    return days


def _without_repeats(rows: ManyReadings, day: IntArray) -> tuple[BoolArray, list[CutFault]]:
    """Which rows to keep, and the faults of repeated instants."""
    kept = np.ones(rows.seconds.size, dtype=np.bool_)
    faults = []
    first = 0
    repeats = (rows.seconds[1:] == rows.seconds[:-1]) & (rows.channel[1:] == rows.channel[:-1])
    for place in (np.flatnonzero(repeats) + 1).tolist():
        if kept[place - 1]:
            first = place - 1
        same = rows.micro[first] == rows.micro[place] and rows.quality[first] == rows.quality[place]
        code = "repeated_reading" if same else "conflicting_readings"
        dropped = None if same else date.fromordinal(EPOCH_DAY + int(day[place]))
        lines = int(rows.lines[place]), int(rows.lines[first])
        faults.append(CutFault(int(rows.channel[place]), lines[0], code, dropped, lines[1]))
        kept[place] = False
    return kept, faults


def _steps_by_day(within: IntArray, first: npt.NDArray[np.intp], step: IntArray) -> IntArray:
    """The step of each day: the channel's usual one, or another where the day is whole on it."""
    counts = np.diff(np.append(first, within.size))
    if not within.size or (counts * step == DAY).all():
        return step
    common = np.gcd.reduceat(within, first)
    whole = (common > 0) & (common % 60 == 0) & (counts * common == DAY)
    return np.where(whole, common, step)


def _not_among(channel: IntArray, day: IntArray, spoiled: set[tuple[int, int]]) -> BoolArray:
    if not spoiled:
        return np.ones(day.size, dtype=np.bool_)
    keys = [(number << 32) + other for number, other in spoiled]
    return ~np.isin((channel << 32) + day, keys)


def _grids(
    rows: ManyReadings, days: IntArray, place: npt.NDArray[np.intp], slots: IntArray, size: int
) -> Iterator[DayGrid]:
    """Rows of days of one size: those of one quality together, those of several together."""
    first = np.flatnonzero(np.diff(place, prepend=-1))
    values = np.full((days.size, size), MISSING, dtype=np.int64)
    values[place, slots] = rows.micro
    present = rows.micro != MISSING
    least = np.minimum.reduceat(np.where(present, rows.quality, 255), first)
    most = np.maximum.reduceat(np.where(present, rows.quality, 0), first)
    held = np.logical_or.reduceat(present, first)
    channel, day, lines = rows.channel[first], EPOCH_DAY + days, rows.lines[first]
    quality = most.astype(np.int16)
    uniform = held & (least == most)
    if uniform.all():
        yield DayGrid(channel, day, values, quality, None, lines)
        return
    if uniform.any():
        yield DayGrid(channel[uniform], day[uniform], values[uniform], quality[uniform], None, lines[uniform])
    mixed = held & (least != most)
    if mixed.any():
        codes = np.full(values.shape, int(Quality.MISSING), dtype=np.uint8)
        codes[place, slots] = np.where(present, rows.quality, int(Quality.MISSING))
        yield DayGrid(channel[mixed], day[mixed], values[mixed], quality[mixed], codes[mixed], lines[mixed])
