from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.explanation.shapley import apportioned, shapley_numerators


@st.composite
def games(draw: st.DrawFn) -> tuple[int, list[int]]:
    factors = draw(st.integers(0, 5))
    limit = draw(st.sampled_from([100, 10**9, 10**17]))
    return factors, draw(st.lists(st.integers(-limit, limit), min_size=1 << factors, max_size=1 << factors))


@given(games())
def test_numerators_are_the_mean_over_all_orders(game: tuple[int, list[int]]) -> None:
    """By definition: what each factor adds when it comes, over every order in which they may come."""
    factors, values = game
    expected = [0] * factors
    for order in permutations(range(factors)):
        mask = 0
        for factor in order:
            expected[factor] += values[mask | 1 << factor] - values[mask]
            mask |= 1 << factor
    (got,) = shapley_numerators(np.array([values], dtype=np.int64), factors)
    assert got == expected
    assert sum(got) == factorial(factors) * (values[-1] - values[0])


@st.composite
def shares(draw: st.DrawFn) -> tuple[list[int], int, int]:
    """Numerators over a common denominator that add up to a whole number."""
    denominator = factorial(draw(st.integers(1, 6)))
    numerators = draw(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6))
    total = draw(st.integers(-(10**4), 10**4))
    free = next((i for i, n in enumerate(numerators) if n), 0)
    numerators[free] += total * denominator - sum(numerators)
    return numerators, denominator, total


@given(shares())
def test_apportionment(case: tuple[list[int], int, int]) -> None:
    numerators, denominator, total = case
    got = apportioned(numerators, denominator, total)
    assert sum(got) == total
    for value, numerator in zip(got, numerators, strict=True):
        assert abs(value - Fraction(numerator, denominator)) < 1
        if numerator == 0:
            assert value == 0
    assert apportioned([-n for n in numerators], denominator, -total) == tuple(-value for value in got)


def test_ties_go_to_the_earlier_factor() -> None:
    assert apportioned([1, 1], 2, 1) == (1, 0)
    assert apportioned([-1, -1], 2, -1) == (-1, 0)
    assert apportioned([3, -1, 0], 2, 1) == (1, 0, 0)
    assert apportioned([5, 4, -3], 3, 2) == (2, 1, -1)
