"""Stay or switch: the t bound against scipy's, and the rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from billing.domain.rating.stay import judged, student_cumulative, student_quantile


@given(st.floats(-40, 40), st.integers(1, 60))
def test_the_series_is_students_distribution(t: float, freedom: int) -> None:
    assert student_cumulative(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-12)


@given(st.floats(0.001, 0.9999), st.integers(1, 60))
def test_the_quantile_is_scipys(probability: float, freedom: int) -> None:
    expected = stats.t.ppf(probability, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("savings", "bill", "candidates", "verdict"),
    [
        ([500] * 12, 120_000, 1, "switch"),
        ([500] * 11, 110_000, 1, "short"),
        ([-1] * 12, 120_000, 1, "dearer"),
        ([199] * 12, 120_000, 1, "small"),
        ([200] * 12, 120_000, 1, "switch"),
        ([6000, -5000] * 6, 120_000, 1, "noise"),
        ([], 0, 1, "short"),
        ([0] * 12, 0, 1, "dearer"),
    ],
)
def test_when_a_change_is_worth_it(savings: list[int], bill: int, candidates: int, verdict: str) -> None:
    found = judged(savings, bill, candidates)
    assert found.verdict == verdict and found.stay == (verdict != "switch")
    assert found.saving_minor == sum(savings)


def test_more_candidates_ask_for_more_certainty() -> None:
    savings = [900, 100, 700, -200, 1100, 300, 800, -100, 600, 500, 0, 400]
    one, many = judged(savings, 100_000, 1), judged(savings, 100_000, 10_000)
    assert one.verdict == "switch" and many.verdict == "noise"
    assert one.low_minor is not None and many.low_minor is not None and many.low_minor < 0 < one.low_minor
