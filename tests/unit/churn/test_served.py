"""Figures of several models beside each other, and of groups that no model sees."""

from __future__ import annotations

import numpy as np
import pytest

from churn.domain.comparison import CALIBRATION, compared
from churn.domain.fairness import REST, fairness_document, served
from churn.domain.figures import calibration_error


def said_and_done(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    scores = draw.beta(1, 9, count)
    return draw.random(count) < scores, scores


def test_intervals_hold_their_figure_and_a_worse_model_is_told_apart() -> None:
    left, scores = said_and_done(1, 4000)
    noise = np.random.default_rng(2).permutation(scores)
    found = compared(left, {"good": scores, "noise": noise, "bold": np.clip(scores * 2, 0, 1)}, repeats=150)
    for figures in found.values():
        for value, low, high in figures.values():
            assert low <= value <= high or figures[CALIBRATION][0] == value
    assert found["good"]["roc_auc"][1] > found["noise"]["roc_auc"][2]
    assert found["bold"]["roc_auc"][0] == pytest.approx(found["good"]["roc_auc"][0], abs=1e-3)
    assert found["bold"][CALIBRATION][1] > found["good"][CALIBRATION][2]
    assert found["good"][CALIBRATION][0] == pytest.approx(calibration_error(left, scores))


def test_the_interval_of_the_calibration_error_knows_its_own_chance() -> None:
    """Of chances that are true the error is chance alone, and its interval reaches down to nearly nought."""
    low = [compared(*_of("good", seed), repeats=100)["good"][CALIBRATION][1] for seed in range(8)]
    assert np.median(low) < 0.004


def _of(name: str, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    left, scores = said_and_done(seed, 2000)
    return left, {name: scores}


def test_groups_are_told_from_fifteen_on_and_none_follows_from_the_others() -> None:
    left, scores = said_and_done(3, 600)
    groups = np.array(["a"] * 500 + ["b"] * 80 + ["c"] * 14 + ["d"] * 6, dtype=object)
    rows = served(groups, left, scores)
    assert [(one.group, one.customers) for one in rows] == [("a", 500), ("b", 80), (REST, 20)]
    assert sum(one.customers * one.top_share for one in rows) == pytest.approx(60)
    assert sum(one.customers * one.happened for one in rows) == pytest.approx(left.sum())
    assert rows[0].auc is not None and rows[2].auc is None
    lone = np.array(["a"] * 592 + ["b"] * 8, dtype=object)
    assert served(lone, left, scores) == (), "eight would follow from all less the others"
    assert fairness_document({"x": lone, "y": np.full(600, "a", dtype=object)}, left, scores) == []


def test_a_group_that_is_served_worse_is_seen() -> None:
    left, scores = said_and_done(4, 4000)
    groups = np.where(np.arange(4000) % 4 == 0, "b", "a").astype(object)
    fair = served(groups, left, scores)
    assert all(one.as_said for one in fair)
    unfair = {one.group: one for one in served(groups, left, np.where(groups == "b", scores / 2, scores))}
    assert unfair["a"].as_said and not unfair["b"].as_said
    assert unfair["b"].top_share < unfair["a"].top_share
