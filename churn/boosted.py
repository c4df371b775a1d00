"""Boosted trees of one fact each, fitted by scikit-learn and kept as curves (`churn.domain.additive`).

Categories and unknown values are the trees' own: nothing is filled in and nothing is one-hot. Loaded by jobs
and commands, never by the web process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from churn.domain.additive import AdditiveModel, Curve, Levels
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray

LEARNING_RATE = 0.06
MOST_ROUNDS, ROUND_STEP = 240, 20
LEAVES = (3, 6)
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Trees:
    """leaves of a tree, rounds of boosting."""

    leaves: int
    rounds: int


@dataclass(frozen=True, eq=False)
class Coded:
    """A frame as a matrix of numbers. numeric: those of which somebody's value is known, for trees cannot
    take the others. names: of the categories, by column, in the order of their codes."""

    numeric: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, frame: pd.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> Coded:
        """As the categories stand in a frame."""
        known = tuple(name for name in numeric if frame[name].notna().any())
        return cls(known, {name: tuple(sorted(set(frame[name].astype(str)))) for name in categorical})

    def matrix(self, frame: pd.DataFrame) -> FloatArray:
        """float64 (rows, facts): NaN where a number is unknown, or a category was not there to be named."""
        columns = [frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in self.numeric]
        for name, names in self.names.items():
            codes = {one: float(code) for code, one in enumerate(names)}
            columns.append(frame[name].astype(str).map(codes).to_numpy(dtype=np.float64, na_value=np.nan))
        return np.column_stack(columns)


def trials(
    coded: Coded, learned: FloatArray, left: BoolArray, tested: FloatArray
) -> Iterator[tuple[Trees, FloatArray]]:
    """Every setting with the log-odds it gives the tested rows. Matrices are coded ones."""
    for leaves in LEAVES:
        model = _trees(coded, Trees(leaves, MOST_ROUNDS)).fit(learned, left)
        for rounds, odds in enumerate(model.staged_decision_function(tested), 1):
            if rounds % ROUND_STEP == 0:
                yield Trees(leaves, rounds), np.asarray(odds, dtype=np.float64).ravel()


def fit(
    frame: pd.DataFrame,
    left: BoolArray,
    numeric: Sequence[str],
    categorical: Sequence[str],
    setting: Trees,
) -> AdditiveModel:
    """Fit on customers (rows) whose outcome is known, and write the curves down."""
    coded = Coded.of(frame, numeric, categorical)
    matrix = coded.matrix(frame)
    return _curves(_trees(coded, setting).fit(matrix, left), coded, matrix)


def fit_modest(
    frame: pd.DataFrame,
    had: BoolArray,
    numeric: Sequence[str],
    categorical: Sequence[str],
    weights: FloatArray | None = None,
) -> AdditiveModel:
    """A few small trees of which nothing is chosen, for some hundred customers, weighted where wanted."""
    coded = Coded.of(frame, numeric, categorical)
    matrix = coded.matrix(frame)
    bins = max(63, *(len(names) for names in coded.names.values()), 0)
    if weights is not None:
        for place in range(len(coded.numeric)):
            matrix[:, place] = _coarse(matrix[:, place], bins)
    trees = _trees(coded, Trees(leaves=3, rounds=60)).set_params(max_bins=min(bins, 255))
    return _curves(trees.fit(matrix, had, sample_weight=weights), coded, matrix)


def _coarse(column: FloatArray, bins: int) -> FloatArray:
    """A column (rows,) of no more than so many values, each the median of as many rows: where rows are
    weighted, scikit-learn looks for the ends of bins one at a time, which takes longer than the trees."""
    known = ~np.isnan(column)
    values = column[known]
    if np.unique(values).size <= bins:
        return column
    ends = np.quantile(values, np.arange(1, bins) / bins, method="averaged_inverted_cdf")
    found = column.copy()
    found[known] = pd.Series(values).groupby(np.searchsorted(np.unique(ends), values)).transform("median")
    return found


def _trees(coded: Coded, setting: Trees) -> HistGradientBoostingClassifier:
    numbers = len(coded.numeric)
    return HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_iter=setting.rounds,
        max_leaf_nodes=setting.leaves,
        min_samples_leaf=20,
        l2_regularization=3.0,
        early_stopping=False,
        categorical_features=list(range(numbers, numbers + len(coded.names))) or None,
        interaction_cst="no_interactions",
        random_state=0,
    )


def _curves(model: HistGradientBoostingClassifier, coded: Coded, matrix: FloatArray) -> AdditiveModel:
    """One row is taken and one fact of it changed at a time: since no tree asks of two, the difference is
    what the fact adds, whatever the row. Each curve is then moved to a mean of nought over the rows."""
    row = matrix[:1]
    numbers = len(coded.numeric)
    values = [np.unique(matrix[~np.isnan(matrix[:, place]), place]) for place in range(numbers)]
    values += [np.arange(len(names), dtype=np.float64) for names in coded.names.values()]
    base, added = _added(model, row, [np.append(known, np.nan) for known in values])
    curves: list[Curve] = []
    levels: list[Levels] = []
    middle = 0.0
    for place, name in enumerate(coded.numeric):
        heights = added[place]
        curve = _stepped(name, values[place], heights[:-1], float(heights[-1]))
        mean = float(curve.term(matrix[:, place]).mean())
        curves.append(Curve(name, curve.edges, curve.heights - mean, curve.unknown - mean))
        middle += mean
    for place, (name, names) in enumerate(coded.names.items(), numbers):
        heights = added[place]
        mean = float(heights[matrix[:, place].astype(np.int64)].mean())
        told = {one: float(high) - mean for one, high in zip(names, heights, strict=False)}
        levels.append(Levels(name, told, float(heights[-1]) - mean))
        middle += mean
    return AdditiveModel(base + middle, tuple(curves), tuple(levels))


def _added(
    model: HistGradientBoostingClassifier, row: FloatArray, values: Sequence[FloatArray]
) -> tuple[float, list[FloatArray]]:
    """The log-odds of a row (1, facts), and what each fact adds to them at each of its values. Several facts
    are asked about at once: a question takes as long as thousands of rows."""
    base = float(model.decision_function(row)[0])
    added: list[FloatArray] = []
    for places in _batches([one.size for one in values]):
        rows = np.repeat(row, sum(values[place].size for place in places), axis=0)
        ends = np.cumsum([values[place].size for place in places])
        for place, end in zip(places, ends.tolist(), strict=True):
            rows[end - values[place].size : end, place] = values[place]
        odds = np.asarray(model.decision_function(rows), dtype=np.float64) - base
        added += np.split(odds, ends[:-1])
    return base, added


def _batches(sizes: Sequence[int]) -> Iterator[list[int]]:
    """Places of neighbours that together are no more than _AT_ONCE, or one that alone is more."""
    batch: list[int] = []
    for place, size in enumerate(sizes):
        if batch and sum(sizes[one] for one in batch) + size > _AT_ONCE:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _stepped(name: str, known: FloatArray, heights: FloatArray, unknown: float) -> Curve:
    """The curve through known values (rising): an edge half-way between neighbours of unlike height."""
    turns = [place for place, (one, other) in enumerate(pairwise(heights.tolist())) if one != other]
    edges = np.array([(known[place] + known[place + 1]) / 2 for place in turns], dtype=np.float64)
    steps = np.append(heights[turns], heights[-1]) if turns else heights[:1]
    return Curve(name, edges, np.asarray(steps, dtype=np.float64), unknown)
