from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.money import (
    Rounding,
    amount,
    amount_text,
    amounts,
    div_round,
    micro_from_text,
    micro_text,
    muldiv,
    shares_of,
)

rules = st.sampled_from(Rounding)


def rounded(value: Fraction, rule: Rounding) -> int:
    """By definition: the nearest whole number; a half away from zero, or to the even one."""
    size = abs(value)
    low = floor(size)
    rest = size - low
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rule is Rounding.HALF_UP or low % 2 == 1))
    whole = low + (1 if up else 0)
    return -whole if value < 0 else whole


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**20), rules)
def test_division_is_rounded_once_and_symmetric(numerator: int, denominator: int, rule: Rounding) -> None:
    assert div_round(numerator, denominator, rule) == rounded(Fraction(numerator, denominator), rule)
    assert div_round(-numerator, denominator, rule) == -div_round(numerator, denominator, rule)


@given(
    st.lists(st.integers(-6_000_000_000_000_000_000, 6_000_000_000_000_000_000), min_size=1, max_size=8),
    st.integers(-9_000_000_000_000, 9_000_000_000_000),
    st.sampled_from([0, 2, 3]),
    rules,
)
def test_amounts_equal_fractions_up_to_terawatt_hours(
    quantities: list[int], price_micro: int, decimals: int, rule: Rounding
) -> None:
    expected = [rounded(Fraction(q * price_micro, 10 ** (12 - decimals)), rule) for q in quantities]
    assert [amount(q, price_micro, decimals, rule) for q in quantities] == expected
    if all(abs(value) < 2**63 for value in expected):
        got = amounts(np.array(quantities, dtype=np.int64), price_micro, decimals, rule)
        assert got.tolist() == expected
    else:
        with pytest.raises(OverflowError):
            amounts(np.array(quantities, dtype=np.int64), price_micro, decimals, rule)


@given(st.integers(-(10**6), 10**6), st.integers(-1, 1), st.sampled_from([0, 2, 3]), rules)
def test_exact_halves_fall_by_the_rule_and_their_neighbours_do_not(
    half: int, beside: int, decimals: int, rule: Rounding
) -> None:
    """A millionth of a millionth beside the half decides, through every limb of the multiplication."""
    denominator = 10 ** (12 - decimals)
    quantity = (2 * half + 1) * denominator // 2 + beside
    got = amounts(np.array([quantity], dtype=np.int64), 1, decimals, rule)
    assert got.tolist() == [rounded(Fraction(quantity, denominator), rule)]


def test_fast_path_is_taken_at_the_bound_of_the_specification() -> None:
    """6.1 TWh a line at a price of 1,500: int64 all the way, no fall-back, and right."""
    micro_kwh = np.array([6_100_000_000 * 1_000_000, -6_100_000_000 * 1_000_000 + 1], dtype=np.int64)
    got = amounts(micro_kwh, 1_500_000_000, 2, Rounding.HALF_UP)
    assert got.tolist() == [amount(int(q), 1_500_000_000, 2, Rounding.HALF_UP) for q in micro_kwh]


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=8), st.integers(-(10**7), 10**7), rules)
def test_shares_of_equal_fractions(minor: list[int], ppm: int, rule: Rounding) -> None:
    expected = [rounded(Fraction(value * ppm, 10**6), rule) for value in minor]
    assert shares_of(np.array(minor, dtype=np.int64), ppm, rule).tolist() == expected


@given(
    st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=8),
    st.integers(0, 2**62),
    st.integers(1, 2**62),
)
def test_muldiv_is_the_floor(values: list[int], b: int, c: int) -> None:
    b, c = min(b, c), max(b, c)
    got = muldiv(np.array(values, dtype=np.int64), b, c)
    assert got.tolist() == [a * b // c for a in values]


@given(st.lists(st.integers(0, 2**52 - 1), min_size=1, max_size=8), st.integers(1, 2**61 - 1), st.data())
def test_muldiv_within_its_proven_bounds(values: list[int], c: int, data: st.DataObject) -> None:
    b = data.draw(st.integers(0, c))
    assert muldiv(np.array(values, dtype=np.int64), b, c).tolist() == [a * b // c for a in values]


@given(st.integers(-(10**17), 10**17))
def test_millionths_survive_text(value: int) -> None:
    assert micro_from_text(micro_text(value)) == value


@pytest.mark.parametrize(
    "text", ["", "1e3", "0.1234567", "١", "1_000", " 1", "NaN", "Infinity", "1,5", "+1", "."]
)
def test_other_ways_to_write_a_number_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        micro_from_text(text)


def test_money_as_text() -> None:
    assert amount_text(-1234, 2) == "-12.34"
    assert amount_text(-5, 2) == "-0.05"
    assert amount_text(5, 3) == "0.005"
    assert amount_text(-7, 0) == "-7"
