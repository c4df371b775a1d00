"""The model as plain numbers says what the fitted pipeline says, and its parts add up."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from churn.domain.feature_table import FeatureTable
from churn.domain.scoring import LogisticModel, chance, points
from churn.model import parameters, pipeline, table_of
from tests.unit.churn.conftest import facts_of

NUMERIC = ("use", "late", "never", "flat")
CATEGORICAL = ("segment", "tariff")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame, draw = facts_of(800, seed=3)
    odds = -1.5 + 0.8 * frame["late"] + 0.3 * frame["use"].fillna(3) + (frame["tariff"] == "b")
    return frame.assign(left=draw.random(800) < 1 / (1 + np.exp(-odds + 2)))


@pytest.fixture(scope="module")
def fitted(people: pd.DataFrame):  # type: ignore[no-untyped-def]
    return pipeline(NUMERIC, CATEGORICAL).fit(people[[*NUMERIC, *CATEGORICAL]], people["left"])


@pytest.fixture(scope="module")
def model(fitted) -> LogisticModel:  # type: ignore[no-untyped-def]
    """As it comes back from the database."""
    written = json.dumps(parameters(fitted, NUMERIC, CATEGORICAL).document(), allow_nan=False)
    return LogisticModel.of(json.loads(written))


def test_chances_are_those_of_the_fitted_pipeline(fitted, model: LogisticModel, people: pd.DataFrame) -> None:
    # type: ignore[no-untyped-def]
    new = people.copy()
    new.loc[::7, "late"] = np.nan  # unknown where the fit knew all
    new.loc[::5, "tariff"] = "d"  # never seen by the fit
    new.loc[::3, "never"] = 4.0  # known where the fit knew nothing
    for frame in (people, new):
        expected = fitted.predict_proba(frame[[*NUMERIC, *CATEGORICAL]])[:, 1]
        found = model.chances(table_of(frame, NUMERIC, CATEGORICAL))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_points_sum_to_the_distance_from_the_average_customer(
    model: LogisticModel, people: pd.DataFrame
) -> None:
    table = table_of(people, NUMERIC, CATEGORICAL)
    terms = model.terms(table)
    usual_terms = terms.mean(axis=0)
    moved = points(terms, model.intercept, usual_terms)
    usual = chance(np.array([usual_terms.sum() + model.intercept]))[0]
    np.testing.assert_allclose(moved.sum(axis=1), 100 * (model.chances(table) - usual), atol=1e-9)
    assert (np.sign(moved) == np.sign(terms - usual_terms)).all()


def test_a_raised_model_has_the_same_parts(model: LogisticModel, people: pd.DataFrame) -> None:
    table = table_of(people, NUMERIC, CATEGORICAL)
    other = LogisticModel.of(json.loads(json.dumps(model.raised(-0.4).document())))
    assert (other.terms(table) == model.terms(table)).all()
    np.testing.assert_allclose(other.log_odds(table), model.log_odds(table) - 0.4, atol=1e-12)


def test_the_average_customer_has_no_points(model: LogisticModel, people: pd.DataFrame) -> None:
    terms = model.terms(table_of(people, NUMERIC, CATEGORICAL))
    assert points(terms.mean(axis=0)[None, :], model.intercept, terms.mean(axis=0)) == pytest.approx(0)


def test_chances_stay_within_bounds_at_both_ends() -> None:
    found = chance(np.array([-1e4, 0.0, 1e4]))
    assert found.tolist() == [0.0, 0.5, 1.0]


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(ValueError, match="no logistic model"):
        LogisticModel.of({"kind": "trees"})


def test_an_absent_fact_is_an_error(model: LogisticModel) -> None:
    with pytest.raises(KeyError):
        model.chances(FeatureTable({}, {}))
