"""stuck: the same value on and on, or nothing at all for days."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import MISSING, IntArray
from meters.domain.validation.days import BoolArray, Days, Hits, hits_of


def stuck(days: Days, run: IntArray, longest: IntArray) -> Hits:
    """Days with one value other than zero `run` (r,) times in a row or more; a run of 0 is not judged.

    found: the value; usual: `longest` (r,), the longest such run of the channel before, in intervals.
    """
    rows = _may_be_stuck(days.micro, run)
    if not rows.size:
        return hits_of(days, rows, days.micro[rows] > 0, run[rows], longest[rows])
    at = same_runs(days.micro[rows], run[rows]) & days.measured(rows)
    value = np.where(at, days.micro[rows], MISSING).max(axis=1)
    return hits_of(days, rows, at, value, longest[rows])


def _may_be_stuck(micro: IntArray, run: IntArray) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows that can hold such a run: it covers two neighbours of a sample taken at half its length."""
    shortest = int(run[run > 1].min(initial=micro.shape[1] + 1))
    if shortest > micro.shape[1]:
        return np.zeros(0, dtype=np.intp)
    sample = micro[:, :: max(1, shortest // 2)]
    alike = (sample[:, 1:] == sample[:, :-1]) & (sample[:, 1:] > 0)
    return np.flatnonzero(alike.any(axis=1) & (run > 1))


def same_runs(values: IntArray, run: IntArray) -> BoolArray:
    """bool (r, n): the elements in runs of `run` (r,) equal values above zero, or more."""
    lengths = run_lengths(values)
    held: BoolArray = (lengths >= run[:, None]) & (values > 0)
    return held


def run_lengths(values: IntArray) -> IntArray:
    """int64 (r, n): how long the run of equal values is in which each element stands.

    >>> run_lengths(np.array([[1, 1, 2, 2, 2, 1]])).tolist()
    [[2, 2, 3, 3, 3, 1]]
    """
    begins = np.ones(values.shape, dtype=np.bool_)
    begins[:, 1:] = values[:, 1:] != values[:, :-1]
    number = np.cumsum(begins.reshape(-1)) - 1
    lengths: IntArray = np.bincount(number).astype(np.int64)[number].reshape(values.shape)
    return lengths


def zero_runs(totals: IntArray, known: BoolArray, days: IntArray) -> BoolArray:
    """bool (c, d): the days in runs of `days` (c,) whole days of zero, or more; 0 is not judged.

    totals: int64 (c, d); known: bool (c, d), whether all of a day was read.
    """
    zero = known & (totals == 0)
    held: BoolArray = zero & (run_lengths(zero.astype(np.int64)) >= days[:, None]) & (days[:, None] > 0)
    return held


def longest_zero_run(totals: IntArray, known: BoolArray) -> IntArray:
    """int64 (c,): the most whole days of zero in a row."""
    zero = known & (totals == 0)
    longest: IntArray = np.where(zero, run_lengths(zero.astype(np.int64)), 0).max(axis=1, initial=0)
    return longest
