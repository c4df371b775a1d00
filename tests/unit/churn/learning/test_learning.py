"""The whole way: chosen inside, tested outside, the same every time, and no better than it should be."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churn.domain.figures import auc
from churn.learning.choosing import fit_best
from churn.learning.evaluation import evaluate_file
from churn.learning.labelled import Asked, read_labelled
from churn.learning.leakage import suspects
from churn.learning.thoroughness import QUICK, THOROUGH
from churn.learning.words import evaluation_text
from tests.unit.churn.learning.conftest import supplier_table
from utility_crm.kit.errors import Refused

Write = Callable[[pd.DataFrame | str], Path]


def test_a_table_is_evaluated_the_same_every_time(written: Write) -> None:
    path = written(supplier_table(900))
    found = evaluate_file(path, Asked("churn"), how=QUICK)
    again = evaluate_file(path, Asked("churn"), how=QUICK, workers=2)
    assert json.dumps(found) == json.dumps(again)
    assert found["rows"] == 900 and found["base_rate"] == pytest.approx(0.15, abs=0.05)
    assert found["roc_auc"]["mean"] > 0.68
    low, high = found["roc_auc"]["interval"]
    assert low < found["roc_auc"]["mean"] < high
    assert found["calibration_error"] < 0.06
    assert set(found["baseline"]) >= {"roc_auc", "pr_auc", "top_decile_lift", "calibration_error"}
    assert found["leakage_suspects"] == [] and found["without_suspects"] is None
    assert sum(found["chosen"]["times"].values()) == found["chosen"]["of"] == 3
    said = evaluation_text(found)
    assert "900 rows" in said and "Left out: country (it holds one value only)." in said


def test_noise_is_told_as_noise(written: Write) -> None:
    """Many categories and many columns; nothing of them says anything, and the figures say so."""
    draw = np.random.default_rng(4)
    table = pd.DataFrame({f"n{one}": draw.normal(size=1200) for one in range(6)})
    table["crowded"] = draw.integers(0, 300, 1200)
    table["crowded"] = "v" + table["crowded"].astype(str)
    table["churn"] = (draw.random(1200) < 0.25).astype(int)
    found = evaluate_file(written(table), Asked("churn"), how=QUICK)
    assert found["columns"]["crowded"] == ["crowded"]
    assert abs(found["roc_auc"]["mean"] - 0.5) < 0.06
    assert found["leakage_suspects"] == []


def test_a_later_time_is_told_by_an_earlier_one(written: Write) -> None:
    table = supplier_table(1500)
    table["seen_on"] = (np.datetime64("2015-01-01") + np.arange(1500) // 5).astype(str)
    # What was true at first is the other way round in the end: only a split by time shows it.
    turn = np.arange(1500) >= 1250
    table["habit"] = np.where(turn, 1 - table["churn"], table["churn"]) * 2 + np.random.default_rng(0).normal(
        size=1500
    )
    path = written(table)
    mixed = evaluate_file(path, Asked("churn"), how=QUICK)
    honest = evaluate_file(path, Asked("churn", time="seen_on"), gap=10, how=QUICK)
    assert honest["scheme"]["by"] == "time" and honest["scheme"]["unit"] == "days"
    assert honest["roc_auc"]["sd"] > 0.05  # the last period is unlike the others
    assert honest["roc_auc"]["mean"] < mixed["roc_auc"]["mean"]


def test_too_few_for_a_later_period(written: Write) -> None:
    table = supplier_table(300)
    table["t"] = table["churn"]  # all who left come last
    table["t"] = table["t"].cumsum() * table["churn"]
    with pytest.raises(Refused) as raised:
        evaluate_file(written(table), Asked("churn", time="t"), how=QUICK)
    assert raised.value.code == "too_few"


@pytest.mark.parametrize("kind", ["noisy", "reason", "date", "partly", "flipped"])
def test_a_planted_leak_is_named(written: Write, kind: str) -> None:
    table = supplier_table(1500)
    draw = np.random.default_rng(8)
    left = table["churn"].to_numpy() == 1
    table["planted"] = {
        "noisy": left + draw.normal(0, 0.4, 1500),
        "reason": np.where(left, draw.choice(["price", "moved", "service"], 1500), ""),
        "date": np.where(left, "2016-0" + pd.Series(draw.integers(1, 9, 1500)).astype(str) + "-11", ""),
        "partly": np.where(left & (draw.random(1500) < 0.4), "refund paid", "none"),
        "flipped": np.where(draw.random(1500) < 0.12, ~left, left),
    }[kind]
    found = read_labelled(written(table), Asked("churn"))
    named = suspects(found.frame, found.left, found.columns, found.sources)
    assert [one.column for one in named] == ["planted"]


@pytest.mark.parametrize("seed", range(4))
def test_an_honest_table_has_no_suspect(written: Write, seed: int) -> None:
    found = read_labelled(written(supplier_table(1500, seed)), Asked("churn"))
    assert suspects(found.frame, found.left, found.columns, found.sources) == []


def test_figures_without_the_suspect_stand_beside(written: Write) -> None:
    table = supplier_table(700)
    table["closing_fee"] = table["churn"] * 30 + np.random.default_rng(0).random(700)
    found = evaluate_file(written(table), Asked("churn"), how=QUICK)
    (one,) = found["leakage_suspects"]
    assert (one["column"], one["why"]) == ("closing_fee", "alone")
    assert found["roc_auc"]["mean"] > 0.95 > 0.85 > found["without_suspects"]["roc_auc"]["mean"]
    assert "closing_fee" in evaluation_text(found)


def test_a_model_is_kept_and_says_the_same() -> None:
    table = supplier_table(1200)
    left = table.pop("churn").to_numpy() == 1
    frame = table[["use", "channel", "colour"]].assign(
        margin=pd.to_numeric(table["margin"]),
        began=pd.to_datetime(table["began_on"]).astype("int64") / 1e15,
    )
    learned, later = frame.iloc[:900], frame.iloc[900:]
    made = fit_best(learned, left[:900], thoroughness=QUICK)
    kept = pickle.loads(pickle.dumps(made))
    assert (kept.predict(later) == made.predict(later)).all()
    again = fit_best(learned, left[:900], thoroughness=QUICK)
    assert (again.predict(later) == made.predict(later)).all()
    assert auc(left[900:], made.predict(later)) > 0.65
    strange = later.assign(channel="never seen", use=np.nan)
    assert np.isfinite(made.predict(strange)).all()
    with pytest.raises(KeyError):
        made.predict(later.drop(columns="use"))
    assert made.choice["candidate"] and set(made.members) == set(made.choice["candidate"].split("+"))


def test_columns_that_hardly_know_anything(written: Write) -> None:
    """Whatever falls into a fold: unknown there, one value there, infinite, tiny, huge."""
    draw = np.random.default_rng(2)
    table = pd.DataFrame({"useful": draw.normal(size=300)})
    table["churn"] = (draw.random(300) < 1 / (1 + np.exp(-2 * table["useful"]))).astype(int)
    table["hardly"] = np.where(np.arange(300) < 2, np.arange(300) * 1.5, np.nan)
    table["word"] = np.where(np.arange(300) < 2, "word", "")
    table["huge"] = draw.normal(size=300) * 1e300
    table["tiny"] = draw.normal(size=300) * 1e-300
    table["endless"] = np.where(np.arange(300) % 5 == 0, np.inf, draw.normal(size=300).round(3))
    found = evaluate_file(written(table), Asked("churn"), how=QUICK)
    assert "endless" in found["columns"]["numeric"]
    assert found["roc_auc"]["mean"] > 0.7


def test_too_few_to_learn_from() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_best(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), np.array([True, False, False]), thoroughness=QUICK)


@pytest.mark.shared
def test_telco(shared_data: Path) -> None:
    """One seed, fewer settings; 0.86 would be a leak. No column of it is a suspect, a planted one is."""
    path = shared_data / "churn" / "telco.csv"
    how = replace(QUICK, folds=5, leaves=(4,), most_rounds=160)
    found = evaluate_file(path, Asked("Churn"), how=how, workers=2)
    assert (found["rows"], found["base_rate"]) == (7043, 0.26537)
    assert 0.845 <= found["roc_auc"]["mean"] <= 0.86
    assert found["top_decile_lift"]["mean"] >= 2.8
    assert found["calibration_error"] <= 0.02
    assert found["baseline"]["roc_auc"]["mean"] == pytest.approx(0.845, abs=0.003)
    assert found["leakage_suspects"] == []
    assert "TotalCharges" in found["columns"]["numeric"]


def test_thorough_is_more_than_quick() -> None:
    assert len(THOROUGH.seeds) == 3 and THOROUGH.folds == 5 and set(QUICK.seeds) < set(THOROUGH.seeds)
