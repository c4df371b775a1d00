"""The small parts that models are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from churn.domain.figures import auc, average_precision, calibration_error, captured
from churn.domain.intervals import _from_above, middle, repeated
from churn.domain.scoring import chance as chance_of
from churn.learning.calibrating import best_method, calibration, to_odds
from churn.learning.columns import columns_of
from churn.learning.preparing import HowOften, SignedLog


@given(arrays(np.float64, (12, 2), elements=st.floats(-1e12, 1e12)))
def test_signed_log_keeps_order_and_sign(values: np.ndarray) -> None:
    made = SignedLog().fit_transform(values)
    assert (np.sign(made) == np.sign(values)).all() or np.allclose(made[np.sign(made) != np.sign(values)], 0)
    for column in range(2):
        order = np.argsort(values[:, column], kind="stable")
        assert (np.diff(made[order, column]) >= 0).all()
    assert SignedLog().fit(values).transform(-values) == pytest.approx(-made)


def test_how_often_a_category_came() -> None:
    learned = pd.DataFrame({"a": ["x", "x", "y"]})
    found = HowOften().fit(learned).transform(pd.DataFrame({"a": ["x", "y", "new"]}))
    assert np.expm1(found[:, 0]) == pytest.approx([2, 1, 0])


@given(st.integers(0, 5000), st.integers(20, 60), st.integers(2, 30))
def test_bootstrap_reckons_as_the_figures_do(seed: int, size: int, levels: int) -> None:
    draw = np.random.default_rng(seed)
    scores = draw.integers(0, levels, size) / levels
    left = draw.random(size) < 0.4
    left[:2] = [True, False]
    order = np.argsort(scores)[::-1]
    starts = np.flatnonzero(np.concatenate(([True], np.diff(scores[order]) != 0)))
    leavers = np.add.reduceat(left[order].astype(float), starts)[None, :]
    stayers = np.add.reduceat((~left[order]).astype(float), starts)[None, :]
    precision, lift = _from_above(leavers, stayers)
    assert precision[0] == pytest.approx(average_precision(left, scores))
    assert lift[0] == pytest.approx(captured(left, scores, size / 10) * 10 / left.sum())


def test_intervals_hold_what_was_measured() -> None:
    draw = np.random.default_rng(1)
    left = draw.random(2000) < 0.2
    scores = draw.random(2000) + 0.4 * left
    found = repeated(left, scores, 300, 0)
    low, high = middle(found["roc_auc"]) or (1.0, 0.0)
    assert low < auc(left, scores) < high and 0.02 < high - low < 0.08
    same = repeated(left, scores * 2 - 5, 300, 0)  # the same customers are drawn for any scores
    assert same["top_decile_lift"] == pytest.approx(found["top_decile_lift"])
    assert middle([float("nan")]) is None


def test_calibration_error_is_the_distance_between_said_and_happened() -> None:
    left = np.arange(100) % 2 == 0
    assert calibration_error(left, np.full(100, 0.5)) == pytest.approx(0.0)
    assert calibration_error(left, np.full(100, 0.8)) == pytest.approx(0.3)


def test_calibration_is_taken_where_it_is_needed() -> None:
    draw = np.random.default_rng(3)
    odds = draw.normal(-1, 1.2, 6000)
    left = draw.random(6000) < chance_of(odds)
    assert best_method(odds, left, 0)[0] == "none"
    method, _loss = best_method(odds * 3 + 1, left, 0)
    assert method != "none"
    mended = calibration(method, odds * 3 + 1, left).chances(odds * 3 + 1)
    assert calibration_error(left, mended) < 0.02 < calibration_error(left, chance_of(odds * 3 + 1))


@given(st.floats(0, 1))
def test_odds_and_chances_are_one(chance: float) -> None:
    back = chance_of(to_odds(np.array([chance])))[0]
    assert back == pytest.approx(min(max(chance, 1e-4), 1 - 1e-4))


def test_columns_of_a_typed_frame() -> None:
    frame = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "b": [True, False, True],
            "t": ["x", None, "y"],
            "c": pd.Categorical(["u", "v", "u"]),
        }
    )
    columns = columns_of(frame)
    assert (columns.numeric, columns.categorical) == (("n", "b"), ("t", "c"))
    taken = columns.take(frame)
    assert taken["t"].tolist() == ["x", "", "y"] and taken["b"].tolist() == [1.0, 0.0, 1.0]
