"""One channel over the days of a bill: as read, its gaps filled as a bill fills them, and what is to come."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from billing.domain.accounts.gaps import fill_gaps
from billing.domain.explanation.virtual_days import scaled
from billing.domain.explanation.weather.record import Floats
from billing.domain.forecast.backtest import Margin, margin_of
from billing.domain.forecast.like_days import (
    LATELY,
    LONGER,
    DailyUse,
    daily_use,
    foretold,
    is_known,
    knows_a_year_ago,
)
from billing.domain.forecast.path import path_ahead
from billing.domain.money import Int64Array
from billing.domain.reckoning.axis import Axis, axis_of, day_starts_at, epoch_minute, local_date
from billing.domain.reckoning.days import HOLIDAY, HolidayCalendar, Period, day_kind
from billing.domain.reckoning.usage import BoolArray, Usage, laid_on

NEAR, FAR = timedelta(days=35), timedelta(days=400)
"""Days around a bill that fill its gaps, as in a bill run (docs/billing-run.md): for a holiday, the
farther."""

Weather = tuple[Period, Floats, Floats]
"""kWh of each day of a period that a fit lays to the weather: as it was (NaN where unknown), as it usually
is."""
Ends = tuple[float, float]
"""Logarithms of the factors between which the energy to come lies."""


@dataclass(frozen=True, eq=False)
class ChannelAhead:
    """rows: micro-kWh of each interval, int64 (3, intervals): the low end, the middle, the high end; the
    same but for what is to come and what was not measured. estimated: bool (intervals,), of the days read:
    what a reading says is estimated, and what was filled. missing: bool (intervals,), of the days read: no
    reading. read_before: the first day that is not read to its end. ends: None where nothing is known of how
    far off it may be, or all is measured.
    """

    axis: Axis
    rows: Int64Array
    estimated: BoolArray
    missing: BoolArray
    read_before: date
    ends: Ends | None
    margin: Margin | None
    year_ago: bool

    @property
    def is_read(self) -> bool:
        return self.read_before == self.axis.period.ends_before

    @property
    def is_measured(self) -> bool:
        """Whether every reading of the bill is there, and none is estimated."""
        return self.is_read and not (self.estimated | self.missing).any()

    @property
    def days_not_measured(self) -> int:
        """Of the days read, those with a reading that is missing or estimated."""
        return int(np.unique(self.axis.day_index[self.estimated | self.missing]).size)


def channel_ahead(
    usage: Usage,
    period: Period,
    timezone: str,
    holidays: HolidayCalendar | None,
    level: int,
    weather: Weather | None = None,
    otherwise: Ends | None = None,
) -> ChannelAhead | None:
    """usage: all that is known, from long before the period. otherwise: the ends where the customer's own
    past forecasts are too few. None where days are to come and too little was read before them."""
    axis = axis_of(timezone, usage.interval_minutes, epoch_minute(usage.starts_at), period)
    known = laid_on(usage, axis.starts_at(0), usage.interval_minutes, axis.size)
    assert known is not None  # the axis has the usage's own phase
    first = _first_to_come(known, axis)
    read_before = period.starts_on + timedelta(days=first)
    begin = int(np.searchsorted(axis.day_index, first))
    values, estimated = known.micro_kwh.copy(), known.estimated.copy()
    missing = known.missing.copy()
    missing[begin:] = False
    if first:
        filled = _filled(usage, Period(period.starts_on, read_before), timezone, holidays)
        values[:begin], estimated[:begin] = filled.micro_kwh, filled.estimated
    rows = np.repeat(values[None, :], 3, axis=0)
    if first == period.days:
        margin, ends = None, None
        if (unsure := estimated | missing).any():
            use = _use(usage, period, timezone, holidays, weather)
            origin = (period.starts_on - use.period.starts_on).days
            days = int(np.unique(axis.day_index[unsure]).size)
            margin = margin_of(use, origin, days, level)
            ends = otherwise if margin is None else (-margin.log_error, margin.log_error)
            _part(rows, unsure, ends)
        return ChannelAhead(axis, rows, estimated, missing, read_before, ends, margin, False)
    ahead = Period(read_before, period.ends_before)
    use = _use(usage, ahead, timezone, holidays, weather)
    origin = (ahead.starts_on - use.period.starts_on).days
    kwh = foretold(use, np.array([origin]), ahead.days)[0]
    if np.isnan(kwh).any():
        return None
    span = LATELY if not np.isnan(use.kwh[max(0, origin - LATELY) : origin]).all() else LONGER
    lately = Period(max(use.period.starts_on, ahead.starts_on - timedelta(days=span)), ahead.starts_on)
    path = path_ahead(usage, lately, ahead, timezone, holidays, kwh)
    unread = known.missing[begin:]
    rows[:, begin:][:, unread] = path[unread]
    margin = margin_of(use, origin, ahead.days, level)
    ends = otherwise if margin is None else (-margin.log_error, margin.log_error)
    unsure = estimated | missing
    unsure[begin:] |= unread
    _part(rows, unsure, ends)
    year_ago = knows_a_year_ago(use, origin, ahead.days)
    return ChannelAhead(axis, rows, estimated, missing, read_before, ends, margin, year_ago)


def _part(rows: Int64Array, unsure: BoolArray, ends: Ends | None) -> None:
    """Part the low and the high end by what was not measured: at most as far off as days to come are."""
    if ends is None:
        return
    middle = rows[1, unsure].copy()
    for row, end in ((0, min(0.0, ends[0])), (2, max(0.0, ends[1]))):
        rows[row, unsure] = scaled(middle, round(int(middle.sum()) * math.exp(end)))


def _first_to_come(known: Usage, axis: Axis) -> int:
    """The first day of the period that is not read to its end."""
    read = np.flatnonzero(~known.missing)
    if not read.size:
        return 0
    last, day = int(read[-1]), int(axis.day_index[read[-1]])
    return day + 1 if last + 1 == axis.size or axis.day_index[last + 1] != day else day


def _filled(usage: Usage, period: Period, timezone: str, holidays: HolidayCalendar | None) -> Usage:
    """The read days of a bill with their gaps filled as a bill run fills them; what no like day fills is
    nothing."""
    near = FAR if holidays is not None and _is_holiday_missing(usage, period, timezone, holidays) else NEAR
    first, last = day_starts_at(period.starts_on, timezone), day_starts_at(period.ends_before, timezone)
    around = usage.between(first - near, last + near)
    gap = fill_gaps(around, period, timezone, holidays)
    return fill_gaps(around, period, timezone, None).usage if gap.not_fillable else gap.usage


def _is_holiday_missing(usage: Usage, period: Period, timezone: str, holidays: HolidayCalendar) -> bool:
    axis = axis_of(timezone, usage.interval_minutes, epoch_minute(usage.starts_at), period)
    known = laid_on(usage, axis.starts_at(0), usage.interval_minutes, axis.size)
    assert known is not None
    days = {int(day) for day in axis.day_index[known.missing]}
    return any(day_kind(period.starts_on + timedelta(days=day), holidays) == HOLIDAY for day in days)


def _use(
    usage: Usage, ahead: Period, timezone: str, holidays: HolidayCalendar | None, weather: Weather | None
) -> DailyUse:
    """All days that are known and those ahead. Where hardly anything was measured, estimates must do."""
    starts_on = min(local_date(usage.starts_at, timezone), ahead.starts_on - timedelta(days=1))
    record = Period(starts_on, ahead.ends_before)
    fitted = None if weather is None else weather_over(record, weather)
    found = daily_use(usage, record, timezone, holidays, fitted)
    origin = (ahead.starts_on - starts_on).days
    if is_known(found, origin):
        return found
    measured = replace(usage, estimated=np.zeros_like(usage.estimated))
    return daily_use(measured, record, timezone, holidays, fitted)


def weather_over(record: Period, weather: Weather) -> tuple[Floats, Floats]:
    """Cut or stretched to a record; unknown where the weather is not given."""
    period, *of_days = weather
    found = []
    for values in of_days:
        wide = np.full(record.days, np.nan)
        offset = (period.starts_on - record.starts_on).days
        begin, end = max(0, offset), min(record.days, offset + period.days)
        if end > begin:
            wide[begin:end] = values[begin - offset : end - offset]
        found.append(wide)
    was, usual = found
    return was, np.where(np.isnan(usual), 0.0, usual)
