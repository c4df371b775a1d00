"""Trees of one fact each are curves: the same chances without them, and parts that add up."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from churn import boosted
from churn.boosted import Coded, Trees, fit
from churn.domain.additive import AdditiveModel, Curve
from churn.domain.scoring import chance, points
from churn.model import table_of
from tests.unit.churn.conftest import facts_of

NUMERIC = ("use", "late", "never", "flat")
CATEGORICAL = ("segment", "tariff")
SETTING = Trees(6, 60)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame, draw = facts_of(1500, seed=4)
    odds = -1.5 + np.abs(frame["use"].fillna(6) - 3) + (frame["late"] > 1) + (frame["tariff"] == "b")
    return frame.assign(left=draw.random(1500) < 1 / (1 + np.exp(2 - odds)))


@pytest.fixture(scope="module")
def model(people: pd.DataFrame) -> AdditiveModel:
    """As it comes back from the database."""
    made = fit(people, people["left"].to_numpy(), NUMERIC, CATEGORICAL, SETTING)
    return AdditiveModel.of(json.loads(json.dumps(made.document(), allow_nan=False)))


@pytest.fixture(scope="module")
def trees(people: pd.DataFrame) -> tuple[HistGradientBoostingClassifier, Coded]:
    coded = Coded.of(people, NUMERIC, CATEGORICAL)
    return boosted._trees(coded, SETTING).fit(coded.matrix(people), people["left"]), coded


def test_chances_are_those_of_the_trees(
    model: AdditiveModel, trees: tuple[HistGradientBoostingClassifier, Coded], people: pd.DataFrame
) -> None:
    fitted, coded = trees
    new = people.copy()
    new.loc[::7, "late"] = np.nan  # unknown where the fit knew all
    new.loc[::5, "tariff"] = "d"  # never seen by the fit
    for frame in (people, new):
        expected = fitted.predict_proba(coded.matrix(frame))[:, 1]
        found = model.chances(table_of(frame, NUMERIC, CATEGORICAL))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_points_sum_to_the_distance_from_the_average_customer(
    model: AdditiveModel, people: pd.DataFrame
) -> None:
    table = table_of(people, NUMERIC, CATEGORICAL)
    terms = model.terms(table)
    np.testing.assert_allclose(terms.mean(axis=0), 0, atol=1e-9)
    usual = chance(np.array([model.intercept]))[0]
    moved = points(terms, model.intercept, terms.mean(axis=0))
    np.testing.assert_allclose(moved.sum(axis=1), 100 * (model.chances(table) - usual), atol=1e-6)


def test_a_curve_follows_what_is_no_straight_line(model: AdditiveModel) -> None:
    use = next(one for one in model.curves if one.name == "use")
    low, middle, high, unknown = use.term(np.array([-1.0, 3.0, 7.0, np.nan]))
    assert middle < min(low, high, unknown)
    assert model.facts == ("use", "late", "flat", "segment", "tariff"), (
        "of what nobody knows nothing is learned"
    )


def test_a_stretched_model_says_stretched_odds(model: AdditiveModel, people: pd.DataFrame) -> None:
    table = table_of(people, NUMERIC, CATEGORICAL)
    odds = model.terms(table).sum(axis=1) + model.intercept
    other = model.stretched(0.7, -0.2)
    np.testing.assert_allclose(other.chances(table), chance(0.7 * odds - 0.2), atol=1e-12)
    np.testing.assert_allclose(model.raised(0.3).log_odds(table), odds + 0.3, atol=1e-12)
    assert (model.raised(0.3).terms(table) == model.terms(table)).all()


def test_only_its_own_kind_is_read() -> None:
    with pytest.raises(ValueError, match="no additive model: 'logistic'"):
        AdditiveModel.of({"kind": "logistic"})


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12, unique=True).map(sorted),
    st.lists(st.floats(-9, 9), min_size=12, max_size=12),
)
def test_steps_go_through_what_they_are_made_of(known: list[float], heights: list[float]) -> None:
    values = np.array(known)
    made = boosted._stepped("x", values, np.array(heights[: len(known)]), 1.5)
    between = np.nextafter(values[:-1], np.inf) < values[1:]
    if between.all():  # neighbours that are next to each other have no middle
        assert made.term(values).tolist() == heights[: len(known)]
    assert isinstance(made, Curve) and made.term(np.array([np.nan])).tolist() == [1.5]
    assert made.term(np.array([-np.inf])).tolist() == heights[:1]


def test_a_curve_is_the_same_however_many_facts_are_asked_about_at_once(
    people: pd.DataFrame, model: AdditiveModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boosted, "_AT_ONCE", 3)
    assert [*boosted._batches([1, 1, 5, 2, 1])] == [[0, 1], [2], [3, 4]]
    again = fit(people, people["left"].to_numpy(), NUMERIC, CATEGORICAL, SETTING)
    assert again.document() == model.document()


@given(
    st.lists(st.floats(-9, 9) | st.just(float("nan")), min_size=1, max_size=200).map(np.array),
    st.integers(2, 20),
)
def test_a_column_made_coarse_keeps_its_order_and_what_is_unknown(column: np.ndarray, bins: int) -> None:
    coarse = boosted._coarse(column, bins)
    unknown = np.isnan(column)
    assert np.array_equal(np.isnan(coarse), unknown)
    known, found = column[~unknown], coarse[~unknown]
    assert np.unique(found).size <= max(bins, 1)
    order = np.argsort(known, kind="stable")
    assert np.all(np.diff(found[order]) >= 0)
    if np.unique(known).size <= bins:
        assert np.array_equal(found, known)
    elif known.size:
        assert found.min() >= known.min() and found.max() <= known.max()
