"""Energy by key, exact in int64: every interval of an axis has one, and all intervals of a key are added
up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from billing.domain.money import Int64Array
from billing.domain.reckoning.folding import FEW, Fold, fold_of, summed


@dataclass(frozen=True, eq=False)
class Keyed:
    """key_of: (intervals,), -1 for none. day_index: (intervals,), the day of each."""

    key_of: npt.NDArray[np.integer]
    keys: int
    day_index: npt.NDArray[np.integer]

    @cached_property
    def fold(self) -> Fold | None:
        return fold_of(self.key_of, self.day_index)

    @cached_property
    def of_fold(self) -> Runs | None:
        return None if self.fold is None else runs_of(self.fold.key_of)

    @cached_property
    def of_axis(self) -> Runs:
        return runs_of(self.key_of)


@dataclass(frozen=True, eq=False)
class Runs:
    """Neighbours of equal key. starts: first of each. order: of the runs by key; firsts: where in this order
    each of `present` begins."""

    starts: Int64Array
    order: Int64Array
    firsts: Int64Array
    present: tuple[int, ...]


def runs_of(key_of: npt.NDArray[np.integer]) -> Runs:
    starts = np.flatnonzero(np.concatenate(([True], key_of[1:] != key_of[:-1])))
    run_keys = key_of[starts]
    order = np.argsort(run_keys, kind="stable")
    ordered = run_keys[order]
    firsts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return Runs(starts, order, firsts, tuple(int(key) for key in ordered[firsts]))


def energy_by_key(micro_kwh: Int64Array, keyed: Keyed, begin: int = 0, end: int | None = None) -> Int64Array:
    """int64 (customers, keys) from int64 (customers, intervals) of the intervals [begin, end) of the axis.

    Days of the same keys are laid upon each other first; then runs of equal key are summed, then runs of the
    same key: order does not matter to integers.
    """
    customers, intervals = micro_kwh.shape
    sums = np.zeros((customers, keyed.keys), dtype=np.int64)
    if intervals == 0 or keyed.keys == 0:
        return sums
    runs = keyed.of_axis
    if intervals < keyed.key_of.size:
        runs = runs_of(keyed.key_of[begin:end])
    elif customers >= FEW and keyed.fold is not None and keyed.of_fold is not None:
        micro_kwh, runs = summed(micro_kwh, keyed.fold), keyed.of_fold
    of_run = np.add.reduceat(micro_kwh, runs.starts, axis=1)
    totals = np.add.reduceat(of_run[:, runs.order], runs.firsts, axis=1)
    for column, key in enumerate(runs.present):
        if key >= 0:
            sums[:, key] = totals[:, column]
    return sums
