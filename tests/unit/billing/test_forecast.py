"""How far off forecasts of others were: the rule, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from billing.domain.rating.forecast import (
    LEAST_SCALE,
    changes_sd,
    interval,
    level_of,
    residuals,
    scale_of,
    spreads_of,
)


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
