"""Readings and temperatures as local days: what the weather model is fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from billing.domain.money import MICRO
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute
from billing.domain.reckoning.days import HolidayCalendar, Period, day_kind
from billing.domain.reckoning.usage import Usage

Floats = npt.NDArray[np.float64]
# A day with more than one half-hour that nobody measured is left out (EXPLAIN B6).
MOST_MINUTES_UNREAD = 30
LEAST_SHARE_KNOWN = 0.75
"""Of a day's temperatures; with fewer its mean would lean to one half of the day."""


@dataclass(frozen=True, eq=False)
class Temperatures:
    """celsius: float64, the mean of each interval from starts_at (UTC), NaN where unknown."""

    starts_at: datetime
    interval_minutes: int
    celsius: Floats


@dataclass(frozen=True, eq=False)
class DailyRecord:
    """Of each local day of ``period``, float64 (days,): kwh, NaN where too little of it was measured;
    celsius, its mean, NaN where unknown; hours of daylight. free: bool, a weekend or public holiday."""

    period: Period
    kwh: Floats
    celsius: Floats
    daylight: Floats
    free: npt.NDArray[np.bool_]


def free_days(period: Period, holidays: HolidayCalendar | None) -> npt.NDArray[np.bool_]:
    """Which local days are a weekend's or a public holiday."""
    return np.array([day_kind(day, holidays) >= 5 for day in period.dates()], dtype=bool)


def daily_kwh(usage: Usage, period: Period, timezone: str) -> Floats:
    """kWh of each local day. What was estimated knows no weather: it counts as unread."""
    axis = axis_of(timezone, usage.interval_minutes, epoch_minute(usage.starts_at), period)
    ours, theirs = _overlap(axis, usage.starts_at, usage.interval_minutes, usage.micro_kwh.size)
    day = axis.day_index[ours]
    read = ~(usage.missing[theirs] | usage.estimated[theirs])
    energy = np.bincount(day[read], usage.micro_kwh[theirs][read] / MICRO, minlength=period.days)
    counts = np.bincount(axis.day_index, minlength=period.days) - np.bincount(
        day[read], minlength=period.days
    )
    return np.where(counts * usage.interval_minutes <= MOST_MINUTES_UNREAD, energy, np.nan)


def daily_celsius(found: Temperatures, period: Period, timezone: str) -> Floats:
    """Mean degrees of each local day, NaN where less than three quarters of it are known."""
    axis = axis_of(timezone, found.interval_minutes, epoch_minute(found.starts_at), period)
    ours, theirs = _overlap(axis, found.starts_at, found.interval_minutes, found.celsius.size)
    day, values = axis.day_index[ours], found.celsius[theirs]
    known = ~np.isnan(values)
    counts = np.bincount(day[known], minlength=period.days)
    sums = np.bincount(day[known], values[known], minlength=period.days)
    enough = counts >= LEAST_SHARE_KNOWN * np.bincount(axis.day_index, minlength=period.days)
    return np.where(enough & (counts > 0), sums / np.maximum(counts, 1), np.nan)


def _overlap(axis: Axis, starts_at: datetime, interval_minutes: int, size: int) -> tuple[slice, slice]:
    """Which intervals of the axis there are values for, and which values these are."""
    offset = (axis.first_minute - epoch_minute(starts_at)) // interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, size - offset))
    return slice(begin, end), slice(begin + offset, end + offset)
