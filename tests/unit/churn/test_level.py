"""How high a new day's chances are as a whole: a part of what the facts of everybody foretell together."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.domain.level import level_of, part_taken
from churn.domain.scoring import chance
from churn.model import table_of
from churn.training import LOGISTIC, Past, _fitted

ODDS = st.lists(st.floats(-8, 3), min_size=3, max_size=40).map(np.array)
TODAY = date(2026, 11, 20)
DATES = [TODAY - timedelta(days=91 + 45 * step) for step in range(5)]


@given(ODDS, ODDS, st.integers(1, 9))
def test_the_level_lies_between_what_was_learned_and_what_is_foretold(
    then: np.ndarray, now: np.ndarray, dates: int
) -> None:
    found = level_of(then, now, dates)
    moved = chance(now + found.shift)
    assert moved.mean() == pytest.approx(found.taken, rel=1e-6)
    low, high = sorted((found.learned, found.foretold))
    assert low * (1 - 1e-9) <= found.taken <= high * (1 + 1e-9)
    if dates == 1:
        assert found.taken == pytest.approx(found.learned)


@given(ODDS, st.integers(1, 9))
def test_where_nothing_moved_nothing_is_moved(odds: np.ndarray, dates: int) -> None:
    assert level_of(odds, np.random.default_rng(1).permutation(odds), dates).shift == pytest.approx(
        0, abs=1e-9
    )


def test_more_dates_are_believed_more() -> None:
    parts = [part_taken(dates) for dates in range(1, 9)]
    assert parts[0] == 0 and parts == sorted(parts) and parts[4] == 0.5 and parts[-1] < 1


def people(seed: int, when: float, worth: float, count: int = 1500) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers of one day. when: how far a fact of everybody lies from its mean then; worth: what that move
    is worth, of the slope between customers."""
    draw = np.random.default_rng(seed)
    own = draw.normal(0, 0.5, count)
    frame = pd.DataFrame({name: draw.normal(0, 1, count) for name in NUMERIC_NAMES})
    frame["bill_step"] = own + when
    for name in CATEGORICAL:
        frame[name] = draw.choice(["a", "b"], count).astype(object)
    frame["customer_id"] = np.arange(count)
    left = draw.random(count) < chance(-3 + 1.5 * own + 1.5 * worth * when)
    return frame, left


def told(worth: float, moves: list[float], now: float, seed: int) -> tuple[float, float, float]:
    """Mean chances of a new day: as fitted, as taken; and how many left then."""
    days = [people(10 * seed + place, when, worth) for place, when in enumerate(moves)]
    frame = pd.concat([frame.assign(as_of=day) for day, (frame, _) in zip(DATES, days, strict=True)])
    known = Past(frame.reset_index(drop=True), np.concatenate([left for _, left in days]), 0)
    present, left = people(10 * seed + 9, now, worth, 6000)
    model, level = _fitted(LOGISTIC, known, present.assign(as_of=TODAY))
    assert level is not None
    said = model.chances(table_of(present, NUMERIC_NAMES, CATEGORICAL))
    assert said.mean() == pytest.approx(level.taken, rel=1e-6)
    return level.foretold, level.taken, float(left.mean())


MOVES = [0.1, -0.1, 0.0, 0.1, -0.1]


@pytest.mark.parametrize("now", [-1.0, 1.0])
def test_a_move_of_everybody_that_is_worth_nothing_does_half_the_harm(now: float) -> None:
    foretold, taken, left = told(0.0, MOVES, now, 1)
    away = [abs(np.log(one / left)) for one in (foretold, taken)]
    assert away[0] > 0.6 and away[1] < 0.65 * away[0]


def test_a_move_that_is_worth_all_of_it_is_followed_at_least_by_half() -> None:
    foretold, taken, left = told(1.0, MOVES, 0.8, 2)
    learned = told(1.0, MOVES, 0.0, 2)[1]
    assert left > 1.8 * learned and foretold > 1.8 * learned
    assert learned * 1.3 < taken < foretold


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_steady_days_are_disturbed_by_no_more_than_noise(seed: int) -> None:
    foretold, taken, _ = told(1.0, [0.0] * 5, 0.0, seed)
    assert abs(np.log(taken / foretold)) < 0.05


def test_nobody_supplied_leaves_the_model_as_it_is() -> None:
    frame, left = people(1, 0.0, 1.0)
    known = Past(frame.assign(as_of=TODAY), left, 0)
    model, level = _fitted(LOGISTIC, known, known.frame.iloc[:0])
    assert level is None
    said = model.chances(table_of(frame, NUMERIC_NAMES, CATEGORICAL))
    assert said.mean() == pytest.approx(left.mean(), rel=1e-3)
