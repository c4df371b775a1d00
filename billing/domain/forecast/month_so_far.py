"""A billing month that still runs: more used than the customer's own days before it foretold, beyond doubt?

The reckoning of the next bill (`like_days`), begun at the month's first day and made with the weather that
these days had, foretells what they should have used. How far such forecasts were off for the same customer
before says what is beyond doubt.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from billing.domain.explanation.weather.record import Floats
from billing.domain.forecast.backtest import LEAST_READ, margin_of
from billing.domain.forecast.channel import Weather, channel_ahead, weather_over
from billing.domain.forecast.like_days import DailyUse, daily_use, foretold
from billing.domain.money import Int64Array
from billing.domain.reckoning.axis import Axis, day_starts_at, local_date
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

LEVEL = 90
"""Percent of a customer's own earlier forecasts that were less far off."""
LEAST_DAYS, LEAST_LEFT = 7, 3
"""Days that must be read before anything is said, and days that must be left in which it may be of use."""
LEAST_TIMES = 1.1
"""Who used less than this times what like days foretell without the weather pays hardly more than usual."""


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


def no_weather() -> Weather | None:
    """Where nothing is known of it."""
    return None


def month_so_far(
    usage: Usage,
    period: Period,
    timezone: str,
    holidays: HolidayCalendar | None,
    weather: Callable[[], Weather | None] = no_weather,
) -> MonthSoFar | None:
    """usage: all that is known, from long before the month. weather: as a fit lays it to days, as it was and
    as it usually is; asked for only where more was used than is usual without it, since it takes the longest.
    None where it is no more than may happen, or cannot be told."""
    starts_on = min(local_date(usage.starts_at, timezone), period.starts_on - timedelta(days=1))
    record = Period(starts_on, period.ends_before)
    use = daily_use(usage, record, timezone, holidays)
    origin = (period.starts_on - starts_on).days
    measured = np.flatnonzero(~np.isnan(use.kwh[origin:]))
    days = int(measured[-1]) + 1 if measured.size else 0
    if days < LEAST_DAYS or period.days - days < LEAST_LEFT:
        return None
    held = _held(use, origin, days)
    if held is None or held[0] < held[1] * LEAST_TIMES:
        return None
    fitted = weather()
    known = None if fitted is None else _as_it_was(fitted)
    if known is not None:
        was, usual_of = weather_over(record, known)
        use = replace(use, weather=np.where(np.isnan(was), usual_of, was), usual=usual_of)
        held = _held(use, origin, days)
    if held is None or held[0] <= held[1]:
        return None
    used, said = held
    margin = margin_of(use, origin, days, LEVEL)
    if margin is None or math.log(used / said) <= margin.log_error:
        return None
    likely = channel_ahead(usage, period, timezone, holidays, LEVEL, fitted)
    before = usage.between(usage.starts_at, day_starts_at(period.starts_on, timezone))
    usual = channel_ahead(before, period, timezone, holidays, LEVEL, known)
    if likely is None or usual is None:
        return None
    read = Period(period.starts_on, period.starts_on + timedelta(days=days))
    return MonthSoFar(
        period, read, used, said, likely.axis, likely.rows[1], usual.rows[1], fitted is not None
    )


def _held(use: DailyUse, origin: int, days: int) -> tuple[float, float] | None:
    """kWh of the days that were measured, as used and as foretold from the first; None where too few were."""
    expected = foretold(use, np.array([origin]), days)[0]
    came = use.kwh[origin : origin + days]
    read = ~(np.isnan(came) | np.isnan(expected))
    said = float(expected[read].sum())
    return (float(came[read].sum()), said) if read.sum() >= LEAST_READ * days and said > 0 else None


def _as_it_was(weather: Weather) -> Weather:
    """With the weather that was in place of the usual one, wherever it is known."""
    period, was, usual = weather
    mixed: Floats = np.where(np.isnan(was), usual, was)
    return period, was, mixed
