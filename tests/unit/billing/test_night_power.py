"""What runs at night, and what share of all use it would be by day and by night."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from billing.answers.figure_words import WORDS
from billing.answers.meter import Baseline, _baseline


def day_of(by_hour: list[int]) -> Any:
    """A month of one day, in micro-kWh an hour."""
    usage = SimpleNamespace(
        micro_kwh=np.array(by_hour, dtype=np.int64), missing=np.zeros(24, dtype=bool), interval_minutes=60
    )
    return SimpleNamespace(usage=usage, axis=SimpleNamespace(size=24, clock_minute=np.arange(24) * 60))


def test_even_use_is_all_of_it_the_nights_power() -> None:
    assert _baseline(day_of([300_000] * 24)) == Baseline(300, 1.0)


def test_the_share_is_of_a_whole_day_at_that_power_not_of_the_hours_of_the_night() -> None:
    by_hour = [100_000] * 24
    by_hour[18] = 2_500_000
    found = _baseline(day_of(by_hour))
    assert found is not None and found.watts == 100
    assert found.share == pytest.approx(2.4 / 4.8), "0.3 of 4.8 kWh were used from two to five"
    assert "day and night" in WORDS["night_share"]
