"""The model that learns best is found, and a simpler one is kept where nothing is gained by another."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from churn.candidates import LOGISTIC, STRENGTHS, choose, fitted
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.domain.models import model_of
from churn.learning.calibrating import log_loss
from churn.model import table_of

NUMERIC, CATEGORICAL = ("use", "late"), ("tariff",)


def people(seed: int, bent: bool) -> tuple[pd.DataFrame, BoolArray]:
    """Who leaves by a straight line, or at both ends of what is used. Each customer on two dates."""
    draw = np.random.default_rng(seed)
    count = 2400
    use: FloatArray = draw.normal(0, 1, count)
    late = draw.poisson(1.0, count).astype(float)
    shape = 1.6 * np.abs(use) - 1.2 if bent else 0.8 * use
    left = draw.random(count) < 1 / (1 + np.exp(2 - shape - 0.4 * late))
    frame = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(count // 2), 2),
            "use": use,
            "late": late,
            "tariff": draw.choice(["a", "b"], count).astype(object),
        }
    )
    return frame, left


def test_what_bends_is_followed_by_trees() -> None:
    frame, left = people(1, bent=True)
    chosen = choose(frame, left, NUMERIC, CATEGORICAL)
    assert chosen.trees is not None and chosen.losses["boosted"] < chosen.losses["logistic"] - 0.01
    new, outcome = people(2, bent=True)
    table = table_of(new, NUMERIC, CATEGORICAL)
    best, plain = (
        model_of(json.loads(json.dumps(fitted(one, frame, left, NUMERIC, CATEGORICAL).document())))
        for one in (chosen, LOGISTIC)
    )
    assert log_loss(best.chances(table), outcome) < log_loss(plain.chances(table), outcome) - 0.01


def test_a_straight_line_stays_one() -> None:
    chosen = choose(*people(3, bent=False), NUMERIC, CATEGORICAL)
    assert chosen.document()["chosen"] == "logistic" and set(chosen.document()["setting"]) == {"strength"}


def test_many_facts_that_say_nothing_are_held_down_harder() -> None:
    """Of few who left, slopes of noise alone are shrunk; one strong fact among many customers is not."""
    draw = np.random.default_rng(6)
    noise = tuple(f"noise{place}" for place in range(25))

    def chosen(count: int, told: tuple[str, ...], slope: float) -> float:
        frame = pd.DataFrame({name: draw.normal(0, 1, count) for name in (*told, "cause")})
        frame = frame.assign(customer_id=np.arange(count), tariff="a")
        left = draw.random(count) < 1 / (1 + np.exp(3 - slope * frame["cause"].to_numpy()))
        found = choose(frame, left, (*told, "cause"), CATEGORICAL)
        assert found.trees is None
        return found.strength

    assert chosen(1200, noise, 0.4) == min(STRENGTHS)
    assert chosen(3000, (), 3.0) == max(STRENGTHS)


def test_a_model_of_a_kind_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no model of the kind 'forest'"):
        model_of({"kind": "forest"})
