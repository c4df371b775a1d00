"""Households whose use of the weather is known, and weather for two bills."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import strategies as st

from billing.domain.explanation.weather.daylight import day_lengths
from billing.domain.explanation.weather.parting import Slope, Weather, WeatherFit
from billing.domain.explanation.weather.record import DailyRecord, Floats, Temperatures, free_days
from billing.domain.reckoning.days import Period

LONDON_LATITUDE = 51.5
YEAR = Period(date(2013, 1, 1), date(2014, 1, 1))
FIT = WeatherFit(YEAR, 300, 0.63, 0.41, 0.3, Slope(12.0, 1.5, 0.4), Slope(21.0, 0.8, 0.3), -2.0, 26.0)


def seasons(period: Period, seed: int = 0, mean: float = 11.0, swing: float = 8.0) -> Floats:
    """Daily mean degrees: a year's wave, and days that are like the day before."""
    rng = np.random.default_rng(seed)
    of_year = np.array([day.timetuple().tm_yday for day in period.dates()])
    noise = np.zeros(period.days)
    for day in range(1, period.days):
        noise[day] = 0.7 * noise[day - 1] + rng.normal(0, 2)
    wave: Floats = mean - swing * np.cos(2 * np.pi * (of_year - 20) / 365) + noise
    return wave


def household(
    period: Period,
    celsius: Floats,
    *,
    heating: tuple[float, float] = (0, 0),
    cooling: tuple[float, float] = (0, 0),
    dark: float = 0.0,
    noise: float = 1.0,
    seed: int = 1,
) -> DailyRecord:
    """12 kWh a day and 2 more on free days; (balance, slope) of heating and cooling; dark: kWh for each hour
    that the day is shorter than twelve."""
    daylight = day_lengths(period, LONDON_LATITUDE)
    free = free_days(period, None)
    kwh = 12 + 2 * free + dark * (12 - daylight) + np.random.default_rng(seed).normal(0, noise, period.days)
    kwh = kwh + heating[1] * np.maximum(0, heating[0] - celsius)
    kwh = kwh + cooling[1] * np.maximum(0, celsius - cooling[0])
    return DailyRecord(period, kwh, celsius, daylight, free)


def hourly(celsius: Floats, first: date, hours: int = 24) -> Temperatures:
    """The same degrees all day of UTC."""
    return Temperatures(
        datetime(first.year, first.month, first.day, tzinfo=UTC), 60, np.repeat(celsius, hours)
    )


def until(first: date, days: int) -> Period:
    return Period(first, first + timedelta(days=days))


@st.composite
def weathers(draw: st.DrawFn) -> Weather:
    """Any shares that a fit could lay to the weather of two bills, equal ones too."""
    most = draw(st.sampled_from([0, 5_000_000, 60_000_000]))
    each = [draw(st.integers(0, most)) for _ in range(4)]
    if draw(st.integers(0, 4)) == 0:
        each[1], each[3] = each[0], each[2]
    return Weather(FIT, (each[0], each[1]), (each[2], each[3]), (14.0, 8.0))


def swapped(weather: Weather) -> Weather:
    """The same with the later bill first."""
    return Weather(
        weather.fit,
        weather.heating_micro_kwh[::-1],
        weather.cooling_micro_kwh[::-1],
        weather.celsius[::-1],
    )
