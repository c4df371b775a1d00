"""Each rule finds the fault that was planted, where it was planted, and nothing in clean days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from meters.domain.decimals import MISSING
from meters.domain.quality import Quality
from meters.domain.validation.above_capacity import above_capacity, capacity_of
from meters.domain.validation.days import Days, days_of, sums
from meters.domain.validation.future import future
from meters.domain.validation.missing import missing
from meters.domain.validation.negative import negative
from meters.domain.validation.overlap import overlap
from meters.domain.validation.spike import spike
from meters.domain.validation.stuck import run_lengths, stuck, zero_runs
from meters.domain.validation.sum_check import sum_check
from meters.domain.validation.unit_mismatch import unit_mismatch

KWH = 1_000_000
SIZES = st.sampled_from((24, 48, 96))
SEEDS = st.integers(0, 2**32 - 1)


def plain(seed: int, rows: int, size: int) -> np.ndarray:
    """Ordinary days: every interval another value between 0.1 and 1 kWh."""
    draw = np.random.default_rng(seed)
    values = draw.integers(KWH // 10, KWH, (rows, size))
    return values // 100 * 100 + np.arange(size)  # no two alike in a row


def of(micro: np.ndarray, **more: np.ndarray) -> Days:
    rows = len(micro)
    return days_of(np.arange(rows), np.full(rows, 739_000), micro.astype(np.int64), **more)


def per_row(value: float, days: Days, kind: type = np.int64) -> np.ndarray:
    return np.full(days.channel_id.size, value, dtype=kind)


@st.composite
def planted(draw: st.DrawFn) -> tuple[np.ndarray, int, int]:
    """Ordinary days, and a row and interval of them."""
    size, rows = draw(SIZES), draw(st.integers(1, 6))
    micro = plain(draw(SEEDS), rows, size)
    return micro, draw(st.integers(0, rows - 1)), draw(st.integers(0, size - 1))


@given(planted(), st.integers(-(10**12), -1))
def test_negative(case: tuple[np.ndarray, int, int], value: int) -> None:
    micro, row, at = case
    assert not negative(of(micro)).rows.size
    micro[row, at - 1] = MISSING  # a hole is no value below zero
    assert not negative(of(micro)).rows.size
    micro[row, at] = value
    hits = negative(of(micro))
    assert hits.rows.tolist() == [row] and np.flatnonzero(hits.at[0]).tolist() == [at]
    assert hits.found.tolist() == [value] and hits.usual.tolist() == [0]


@given(planted(), st.data())
def test_missing_is_what_was_due(case: tuple[np.ndarray, int, int], data: st.DataObject) -> None:
    micro, row, at = case
    days = of(micro)
    assert not missing(days, per_row(days.size, days)).rows.size
    micro[row, at:] = MISSING
    days = of(micro)
    due = data.draw(st.integers(0, days.size))
    hits = missing(days, per_row(due, days))
    assert hits.rows.tolist() == ([row] if due > at else [])
    if due > at:
        assert np.flatnonzero(hits.at[0]).tolist() == list(range(at, due))
        assert (hits.found[0], hits.usual[0]) == (due - at, due)


@given(planted(), st.integers(1, 10**9))
def test_above_capacity(case: tuple[np.ndarray, int, int], over: int) -> None:
    micro, row, at = case
    capacity = 2 * KWH
    assert not above_capacity(of(micro), per_row(capacity, of(micro))).rows.size
    micro[row, at] = capacity
    assert not above_capacity(of(micro), per_row(capacity, of(micro))).rows.size, "as much as it can"
    micro[row, at] += over
    hits = above_capacity(of(micro), per_row(capacity, of(micro)))
    assert hits.rows.tolist() == [row] and np.flatnonzero(hits.at[0]).tolist() == [at]
    assert not above_capacity(of(micro), per_row(0, of(micro))).rows.size, "nothing known"


def test_the_capacity_of_usual_meters() -> None:
    assert capacity_of(100, 1) == 23 * KWH and capacity_of(100, 3) == 69 * KWH


@given(planted(), st.floats(2, 8))
def test_spike(case: tuple[np.ndarray, int, int], factor: float) -> None:
    micro, row, at = case
    days = of(micro)
    most, floor = days.most.copy(), per_row(2 * KWH, days)
    factors = per_row(factor, days, np.float64)
    assert not spike(days, most, factors, floor).rows.size
    micro[row, at] = max(int(most[row] * factor), 2 * KWH) + 2
    hits = spike(of(micro), most, factors, floor)
    assert hits.rows.tolist() == [row] and np.flatnonzero(hits.at[0]).tolist() == [at]
    assert hits.usual.tolist() == [most[row]]
    assert not spike(of(micro), per_row(-1, days), factors, floor).rows.size, "no history, no spike"
    assert not spike(of(micro), most, factors, per_row(10**15, days)).rows.size, "small beer"


@given(planted(), st.integers(2, 24), st.data())
def test_stuck(case: tuple[np.ndarray, int, int], run: int, data: st.DataObject) -> None:
    micro, row, _at = case
    days = of(micro)
    longest = per_row(1, days)
    assert not stuck(days, per_row(run, days), longest).rows.size
    first = data.draw(st.integers(0, days.size - run))
    micro[row, first : first + run] = 310_007
    hits = stuck(of(micro), per_row(run, days), longest)
    assert hits.rows.tolist() == [row] and hits.found.tolist() == [310_007]
    assert np.flatnonzero(hits.at[0]).tolist() == list(range(first, first + run))
    assert not stuck(of(micro), per_row(run + 1, days), longest).rows.size, "one short of a run"
    assert not stuck(of(micro), per_row(0, days), longest).rows.size, "switched off"
    micro[row, first : first + run] = 0
    assert not stuck(of(micro), per_row(run, days), longest).rows.size, "nothing used is no run of a value"


@given(hnp.arrays(np.int64, (3, 20), elements=st.integers(0, 2)))
def test_run_lengths_are_those_counted_one_by_one(values: np.ndarray) -> None:
    def counted(row: list[int], place: int) -> int:
        first = last = place
        while first > 0 and row[first - 1] == row[place]:
            first -= 1
        while last < len(row) - 1 and row[last + 1] == row[place]:
            last += 1
        return last - first + 1

    expected = [[counted(row, place) for place in range(20)] for row in values.tolist()]
    assert run_lengths(values).tolist() == expected


@given(st.integers(2, 6), st.integers(0, 20), st.integers(1, 8))
def test_days_of_nothing(least: int, first: int, length: int) -> None:
    totals = np.full((2, 30), KWH)
    totals[1, first : first + length] = 0
    known = np.ones((2, 30), dtype=bool)
    at = zero_runs(totals, known, np.array([least, least]))
    wanted = list(range(first, first + length)) if length >= least else []
    assert np.flatnonzero(at[1]).tolist() == wanted and not at[0].any()
    known[1] = False
    assert not zero_runs(totals, known, np.array([least, least])).any(), "nothing read is not nothing used"


@given(planted(), st.integers(0, 30))
def test_future(case: tuple[np.ndarray, int, int], begun: int) -> None:
    micro, row, at = case
    days = of(micro)
    assert not future(days, per_row(days.size, days)).rows.size
    micro[row, begun:] = MISSING
    counts = per_row(days.size, days)
    counts[row] = begun
    assert not future(of(micro), counts).rows.size
    if at >= begun:
        micro[row, at] = 5
        hits = future(of(micro), counts)
        assert hits.rows.tolist() == [row] and np.flatnonzero(hits.at[0]).tolist() == [at]
        guessed = per_row(Quality.FORWARD, days, np.int16)
        assert not future(of(micro, quality=guessed), counts).rows.size, "an estimate may run ahead"


@given(planted(), st.sampled_from((1000, 0.001)), st.floats(0.6, 2))
def test_unit_mismatch(case: tuple[np.ndarray, int, int], factor: float, mood: float) -> None:
    micro, row, _at = case
    days = of(micro)
    within, floor = per_row(2.5, days, np.float64), per_row(KWH, days)
    median = sums(days)
    assert not unit_mismatch(days, median, within, floor).rows.size
    micro[row] = np.rint(micro[row] * factor * mood)
    hits = unit_mismatch(of(micro), median, within, floor)
    assert hits.rows.tolist() == [row] and hits.usual.tolist() == [median[row]]
    assert hits.at.all()
    micro[row, 0 : days.size // 2 + 1] = MISSING
    assert not unit_mismatch(of(micro), median, within, floor).rows.size, "half a day tells too little"


def test_one_wild_reading_is_no_other_unit() -> None:
    days = of(plain(3, 2, 48))
    median, micro = sums(days), days.micro.copy()
    micro[0, 7] = median[0] * 900
    within, floor = per_row(2.5, days, np.float64), per_row(KWH, days)
    assert not unit_mismatch(of(micro), median, within, floor).rows.size


@pytest.mark.parametrize("factor", [10, 0.1, 100, 0.01, 20_000])
def test_another_factor_is_no_other_unit(factor: float) -> None:
    days = of(plain(1, 4, 48))
    median = sums(days)
    micro = np.rint(days.micro * factor).astype(np.int64)
    within, floor = per_row(2.5, days, np.float64), per_row(KWH, days)
    assert not unit_mismatch(of(micro), median, within, floor).rows.size


@given(planted(), st.integers(1, 10**7))
def test_overlap(case: tuple[np.ndarray, int, int], change: int) -> None:
    micro, row, at = case
    days, before = of(micro), micro.copy()
    measured = np.ones(before.shape, dtype=bool)
    share, floor = per_row(0.01, days, np.float64), per_row(KWH // 10, days)
    assert not overlap(days, before, measured, share, floor).rows.size
    micro[row, at] += change
    doubted = change > KWH // 10 and change > 0.01 * before[row].sum()
    hits = overlap(of(micro), before, measured, share, floor)
    assert hits.rows.tolist() == ([row] if doubted else [])
    if doubted:
        assert hits.found[0] - hits.usual[0] == change and np.flatnonzero(hits.at[0]).tolist() == [at]
    measured[row, at] = False
    assert not overlap(of(micro), before, measured, share, floor).rows.size, "an estimate may be put right"


@given(st.integers(1, 10**12), st.integers(-(10**10), 10**10))
def test_sum_check(registers: int, off: int) -> None:
    said = sum_check(np.array([registers + off]), np.array([registers]), np.array([True]), 0.01, KWH)
    assert said.tolist() == [abs(off) > KWH and abs(off) > 0.01 * registers]
    assert not sum_check(np.array([0]), np.array([10**12]), np.array([False]), 0.01, KWH).any()
