"""A known effect is found, and where there is none to find nothing is claimed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churn.domain.scoring import chance
from churn.domain.uplift.models import uplift_model_of
from churn.domain.uplift.trial import Trial
from churn.domain.uplift.verdicts import LEAVING, TRANSFORMED, UPLIFT
from churn.model import table_of
from churn.uplift.judging import judged
from churn.uplift.learning import FEWEST, cross_fitted, enough, fitted

NUMERIC, CATEGORICAL = ("tenure", "saving", "noise"), ("payment",)
SIZE = 3000


def _people(draw: np.random.Generator, size: int = SIZE) -> pd.DataFrame:
    numbers = {name: draw.standard_normal(size) for name in NUMERIC}
    numbers["saving"][draw.random(size) < 0.1] = np.nan
    return pd.DataFrame(numbers | {"payment": draw.choice(["debit", "bill"], size).astype(object)})


def _trial(
    draw: np.random.Generator, people: pd.DataFrame, effect: np.ndarray, share: float = 0.7
) -> tuple[Trial, np.ndarray]:
    """Who was asked by chance, who stayed, and the chance of leaving, which those of short tenure have."""
    leaving = chance(-1.0 - 1.2 * people["tenure"].to_numpy())
    asked = draw.permutation(len(people)) < share * len(people)
    stays = 1 - np.clip(leaving - np.where(asked, effect, 0.0), 0.0, 1.0)
    return Trial(asked, draw.random(len(people)) < stays), leaving


def _judged(people: pd.DataFrame, trial: Trial, leaving: np.ndarray) -> dict[str, Any]:
    rankings = cross_fitted(people, trial, NUMERIC, CATEGORICAL, folds=3, seeds=(0, 1))
    return judged(trial, rankings | {LEAVING: leaving}, reached=True, repeats=300)


def test_who_is_moved_is_found_where_it_is_not_who_leaves() -> None:
    """Those who pay by bill are moved by up to 30 of 100, whatever their chance of leaving."""
    draw = np.random.default_rng(21)
    people = _people(draw)
    effect = np.where(people["payment"] == "bill", 0.3, 0.0)
    people["tenure"] -= 2.0 * (people["payment"] == "debit")  # those not moved leave more often
    trial, leaving = _trial(draw, people, effect)
    told = _judged(people, trial, leaving)
    assert told["sentence"] == "beats_leaving"
    for name in (UPLIFT, TRANSFORMED):
        assert told["rankings"][name]["qini"]["low"] > 0
    assert told["rankings"][LEAVING]["qini"]["held"] != "better"
    than = next(one for one in told["differences"] if one["than"] == LEAVING)
    assert than["low"] > 0
    first, last = told["tenths"][0], told["tenths"][-1]
    assert first["effect"]["difference"] > last["effect"]["difference"]
    assert json.loads(json.dumps(told)) == told


def test_where_those_most_likely_to_leave_are_moved_the_chance_of_leaving_is_as_good() -> None:
    draw = np.random.default_rng(22)
    people = _people(draw)
    leaving = chance(-1.0 - 1.2 * people["tenure"].to_numpy())
    trial, leaving = _trial(draw, people, 0.6 * leaving)
    learned = chance(-1.0 - 1.2 * people["tenure"].to_numpy() + 0.6 * people["noise"].to_numpy())
    rankings = cross_fitted(people, trial, NUMERIC, CATEGORICAL, folds=3, seeds=(0,))
    told = {
        name: judged(trial, rankings | {LEAVING: scores}, reached=True, repeats=300)
        for name, scores in (("true", leaving), ("learned", learned))
    }
    assert told["learned"]["rankings"][LEAVING]["qini"]["held"] == "better"
    assert told["learned"]["sentence"] == "as_good_as_leaving"
    assert told["true"]["sentence"] == "leaving_better"  # nothing learned ranks as well as the truth


def test_where_all_are_moved_alike_no_ranking_is_said_to_be_better() -> None:
    draw = np.random.default_rng(23)
    people = _people(draw, 1500)
    leaving = chance(0.5 * people["noise"].to_numpy())
    asked = draw.permutation(1500) < 1050
    trial = Trial(asked, draw.random(1500) < 0.3 + 0.2 * asked)
    told = _judged(people, trial, leaving)
    assert told["sentence"] == "none"
    assert told["effect"]["low"] > 0  # it works all the same


def test_nobody_is_ranked_by_models_that_saw_them() -> None:
    """A fact that names each customer tells everything of those learned from and nothing of the others."""
    draw = np.random.default_rng(24)
    people = pd.DataFrame({"who": np.arange(400.0), "payment": np.array(["x"] * 400, dtype=object)})
    people["who"] = draw.permutation(400).astype(np.float64)
    trial = Trial(draw.random(400) < 0.5, draw.random(400) < 0.5)
    people["payment"] = [f"c{one // 2}" for one in range(400)]  # a category for every two
    inside = fitted(people, trial, ("who",), ("payment",))
    table = table_of(people, ("who",), ("payment",))
    outside = cross_fitted(people, trial, ("who",), ("payment",), folds=4, seeds=(0,))
    for name, model in inside.items():
        seen = {UPLIFT: model.uplift(table)}
        assert judged(trial, seen, reached=True, repeats=50)["rankings"][UPLIFT]["coefficient"] > 0.5
        told = judged(trial, {UPLIFT: outside[name]}, reached=True, repeats=50)
        assert told["rankings"][UPLIFT]["coefficient"] < 0.2


def test_arms_of_unlike_sizes_do_not_shift_the_transformed_uplift() -> None:
    """Everybody is moved by 20 of 100: both ways say so, however few were left alone."""
    draw = np.random.default_rng(25)
    people = _people(draw)
    for share in (0.5, 0.85):
        asked = draw.permutation(SIZE) < share * SIZE
        trial = Trial(asked, draw.random(SIZE) < 0.3 + 0.2 * asked)
        table = table_of(people, NUMERIC, CATEGORICAL)
        for model in fitted(people, trial, NUMERIC, CATEGORICAL).values():
            assert float(model.uplift(table).mean()) == pytest.approx(trial.effect, abs=0.03)


def test_a_model_is_kept_as_plain_numbers() -> None:
    draw = np.random.default_rng(26)
    people = _people(draw, 400)
    asked = draw.random(400) < 0.6
    trial = Trial(asked, asked & (draw.random(400) < 0.3))  # nobody left alone can have it
    table = table_of(people, NUMERIC, CATEGORICAL)
    for model in fitted(people, trial, NUMERIC, CATEGORICAL).values():
        again = uplift_model_of(json.loads(json.dumps(model.document())))
        assert again.uplift(table) == pytest.approx(model.uplift(table), abs=1e-12)
    with pytest.raises(ValueError, match="no uplift model"):
        uplift_model_of({"kind": "guess"})
    assert enough(trial, alone_cannot=True) and not enough(trial, alone_cannot=False)
    few = Trial(np.arange(100) < 50, np.arange(100) % 50 < FEWEST - 1)
    assert not enough(few, alone_cannot=False)
    some = Trial(np.arange(100) < 50, np.arange(100) % 50 < FEWEST)
    assert enough(some, alone_cannot=False)
