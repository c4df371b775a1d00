"""Use moved from one stretch of the clock to another on the same local day: what if the washing ran at night?

Energy is only moved, never made or lost: the sum of each day stays to the millionth of a kWh.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from billing.domain.reckoning.axis import axis_of, epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import BoolArray, Usage

Span = tuple[int, int]
"""Minutes of the local clock, half-open."""
PEAK: Span = (16 * 60, 20 * 60)
NIGHT: Span = (0, 7 * 60)


@dataclass(frozen=True, slots=True)
class Shift:
    """percent: of what is used in `source`, moved evenly over the day's intervals of `target`."""

    percent: int
    source: Span = PEAK
    target: Span = NIGHT

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise ValueError("a share lies between 0 and 100 percent")


def shifted(usage: Usage, period: Period, timezone: str, shift: Shift) -> Usage:
    """The usage with the local days of `period` changed. Missing readings neither give nor take; a day whose
    target has no reading keeps everything where it is."""
    if not shift.percent:
        return usage
    first = epoch_minute(usage.starts_at)
    axis = axis_of(timezone, usage.interval_minutes, first, period)
    offset = (axis.first_minute - first) // usage.interval_minutes
    begin, end = max(0, -offset), max(0, min(axis.size, usage.micro_kwh.size - offset))
    if end <= begin:
        return usage
    inside = slice(begin + offset, end + offset)
    values, present = usage.micro_kwh[inside].copy(), ~usage.missing[inside]
    day, clock = axis.day_index[begin:end].astype(np.int64), axis.clock_minute[begin:end]
    takes = _within(clock, shift.target) & present
    gives = _within(clock, shift.source) & present & (values > 0)
    count = np.bincount(day[takes], minlength=period.days)
    gives &= count[day] > 0
    moved = np.where(gives, values * shift.percent // 100, 0)
    of_day = np.zeros(period.days, dtype=np.int64)
    np.add.at(of_day, day, moved)
    each, rest = np.divmod(of_day, np.maximum(count, 1))
    places = np.flatnonzero(takes)
    days = day[places]
    # The millionths that do not divide go to the day's first intervals, one each.
    firsts = np.searchsorted(days, np.arange(period.days))
    number = np.arange(places.size) - firsts[days]
    values -= moved
    values[places] += each[days] + (number < rest[days])
    whole = usage.micro_kwh.copy()
    whole[inside] = values
    return replace(usage, micro_kwh=whole)


def _within(clock: np.ndarray[tuple[int], np.dtype[np.int16]], span: Span) -> BoolArray:
    found: BoolArray = (clock >= span[0]) & (clock < span[1])
    return found
