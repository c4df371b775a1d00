"""A shifted clock is found with its lag; noise, weekends and a new habit are not called one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.validation.clock_drift import clock_drift

HOURS = np.arange(48) / 2


def home(level: float = 1.0) -> np.ndarray:
    """A morning and an evening peak over a base."""
    return level * (0.2 + np.exp(-(((HOURS - 7.5) / 1.2) ** 2)) + 1.6 * np.exp(-(((HOURS - 19) / 2) ** 2)))


def spells(shape: np.ndarray, seed: int, noise: float, count: int = 2) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.stack([shape * draw.lognormal(0, noise, 48) for _ in range(count)])[None]


@given(st.integers(-12, 12), st.integers(0, 10_000), st.floats(0.5, 3))
def test_the_lag_is_found(lag: int, seed: int, level: float) -> None:
    recent = spells(np.roll(home(level), lag), seed, 0.12)
    drift = clock_drift(home()[None], recent, 12, 0.8, 0.2)
    if abs(lag) >= 3:
        assert drift.lag.tolist() == [lag]
    elif lag == 0:
        assert drift.lag.tolist() == [0]
    else:
        assert drift.lag.tolist() in ([0], [lag]), "a small shift may be too small to tell, never another"


@given(st.integers(0, 10_000), st.floats(0.2, 4))
def test_more_or_less_use_is_no_shift(seed: int, level: float) -> None:
    assert clock_drift(home()[None], spells(home(level), seed, 0.2), 12, 0.8, 0.2).lag.tolist() == [0]


@given(st.integers(0, 10_000))
def test_a_flat_or_an_irregular_load_has_no_lag(seed: int) -> None:
    draw = np.random.default_rng(seed)
    flat = np.ones((1, 48))
    assert clock_drift(flat, spells(np.ones(48), seed, 0.0), 12, 0.8, 0.2).lag.tolist() == [0]
    noise = draw.random((1, 48)), draw.random((1, 2, 48))
    assert clock_drift(*noise, 12, 0.8, 0.2).lag.tolist() == [0]


def test_each_channel_by_itself() -> None:
    usual = np.stack([home(), home(), home()])
    recent = np.concatenate([spells(np.roll(home(), lag), 3, 0.1) for lag in (0, 4, -6)])
    assert clock_drift(usual, recent, 12, 0.8, 0.2).lag.tolist() == [0, 4, -6]
    assert clock_drift(usual, recent, 3, 0.8, 0.2).lag[1] != 4, "beyond what is looked for"
