"""A running month held against the household's own past: told beyond doubt, and not for the weather."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from billing.domain.forecast.channel import Weather
from billing.domain.forecast.month_so_far import LEAST_DAYS, LEAST_LEFT, MonthSoFar, month_so_far
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage

LONDON = "Europe/London"
MONTH = Period(date(2026, 11, 1), date(2026, 12, 1))
FIRST = date(2025, 9, 27)
BEFORE = (MONTH.starts_on - FIRST).days
Floats = npt.NDArray[np.float64]


def household(seed: int, days: int, *, times: float = 1.0, heat: Floats | None = None) -> Usage:
    """kWh a day about ten, from FIRST on, and `heat` on top of each; `times` as much since the month began,
    read for `days` of it."""
    rng = np.random.default_rng(seed)
    kwh = rng.normal(10, 1.5, BEFORE + days).clip(2)
    if heat is not None:
        kwh += heat[: kwh.size]
    kwh[BEFORE:] *= times
    starts_at = day_starts_at(FIRST, LONDON)
    ends_at = day_starts_at(FIRST + timedelta(days=int(kwh.size)), LONDON)
    hours = (ends_at - starts_at) // timedelta(hours=1)
    day = np.minimum(np.arange(hours) // 24, kwh.size - 1)
    return Usage.of(starts_at, 60, np.rint(kwh[day] * 1e6 / 24).astype(np.int64))


def so_far(usage: Usage, weather: Weather | None = None) -> MonthSoFar | None:
    return month_so_far(usage, MONTH, LONDON, None, lambda: weather)


def test_a_month_like_the_others_is_hardly_ever_told() -> None:
    told = sum(so_far(household(seed, 15)) is not None for seed in range(80))
    # five in a hundred lie above the interval by its own measure; 80 of them, and three deviations more
    assert told <= 10


@pytest.mark.parametrize("seed", range(4))
def test_half_as_much_again_is_told_and_by_how_much(seed: int) -> None:
    found = so_far(household(seed, 15, times=1.6))
    assert found is not None and 40 <= found.percent_more <= 80
    assert found.read == Period(MONTH.starts_on, MONTH.starts_on + timedelta(days=15))
    day = found.axis.day_index
    likely, usual = (np.bincount(day, one / 1e6) for one in (found.likely, found.usual))
    assert likely[:15].sum() == pytest.approx(found.came, rel=1e-6)
    assert usual[:15].sum() == pytest.approx(found.expected, rel=1e-6)
    # it goes on as the last weeks went: between what is usual and what the days so far were
    assert usual[15:].sum() * 1.1 < likely[15:].sum() < found.came / 15 * 15 * 1.05


def test_less_than_usual_is_not_told_and_nobody_asks_for_the_weather() -> None:
    def never() -> Weather | None:
        raise AssertionError("a fit was made for nothing")

    for times in (0.4, 1.0):
        assert month_so_far(household(1, 15, times=times), MONTH, LONDON, None, never) is None


@pytest.mark.parametrize(
    ("days", "told"),
    [(LEAST_DAYS - 1, False), (LEAST_DAYS, True), (30 - LEAST_LEFT, True), (31 - LEAST_LEFT, False)],
)
def test_it_is_told_neither_too_early_nor_too_late(days: int, told: bool) -> None:
    assert (so_far(household(2, days, times=2)) is not None) == told


def test_without_a_past_or_with_gaps_nothing_is_told() -> None:
    whole = household(3, 15, times=2)
    short = whole.between(day_starts_at(date(2026, 9, 20), LONDON), whole.ends_before)
    assert so_far(whole) is not None and so_far(short) is None
    missing = np.zeros(whole.micro_kwh.size, dtype=bool)
    missing[-24 * 12 : -24 * 8] = True
    gaps = Usage.of(whole.starts_at, 60, whole.micro_kwh, missing)
    assert so_far(gaps) is None
    guessed = np.zeros(whole.micro_kwh.size, dtype=bool)
    guessed[BEFORE * 24 :] = True
    assert so_far(Usage.of(whole.starts_at, 60, whole.micro_kwh, None, guessed)) is None
    assert so_far(whole.between(whole.starts_at, whole.starts_at)) is None


def test_cold_days_explain_what_they_cost_and_no_more() -> None:
    rng = np.random.default_rng(5)
    days = (MONTH.ends_before - FIRST).days
    degree_days = rng.uniform(0, 6, days)
    degree_days[BEFORE:] = 12
    heat = degree_days * 1.2
    span = Period(FIRST, MONTH.ends_before)
    weather = (span, np.where(np.arange(days) < BEFORE + 15, heat, np.nan), np.full(days, 3.6))
    cold = household(6, 15, heat=heat)
    assert so_far(cold) is not None, "without the weather it looks like much"
    assert so_far(cold, weather) is None
    more = household(6, 15, heat=heat, times=1.5)
    found = so_far(more, weather)
    assert found is not None and found.weather and 35 <= found.percent_more <= 65
