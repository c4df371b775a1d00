"""A billing month that still runs: more used than the customer's own days before it foretold, beyond doubt?

The reckoning of the next bill (`like_days`), begun at the month's first day and made with the weather that
these days had, foretells what they should have used. How far such forecasts were off for the same customer
before says what is beyond doubt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from billing.domain.explanation.weather.record import Floats
from billing.domain.forecast.backtest import LEAST_READ, margin_of
from billing.domain.forecast.channel import Weather, channel_ahead, weather_over
from billing.domain.forecast.like_days import daily_use, foretold
from billing.domain.money import Int64Array
from billing.domain.reckoning.axis import Axis, day_starts_at, local_date
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

LEVEL = 90
"""Percent of a customer's own earlier forecasts that were less far off."""
LEAST_DAYS, LEAST_LEFT = 7, 3
"""Days that must be read before anything is said, and days that must be left in which it may be of use."""


@dataclass(frozen=True, eq=False)
class MonthSoFar:
    """Beyond doubt more than foretold. read: the days held against each other, from the month's first.

    came, expected: kWh of those that were measured. likely, usual: micro-kWh of each interval of the whole
    month, int64 (intervals,): as read and as like days foretell the rest, and as it was all foretold before
    it began.
    """

    period: Period
    read: Period
    came: float
    expected: float
    axis: Axis
    likely: Int64Array
    usual: Int64Array
    weather: bool

    @property
    def percent_more(self) -> int:
        return round((self.came / self.expected - 1) * 100)


def month_so_far(
    usage: Usage,
    period: Period,
    timezone: str,
    holidays: HolidayCalendar | None,
    weather: Weather | None = None,
) -> MonthSoFar | None:
    """usage: all that is known, from long before the month. weather: as a fit lays it to days, as it was and
    as it usually is. None where it is no more than may happen, or cannot be told."""
    starts_on = min(local_date(usage.starts_at, timezone), period.starts_on - timedelta(days=1))
    record = Period(starts_on, period.ends_before)
    known = None if weather is None else _as_it_was(weather)
    use = daily_use(usage, record, timezone, holidays, None if known is None else weather_over(record, known))
    origin = (period.starts_on - starts_on).days
    measured = np.flatnonzero(~np.isnan(use.kwh[origin:]))
    days = int(measured[-1]) + 1 if measured.size else 0
    if days < LEAST_DAYS or period.days - days < LEAST_LEFT:
        return None
    expected = foretold(use, np.array([origin]), days)[0]
    came = use.kwh[origin : origin + days]
    read = ~(np.isnan(came) | np.isnan(expected))
    if read.sum() < LEAST_READ * days or (said := float(expected[read].sum())) <= 0:
        return None
    used = float(came[read].sum())
    margin = margin_of(use, origin, days, LEVEL) if used > said else None
    if margin is None or math.log(used / said) <= margin.log_error:
        return None
    likely = channel_ahead(usage, period, timezone, holidays, LEVEL, weather)
    before = usage.between(usage.starts_at, day_starts_at(period.starts_on, timezone))
    usual = channel_ahead(before, period, timezone, holidays, LEVEL, known)
    if likely is None or usual is None:
        return None
    held = Period(period.starts_on, period.starts_on + timedelta(days=days))
    return MonthSoFar(
        period, held, used, said, likely.axis, likely.rows[1], usual.rows[1], weather is not None
    )


def _as_it_was(weather: Weather) -> Weather:
    """With the weather that was in place of the usual one, wherever it is known."""
    period, was, usual = weather
    mixed: Floats = np.where(np.isnan(was), usual, was)
    return period, was, mixed
