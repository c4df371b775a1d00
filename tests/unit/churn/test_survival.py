"""When, not only whether: curves of lives that are cut short, and the months after a score."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.domain.label import Supply
from churn.domain.survival import MONTHS_OF_SCORE, MonthlyHazard, greenwood, kaplan_meier, person_months
from churn.lives import curves

DAYS = st.lists(st.integers(1, 60), min_size=1, max_size=40)


@given(DAYS)
def test_without_censoring_the_curve_is_what_is_left(days: list[int]) -> None:
    until = np.array(days, dtype=float)
    steps = kaplan_meier(until, np.ones(until.size, dtype=bool))
    for time in (0.0, *sorted(set(until.tolist()))):
        assert steps.at(time) == pytest.approx(np.mean(until > time))


@given(DAYS, st.randoms(use_true_random=False))
def test_a_curve_falls_within_its_band(days: list[int], chance) -> None:  # type: ignore[no-untyped-def]
    until = np.array(days, dtype=float)
    lost = np.array([chance.random() < 0.6 for _ in days])
    since = np.array([chance.uniform(0, day - 0.5) for day in days])
    steps = kaplan_meier(until, lost, since)
    assert (np.diff(steps.survival) <= 0).all() and (steps.lost <= steps.at_risk).all()
    inside = steps.survival > 0
    assert (steps.low[inside] <= steps.survival[inside] + 1e-12).all()
    assert (steps.survival[inside] <= steps.high[inside] + 1e-12).all()
    assert ((steps.low >= 0) & (steps.high <= 1)).all()


def test_the_remissions_of_freireich() -> None:
    """Weeks in remission on 6-mercaptopurine, of 21 (Freireich et al., Blood 21, 1963), the example of Cox
    (1972) and of Klein and Moeschberger (table 4.1): curve, error, band on the scale of log(-log)."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    ended = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    steps = kaplan_meier(np.array(weeks, dtype=float), np.array(ended, dtype=bool))
    assert steps.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert steps.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert steps.survival.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert greenwood(steps).round(3).tolist() == [0.076, 0.087, 0.096, 0.107, 0.114, 0.128, 0.135]
    assert steps.low.round(3).tolist() == [0.620, 0.563, 0.503, 0.432, 0.368, 0.268, 0.188]
    assert steps.high.round(3).tolist() == [0.952, 0.923, 0.889, 0.849, 0.805, 0.747, 0.680]
    assert steps.median == 23


def test_who_was_seen_late_is_not_at_risk_before() -> None:
    """Of many with a steady hazard, seen from half-way on: without delayed entry half would seem safe."""
    draw = np.random.default_rng(1)
    ends = draw.exponential(1.0, 20_000)
    since = draw.uniform(0, 1, ends.size)
    seen = ends > since
    steps = kaplan_meier(ends[seen], np.ones(int(seen.sum()), dtype=bool), since[seen])
    for time in (0.5, 1.0, 2.0):
        assert steps.at(time) == pytest.approx(np.exp(-time), abs=0.02)
    with pytest.raises(ValueError, match="watched for some time"):
        kaplan_meier(np.array([1.0]), np.array([True]), np.array([1.0]))


HAZARDS = st.builds(
    MonthlyHazard,
    st.floats(-6, -1),
    st.floats(0.2, 1.5),
    st.floats(-0.5, 0.5),
    st.floats(-0.3, 0.1),
    st.integers(3, 12),
)


@given(HAZARDS, st.lists(st.floats(0.0005, 0.95), min_size=1, max_size=8))
def test_three_months_are_the_chance_of_90_days(hazard: MonthlyHazard, chances: list[float]) -> None:
    said = np.array(chances)
    found = hazard.lost_within(said, 12)
    assert found[:, MONTHS_OF_SCORE - 1] == pytest.approx(said, abs=1e-6)
    assert (np.diff(found, axis=1) >= 0).all() and ((found >= 0) & (found <= 1)).all()
    again = MonthlyHazard.read(json.loads(json.dumps(hazard.document())))
    assert again.lost_within(said, 12).tolist() == found.tolist()


def test_months_count_when_they_are_over() -> None:
    made = person_months(
        [100, 100, 100, 40, 20], [None, 45, 45, 35, None], [False, True, False, True, False], 12
    )
    rows = list(zip(made.row.tolist(), made.month.tolist(), made.lost.tolist(), strict=True))
    assert rows == [
        (0, 1, False), (0, 2, False), (0, 3, False),
        (1, 1, False), (1, 2, True),
        (2, 1, False),
        (3, 1, False),
    ]  # fmt: skip


def test_a_segment_that_leaves_sooner_has_the_lower_curve() -> None:
    draw = np.random.default_rng(3)
    as_of, seen_from = date(2026, 11, 20), date(2025, 11, 20)
    supplies, segments = {}, {}
    for customer in range(1500):
        segments[customer] = "small_business" if customer % 3 == 0 else "household"
        first = as_of - timedelta(days=int(draw.integers(30, 3000)))
        stays = first + timedelta(days=1 + int(draw.exponential(700 if customer % 3 == 0 else 2500)))
        why = "switched" if draw.random() < 0.9 else "moved"
        supplies[customer] = [Supply(first, stays, why) if stays < as_of else Supply(first)]
    few = {9000 + n: [Supply(seen_from)] for n in range(14)}
    found = {
        one["segment"]: one
        for one in curves(supplies | few, segments | dict.fromkeys(few, "industry"), seen_from, as_of)
    }
    assert set(found) == {"", "household", "small_business"}, "fourteen are too few to be told of"
    kept = {name: next(step for step in one["steps"] if step[0] >= 2) for name, one in found.items()}
    assert kept["small_business"][3] < kept["household"][2]
    for name, mean in (("household", 2500), ("small_business", 700)):
        years, share, low, high, _at_risk = kept[name]
        assert low - 0.02 < np.exp(-0.9 * years * 365.25 / mean) < high + 0.02
        assert low <= share <= high
