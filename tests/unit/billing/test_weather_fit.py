"""The weather model: planted households are found again, and every check of EXPLAIN B6 can fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import usage_over
from weather_cases import FIT, YEAR, household, seasons, until

from billing.domain.explanation.weather.checks import left_out_gain, slope_errors
from billing.domain.explanation.weather.daylight import day_lengths
from billing.domain.explanation.weather.fit import HEATING_CELSIUS, Sample, best_models
from billing.domain.explanation.weather.parting import LeftOut, Weather, WeatherFit, fit_weather, part_weather
from billing.domain.explanation.weather.record import (
    Temperatures,
    daily_celsius,
    daily_kwh,
    free_days,
)
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

LONDON = "Europe/London"


@settings(deadline=None, max_examples=25)
@given(st.integers(10, 36), st.floats(0.4, 3.0), st.integers(0, 10_000))
def test_planted_heating_is_found(twice_balance: int, slope: float, seed: int) -> None:
    balance = twice_balance / 2 + 3.5
    celsius = seasons(YEAR, seed)
    fit = fit_weather(household(YEAR, celsius, heating=(balance, slope), noise=0.5, seed=seed + 1))
    if (celsius < balance).sum() < 40 or not 8 <= balance <= 17:
        return  # too few cold days for the planted slope, or beside the grid
    assert isinstance(fit, WeatherFit) and fit.heating is not None
    assert abs(fit.heating.balance_celsius - balance) <= 1.0
    assert abs(fit.heating.kwh - slope) < 0.15 * slope + 0.1
    assert 0 < fit.heating.plus_minus < fit.heating.kwh


def test_heating_and_cooling_together() -> None:
    celsius = seasons(YEAR, 4, mean=16, swing=12)
    fit = fit_weather(household(YEAR, celsius, heating=(13, 1.2), cooling=(21, 0.9)))
    assert isinstance(fit, WeatherFit) and fit.heating is not None and fit.cooling is not None
    assert abs(fit.heating.balance_celsius - 13) <= 0.5 and abs(fit.cooling.balance_celsius - 21) <= 1
    assert abs(fit.heating.kwh - 1.2) < 0.1 and abs(fit.cooling.kwh - 0.9) < 0.15
    heat, cool = fit.kwh(np.array([3.0, 17.0, 31.0]))
    assert heat[0] > 10 and cool[2] > 7 and not heat[1:].any() and not cool[:2].any()


def test_cooling_alone() -> None:
    fit = fit_weather(household(YEAR, seasons(YEAR, 5, mean=22, swing=7), cooling=(22, 2.0)))
    assert isinstance(fit, WeatherFit) and fit.cooling is not None and fit.heating is None


def test_a_dark_season_is_not_a_cold_one() -> None:
    """Light is switched on by the hour of the sun: without day length in the model this household heats."""
    record = household(YEAR, seasons(YEAR, 6), dark=1.0)
    assert fit_weather(record) == LeftOut("no_weather", 365)
    blind = fit_weather(replace(record, daylight=np.full(365, 12.0)))
    assert isinstance(blind, WeatherFit) or blind.fit is not None


def test_one_candidate_at_a_time_comes_to_the_same() -> None:
    """The projected search against plain least squares, balance point by balance point."""
    record = household(YEAR, seasons(YEAR, 7), heating=(14.5, 0.8), dark=0.5, noise=3)
    sample = Sample.of(record)
    squares = []
    for balance in HEATING_CELSIUS:
        design = np.column_stack((sample.base, np.maximum(0, balance - sample.celsius)))
        found = np.linalg.lstsq(design, sample.kwh, rcond=None)[0]
        squares.append((float(((sample.kwh - design @ found) ** 2).sum()), float(found[-1]), balance))
    best = min(squares)
    model = best_models(sample)["heating"]
    assert model.heat is not None and HEATING_CELSIUS[model.heat] == best[2]
    assert model.squares == pytest.approx(best[0]) and model.slopes[0] == pytest.approx(best[1])
    left = sample.kwh - model.predicted(sample)
    assert float(left @ left) == pytest.approx(model.squares)


def test_every_check_can_refuse() -> None:
    celsius = seasons(YEAR, 8)
    heated = household(YEAR, celsius, heating=(14, 1.0))
    assert isinstance(fit_weather(heated), WeatherFit)
    assert fit_weather(replace(heated, celsius=np.full(365, np.nan))) == LeftOut("no_temperatures")
    short = until(date(2013, 1, 1), 179)
    assert fit_weather(household(short, seasons(short, 8), heating=(14, 1.0))) == LeftOut("too_short", 179)
    assert fit_weather(household(YEAR, celsius)) == LeftOut("no_weather", 365)
    weak = fit_weather(household(YEAR, celsius, heating=(14, 0.15), noise=3, seed=1))
    assert isinstance(weak, LeftOut) and weak.reason == "no_gain" and weak.fit is not None
    assert 0 < weak.fit.gain <= 0.05
    # In every week another slope, and a wild one at times: which weeks it is drawn from decides all.
    wild = household(YEAR, celsius, seed=113)
    slopes = 0.3 * np.random.default_rng(113).lognormal(0, 2.2, 54)[np.arange(365) // 7]
    unsure = fit_weather(replace(wild, kwh=wild.kwh + slopes * np.maximum(0, 9 - celsius)))
    assert isinstance(unsure, LeftOut) and unsure.reason == "unsure"
    assert unsure.fit is not None and unsure.fit.heating is not None and unsure.fit.gain > 0.05
    assert unsure.fit.heating.plus_minus >= unsure.fit.heating.kwh


def test_gain_and_error_are_those_of_left_out_weeks_and_drawn_weeks() -> None:
    """Without noise weeks foretell each other exactly, and every draw has the same slope; with noise the
    error is near that of least squares, days being independent here."""
    celsius = seasons(YEAR, 9)
    exact = Sample.of(household(YEAR, celsius, heating=(14, 1.0), noise=0))
    model = best_models(exact)["heating"]
    assert left_out_gain(exact, model) == pytest.approx(1, abs=1e-6)
    assert slope_errors(exact, model)[0] < 1e-6
    noisy = Sample.of(household(YEAR, celsius, heating=(14, 1.0), noise=3))
    model = best_models(noisy)["heating"]
    design = np.column_stack((noisy.base, noisy.terms(model.heat, None)))
    by_theory = 3 * np.sqrt(np.linalg.inv(design.T @ design)[-1, -1])
    assert slope_errors(noisy, model)[0] == pytest.approx(by_theory, rel=0.4)
    assert 0 < left_out_gain(noisy, model) < 1


def test_the_same_readings_give_the_same_answer() -> None:
    record = household(YEAR, seasons(YEAR, 10), heating=(15, 0.7), noise=3)
    assert fit_weather(record) == fit_weather(record)


def test_a_fit_is_parted_between_two_bills() -> None:
    assert FIT.heating is not None
    cold, warm = np.full(30, 6.0), np.full(31, 14.0)
    found = part_weather(FIT, cold, warm)
    assert found == Weather(FIT, (9_000_000, 0), (0, 0), (6.0, 14.0))
    assert part_weather(FIT, np.full(30, -3.1), warm) == LeftOut("outside_range", 300, FIT)
    assert isinstance(part_weather(FIT, np.full(30, -2.9), warm), Weather)
    holes = cold.copy()
    holes[:4] = np.nan
    assert part_weather(FIT, holes, warm) == LeftOut("no_temperatures", 300, FIT)
    holes[3] = 6.0
    assert isinstance(part_weather(FIT, holes, warm), Weather)
    assert part_weather(LeftOut("too_short", 9), cold, warm) == LeftOut("too_short", 9)


# Sunrise to sunset to the upper limb is some ten minutes longer: the formula is of the sun's centre.
@pytest.mark.parametrize(
    ("latitude", "day", "hours"),
    [
        (0.0, date(2013, 2, 11), 12.0),
        (51.5, date(2013, 6, 21), 16.5),
        (51.5, date(2013, 12, 21), 7.7),
        (-33.9, date(2013, 12, 21), 14.3),
        (69.6, date(2013, 6, 21), 24.0),
        (69.6, date(2013, 12, 21), 0.0),
    ],
)
def test_day_lengths(latitude: float, day: date, hours: float) -> None:
    assert day_lengths(until(day, 1), latitude)[0] == pytest.approx(hours, abs=0.15)


def test_day_length_goes_on_over_the_new_year() -> None:
    found = day_lengths(Period(date(2012, 12, 1), date(2013, 2, 1)), 51.5)
    assert found.size == 62 and np.abs(np.diff(found)).max() < 0.1


def test_days_of_readings() -> None:
    """Local days; one half-hour may be unread, an estimate is unread, the long day is whole."""
    period = Period(date(2013, 10, 26), date(2013, 10, 29))
    usage = usage_over(period, LONDON, lambda count: np.full(count, 100_000, dtype=np.int64))
    assert daily_kwh(usage, period, LONDON) == pytest.approx([4.8, 5.0, 4.8])
    missing, estimated = usage.missing.copy(), usage.estimated.copy()
    missing[3] = True
    estimated[60:62] = True
    holed = Usage(usage.starts_at, 30, np.where(missing, 0, usage.micro_kwh), missing, estimated)
    assert daily_kwh(holed, period, LONDON) == pytest.approx([4.7, np.nan, 4.8], nan_ok=True)
    wider = Period(date(2013, 10, 25), date(2013, 10, 30))
    assert np.isnan(daily_kwh(usage, wider, LONDON)).tolist() == [True, False, False, False, True]


def test_days_of_temperatures() -> None:
    period = until(date(2013, 6, 1), 2)
    # Summer time: the local day begins at 23:00 of UTC.
    degrees = np.concatenate((np.full(24, 10.0), np.full(24, 20.0)))
    found = Temperatures(datetime(2013, 5, 31, 23, tzinfo=UTC), 60, degrees)
    assert daily_celsius(found, period, LONDON) == pytest.approx([10.0, 20.0])
    degrees[:7] = np.nan
    assert daily_celsius(found, period, LONDON) == pytest.approx([np.nan, 20.0], nan_ok=True)
    six = replace(found, celsius=np.where(np.arange(48) < 6, np.nan, degrees))
    six.celsius[6] = 10.0
    assert daily_celsius(six, period, LONDON) == pytest.approx([10.0, 20.0])


def test_free_days() -> None:
    easter = until(date(2013, 3, 29), 5)  # Good Friday to Tuesday
    assert free_days(easter, HolidayCalendar("GB", "ENG")).tolist() == [True, True, True, True, False]
    assert free_days(easter, None).tolist() == [False, True, True, False, False]
