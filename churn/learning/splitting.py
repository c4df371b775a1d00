"""Which rows are learned from and which are tested on: folds by chance, or an earlier and a later time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.learning.reading import IntArray

FEWEST_TESTED = 10
"""Leavers, and stayers, that every tested period needs; periods are made longer until they have them."""

TOO_FEW = "too few rows to hold some back"
NO_PERIOD = "no later period with enough of both kinds"


@dataclass(frozen=True, eq=False)
class Split:
    """learned, tested: row places, rising, nothing in both."""

    learned: IntArray
    tested: IntArray


@dataclass(frozen=True, eq=False)
class Rows:
    """What decides on splits. left: bool (rows,). groups: rows of one customer have one number. time: float64
    (rows,). gap: of time; rows that are learned from are at least so much older than the tested period, for
    targets that only show themselves after a while."""

    left: BoolArray
    groups: IntArray | None = None
    time: FloatArray | None = None
    gap: float = 0.0

    def part(self, rows: IntArray) -> Rows:
        """The same for some of the rows."""
        return Rows(
            self.left[rows],
            None if self.groups is None else self.groups[rows],
            None if self.time is None else self.time[rows],
            self.gap,
        )


def splits(rows: Rows, folds: int, seed: int) -> list[Split]:
    """Where rows have a time: up to `folds` periods, each tested by what was known before it. Otherwise
    folds by chance, stratified by whether a customer ever left; rows of one customer stay together. Every
    split has leavers and stayers on both sides. ValueError where there are too few to make two folds, or no
    later period."""
    if rows.time is not None:
        return _forward(rows, rows.time, folds)
    groups = np.arange(rows.left.size) if rows.groups is None else rows.groups
    names, customer = np.unique(groups, return_inverse=True)
    ever = np.zeros(names.size, dtype=np.bool_)
    np.logical_or.at(ever, customer, rows.left)
    folds = min(folds, int(ever.sum()), int((~ever).sum()))
    if folds < 2:
        raise ValueError(TOO_FEW)
    places = np.empty(names.size, dtype=np.int64)
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros((names.size, 0)), ever)
    for fold, (_learned, tested) in enumerate(parts):
        places[tested] = fold
    own = places[customer]
    return [Split(np.flatnonzero(own != fold), np.flatnonzero(own == fold)) for fold in range(folds)]


def _forward(rows: Rows, time: FloatArray, folds: int) -> list[Split]:
    """The time is cut into folds + 1 periods of about equally many rows; no moment lies in two of them."""
    for periods in range(folds + 1, 1, -1):
        edges = np.unique(np.quantile(time, np.arange(1, periods) / periods, method="higher"))
        ends = [*edges[1:], np.inf]
        made = [
            Split(
                np.flatnonzero(time < start - rows.gap),
                np.flatnonzero((time >= start) & (time < end)),
            )
            for start, end in zip(edges, ends, strict=True)
        ]
        kept = [one for one in made if _enough(rows.left[one.learned]) and _enough(rows.left[one.tested])]
        if kept and (len(kept) == len(made) or periods == 2):
            return kept
    raise ValueError(NO_PERIOD)


def _enough(left: BoolArray) -> bool:
    return FEWEST_TESTED <= int(left.sum()) <= left.size - FEWEST_TESTED
