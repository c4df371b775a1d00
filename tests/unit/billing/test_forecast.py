"""The next bill: the rule, the path, and intervals that hold what they promise."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating_cases import random_usage

from billing.domain.rating.forecast import (
    LEAST_SCALE,
    changes_sd,
    interval,
    level_of,
    path_ahead,
    residuals,
    scale_of,
    spreads_of,
)
from billing.domain.reckoning.days import Period

LONDON = "Europe/London"


@pytest.mark.parametrize(
    ("a_day", "level", "rule"),
    [
        ([10], 10, "last"),
        ([30, *[1] * 10, 10], 10, "last"),
        ([7, 30, *[1] * 10, 10], 20, "last_and_year_ago"),
        ([7, 0, *[1] * 10, 10], 5, "last_and_year_ago"),
    ],
)
def test_what_a_day_is_made_of(a_day: list[int], level: int, rule: str) -> None:
    found = level_of(a_day)
    assert (found.micro_kwh_a_day, found.rule) == (level, rule)


def households(count: int, months: int, seed: int) -> list[list[int]]:
    """Random walks of use, each with an unsteadiness of its own."""
    draw = np.random.default_rng(seed)
    sizes = draw.uniform(0.05, 0.5, count)
    steps = draw.standard_normal((count, months)) * sizes[:, None]
    return [[int(10e6 * np.exp(level)) for level in np.cumsum(row)] for row in steps]


@pytest.mark.parametrize("level", [80, 90])
def test_the_interval_holds_what_it_promises(level: int) -> None:
    """Learned from some households, right for others as often as it says."""
    spread = next(one for one in spreads_of(households(300, 12, 1)) if one.level == level)
    inside = total = 0
    for one in households(300, 12, 2):
        for place in range(3, 12):
            low, high = interval(level_of(one[:place]), one[:place], spread)
            inside += low <= one[place] <= high
            total += 1
    assert abs(100 * inside / total - level) < 3


def test_an_unsteady_household_has_a_wider_interval() -> None:
    spread = spreads_of(households(200, 12, 3))[0]
    steady, unsteady = [100, 101, 100, 102, 100], [100, 300, 80, 250, 100]
    (a, b), (c, d) = (interval(level_of(one), one, spread) for one in (steady, unsteady))
    assert b - a < d - c and a <= 100 <= b
    assert scale_of([100, 100, 100, 100], 0.0) == LEAST_SCALE


def test_too_little_says_nothing() -> None:
    assert spreads_of([]) == () and spreads_of([[1, 2, 3]]) == ()
    assert changes_sd([1, 2, 3]) is None
    assert residuals([0, 0, 0, 0, 5], 0.2) == []


@given(
    st.integers(0, 10**6),
    st.sampled_from([date(2026, 2, 1), date(2026, 3, 1), date(2026, 10, 1), date(2026, 4, 10)]),
    st.integers(20, 40),
    st.integers(0, 10**10),
)
def test_the_path_holds_exactly_the_total(seed: int, first: date, days: int, total: int) -> None:
    period = Period(first, date.fromordinal(first.toordinal() + days))
    ahead = Period(period.ends_before, date.fromordinal(period.ends_before.toordinal() + 30))
    usage = random_usage(period, LONDON, seed)
    found = path_ahead(usage, period, ahead, LONDON, None, total)
    assert int(found.micro_kwh.sum()) == total and (found.micro_kwh >= 0).all()
    hours = (ahead.ends_before - ahead.starts_on).days * 24
    assert abs(found.micro_kwh.size / 2 - hours) <= 1


def test_weekdays_come_from_weekdays_and_hours_from_hours() -> None:
    period, ahead = Period(date(2026, 2, 2), date(2026, 3, 2)), Period(date(2026, 3, 2), date(2026, 3, 30))
    usage = random_usage(period, LONDON, 1)
    values = np.zeros(usage.micro_kwh.size, dtype=np.int64)
    values[34::48] = 1_000_000  # 17:00 of each day
    values[5 * 48 : 7 * 48] = 0  # the first weekend is away
    shaped = type(usage).of(usage.starts_at, 30, values)
    found = path_ahead(shaped, period, ahead, LONDON, None, int(values.sum())).micro_kwh
    assert set(np.flatnonzero(found[: 27 * 48]) % 48) == {34}
    assert not found[5 * 48 : 7 * 48].any() and found[12 * 48 : 14 * 48].any()
