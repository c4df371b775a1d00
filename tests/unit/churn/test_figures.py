"""The honest figures: equal to scikit-learn's where it has them, right by hand where it has not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from churn.domain.figures import auc, auc_interval, average_precision, captured, enough, figures, rank, tenths


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    count = draw(st.integers(5, 60))
    scores = draw(st.lists(st.integers(0, 12), min_size=count, max_size=count))
    left = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    left[0], left[1] = True, False
    return np.array(left), np.array(scores) / 12


@given(cases())
@settings(max_examples=60)
def test_areas_are_those_of_scikit_learn(case: tuple[np.ndarray, np.ndarray]) -> None:
    left, scores = case
    assert auc(left, scores) == pytest.approx(roc_auc_score(left, scores), abs=1e-12)
    assert average_precision(left, scores) == pytest.approx(average_precision_score(left, scores), abs=1e-12)
    found = figures(left, scores)
    assert found.brier == pytest.approx(brier_score_loss(left, scores), abs=1e-12)
    assert sum(tenth.left for tenth in found.tenths) == found.leavers == left.sum()


def test_the_lift_counts_who_left_among_the_first_tenth() -> None:
    scores = np.arange(100) / 100
    left = np.zeros(100, dtype=bool)
    left[[99, 98, 95, 50, 10]] = True
    found = figures(left, scores)
    assert (found.leavers_in_top, found.customers_in_top) == (3, 10)
    assert found.lift == pytest.approx((3 / 10) / (5 / 100))


def test_equal_scores_share_the_cut() -> None:
    left = np.array([True, False, False, False])
    assert captured(left, np.ones(4), 2) == pytest.approx(0.5)
    assert auc(left, np.ones(4)) == 0.5
    assert rank(np.array([0.5, 0.9, 0.5, 0.1])).tolist() == [2, 1, 2, 4]


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Scores of leavers lie one standard deviation higher: the true area is Phi(1 / sqrt 2) = 0.7602."""
    draw = np.random.default_rng(5)
    held = 0
    for seed in range(40):
        left = draw.random(600) < 0.1
        low, high = auc_interval(left, draw.normal(size=600) + left, seed)
        held += low <= 0.76025 <= high
    assert held >= 34


def test_more_customers_give_a_narrower_interval() -> None:
    draw = np.random.default_rng(6)
    widths = []
    for count in (300, 3000):
        left = draw.random(count) < 0.2
        low, high = auc_interval(left, draw.normal(size=count) + left, 1)
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_twenty_leavers_are_enough() -> None:
    assert enough(np.arange(100) < 20)
    assert not enough(np.arange(100) < 19)
    assert not enough(np.arange(100) < 81)
    with pytest.raises(ValueError, match="some who left"):
        figures(np.zeros(5, dtype=bool), np.zeros(5))


def test_tenths_are_equally_large_and_rise() -> None:
    scores = np.random.default_rng(1).random(1003)
    groups = tenths(scores > 0.5, scores)
    assert {group.customers for group in groups} == {100, 101}
    assert [group.predicted for group in groups] == sorted(group.predicted for group in groups)
