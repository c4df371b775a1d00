"""What the weather did to two bills: a fit that passes every check, and its share of each bill's use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np

from billing.domain.explanation.weather.checks import left_out_gain, slope_errors
from billing.domain.explanation.weather.daylight import day_lengths
from billing.domain.explanation.weather.fit import (
    COOLING_CELSIUS,
    HEATING_CELSIUS,
    Model,
    Sample,
    best_models,
)
from billing.domain.explanation.weather.record import (
    DailyRecord,
    Floats,
    Temperatures,
    daily_celsius,
    daily_kwh,
    free_days,
)
from billing.domain.money import MICRO
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

LEAST_DAYS = 180
LEAST_GAIN = 0.05
LEAST_SURE = 2.0
"""Slope over its standard error."""
MOST_BEYOND_CELSIUS = 1.0
"""How far a day of a bill may lie outside the temperatures that were fitted."""
LEAST_SHARE_KNOWN = 0.9
"""Of a bill's days, those whose temperature is known."""
MOST_DAYS = 365
"""Of the fit, before the later bill's end: an older household was another one."""

Reason = Literal["no_temperatures", "too_short", "no_weather", "no_gain", "unsure", "outside_range", "no_use"]


@dataclass(frozen=True, slots=True)
class Slope:
    """kWh a degree-day beyond a balance point. plus_minus: two standard errors."""

    balance_celsius: float
    kwh: float
    plus_minus: float


@dataclass(frozen=True, slots=True)
class WeatherFit:
    """period, days: where and on how many days it was fitted. r2, cvrmse: of the whole model, the latter the
    root of squares / (days - parameters) over the mean (ASHRAE Guideline 14). gain: see
    ``checks.left_out_gain``. coldest, warmest: the fitted days' means. base_kwh: what a day uses beside the
    weather, on average over all of them."""

    period: Period
    days: int
    r2: float
    cvrmse: float
    gain: float
    heating: Slope | None
    cooling: Slope | None
    coldest: float
    warmest: float
    base_kwh: float = 0.0

    def kwh(self, celsius: Floats) -> tuple[Floats, Floats]:
        """Of each day, for heating and for cooling."""
        heat, cool = np.zeros_like(celsius), np.zeros_like(celsius)
        if self.heating is not None:
            heat = np.maximum(0, self.heating.balance_celsius - celsius) * self.heating.kwh
        if self.cooling is not None:
            cool = np.maximum(0, celsius - self.cooling.balance_celsius) * self.cooling.kwh
        return heat, cool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why the weather is not told apart from the rest of the use. days: that could be fitted. fit: where one
    was made and is too weak."""

    reason: Reason
    days: int = 0
    fit: WeatherFit | None = None


@dataclass(frozen=True, slots=True)
class Weather:
    """Before and after, of each bill: heating_micro_kwh and cooling_micro_kwh a day as fitted, and the mean
    temperature of its days."""

    fit: WeatherFit
    heating_micro_kwh: tuple[int, int]
    cooling_micro_kwh: tuple[int, int]
    celsius: tuple[float, float]

    @property
    def micro_kwh_a_day(self) -> tuple[int, int]:
        heating, cooling = self.heating_micro_kwh, self.cooling_micro_kwh
        return heating[0] + cooling[0], heating[1] + cooling[1]


def fit_weather(record: DailyRecord) -> WeatherFit | LeftOut:
    """The model of a household's days, where every check of its own holds (EXPLAIN B6)."""
    if np.isnan(record.celsius).all():
        return LeftOut("no_temperatures")
    sample = Sample.of(record)
    if sample.days < LEAST_DAYS:
        return LeftOut("too_short", sample.days)
    models = best_models(sample)
    model = min(models.values(), key=lambda one: one.bic(sample.days))
    if model.kind == "none":
        return LeftOut("no_weather", sample.days)
    gain, errors = left_out_gain(sample, model), slope_errors(sample, model)
    fit = _fit(record.period, sample, model, gain, errors)
    if gain <= LEAST_GAIN:
        return LeftOut("no_gain", sample.days, fit)
    if (model.slopes <= LEAST_SURE * errors).any():
        return LeftOut("unsure", sample.days, fit)
    return fit


def _fit(period: Period, sample: Sample, model: Model, gain: float, errors: Floats) -> WeatherFit:
    spread = sample.kwh - sample.kwh.mean()
    total, free = float(spread @ spread), sample.days - model.parameters
    slopes = [
        Slope(float(balance), float(slope), float(2 * error))
        for balance, slope, error in zip(_balances(model), model.slopes, errors, strict=True)
    ]
    return WeatherFit(
        period,
        sample.days,
        1 - model.squares / total if total else 0.0,
        float(np.sqrt(model.squares / free) / sample.kwh.mean()) if sample.kwh.mean() else 0.0,
        gain,
        slopes[0] if model.heat is not None else None,
        slopes[-1] if model.cool is not None else None,
        float(sample.celsius.min()),
        float(sample.celsius.max()),
        float((sample.base @ model.base).mean()),
    )


def _balances(model: Model) -> list[float]:
    heat = [] if model.heat is None else [float(HEATING_CELSIUS[model.heat])]
    return heat + ([] if model.cool is None else [float(COOLING_CELSIUS[model.cool])])


def part_weather(fit: WeatherFit | LeftOut, before: Floats, after: Floats) -> Weather | LeftOut:
    """The fit's share of two bills. before, after: mean degrees of their local days, NaN where unknown."""
    if isinstance(fit, LeftOut):
        return fit
    heating, cooling, means = [], [], []
    for celsius in (before, after):
        known = celsius[~np.isnan(celsius)]
        if known.size < LEAST_SHARE_KNOWN * celsius.size or not known.size:
            return LeftOut("no_temperatures", fit.days, fit)
        if known.min() < fit.coldest - MOST_BEYOND_CELSIUS or known.max() > fit.warmest + MOST_BEYOND_CELSIUS:
            return LeftOut("outside_range", fit.days, fit)
        heat, cool = fit.kwh(known)
        heating.append(round(float(heat.mean()) * MICRO))
        cooling.append(round(float(cool.mean()) * MICRO))
        means.append(float(known.mean()))
    return Weather(fit, (heating[0], heating[1]), (cooling[0], cooling[1]), (means[0], means[1]))


def year_of(before: Period, after: Period) -> Period:
    """The days that a fit may look at: up to 365 before the later bill's end."""
    ends_before = max(before.ends_before, after.ends_before)
    return Period(ends_before - timedelta(days=MOST_DAYS), ends_before)


def record_of(
    usage: Usage,
    temperatures: Temperatures,
    period: Period,
    *,
    timezone: str,
    latitude: float,
    holidays: HolidayCalendar | None,
) -> DailyRecord:
    """Readings and temperatures as local days. usage: of one household; what lies outside is left alone."""
    return DailyRecord(
        period,
        daily_kwh(usage, period, timezone),
        daily_celsius(temperatures, period, timezone),
        day_lengths(period, latitude),
        free_days(period, holidays),
    )


def weather_of_bills(
    record: DailyRecord, temperatures: Temperatures, before: Period, after: Period, timezone: str
) -> Weather | LeftOut:
    """From a household's days to what the weather did to two of its bills."""
    celsius = (daily_celsius(temperatures, period, timezone) for period in (before, after))
    return part_weather(fit_weather(record), *celsius)
