"""Nothing that is tested on was learned from, whatever the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.learning.splitting import FEWEST_TESTED, Rows, splits


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(30, 200), st.integers(1, 4))
def test_by_chance(seed: int, folds: int, size: int, each: int) -> None:
    draw = np.random.default_rng(seed)
    groups = draw.permutation(np.arange(size) // each)
    left = draw.random(size) < 0.4
    left[:3], left[3:6] = True, False
    try:
        parts = splits(Rows(left, groups), folds, seed)
    except ValueError:
        ever = {int(group) for group in groups[left]}
        assert min(len(ever), len(set(groups.tolist())) - len(ever)) < 2
        return
    assert sorted(np.concatenate([one.tested for one in parts]).tolist()) == list(range(size))
    for one in parts:
        assert not set(groups[one.learned]) & set(groups[one.tested])
        assert one.learned.size + one.tested.size == size


@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(0, 40), st.booleans())
def test_by_time(seed: int, folds: int, gap: float, coarse: bool) -> None:
    draw = np.random.default_rng(seed)
    time = draw.integers(0, 5 if coarse else 400, 400).astype(np.float64)
    left = draw.random(400) < 0.3
    try:
        parts = splits(Rows(left, None, time, 0.2 if coarse else gap), folds, 0)
    except ValueError as error:
        assert str(error) == "no later period with enough of both kinds"
        return
    tested = np.concatenate([one.tested for one in parts])
    assert len(set(tested.tolist())) == tested.size and len(parts) <= folds
    for one in parts:
        assert time[one.learned].max() < time[one.tested].min() - (0.2 if coarse else gap)
        for side in (left[one.learned], left[one.tested]):
            assert FEWEST_TESTED <= side.sum() <= side.size - FEWEST_TESTED


def test_the_share_of_leavers_is_kept() -> None:
    left = np.arange(1000) % 10 == 0
    assert [int(left[one.tested].sum()) for one in splits(Rows(left), 5, 3)] == [20] * 5


def test_the_seed_decides() -> None:
    left = np.arange(300) % 3 == 0
    one, same, other = (splits(Rows(left), 5, seed)[0].tested.tolist() for seed in (1, 1, 2))
    assert one == same != other


def test_too_few_to_hold_back() -> None:
    with pytest.raises(ValueError, match="too few"):
        splits(Rows(np.array([True, False, False])), 5, 0)
