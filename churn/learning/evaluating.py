"""The honest figures of a labelled table: what was said of rows by models that had never seen them.

Outer folds test; inside each, on its training rows alone, settings and candidate are chosen anew (nested).
What is reported is therefore the whole way of choosing, not the luckiest of its results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.learning.choosing import (
    CANDIDATES,
    alone,
    calibrated,
    candidate_name,
    choose,
    mean_odds,
    said,
)
from churn.learning.columns import Columns
from churn.learning.families import FAMILIES, baseline, fitted
from churn.learning.splitting import Rows, Split, splits
from churn.learning.thoroughness import Thoroughness

CHOSEN, BASELINE = "chosen", "baseline"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Tested:
    """One test. scores: float64 (tested,) by "chosen", "baseline" and every candidate's name. choice: what
    the nested choice took, as JSON."""

    seed: int
    fold: int
    split: Split
    scores: Mapping[str, FloatArray]
    choice: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Round:
    """Rows on which figures are reckoned together: all of them, out of fold, for one seed; or one period."""

    rows: np.ndarray[Any, np.dtype[np.int64]]
    scores: Mapping[str, FloatArray]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """left: bool (rows,). rounds: by seed, or by period where rows have a time. tests: each fold."""

    left: BoolArray
    rounds: tuple[Round, ...]
    tests: tuple[Tested, ...]
    by_time: bool


def evaluate(
    frame: pd.DataFrame,
    rows: Rows,
    columns: Columns,
    how: Thoroughness,
    workers: int = 1,
    progress: Progress | None = None,
) -> Evaluated:
    """Test the whole way of learning. workers: processes side by side; the figures do not depend on it.

    ValueError where rows are too few to hold some back.
    """
    taken = columns.take(frame).reset_index(drop=True)
    by_time = rows.time is not None
    jobs = [
        (seed, fold, split)
        for seed in (how.seeds[:1] if by_time else how.seeds)
        for fold, split in enumerate(splits(rows, how.folds, seed))
    ]
    tests: list[Tested] = []
    run = Parallel(n_jobs=min(workers, len(jobs)), return_as="generator_unordered", max_nbytes=None)
    for done in run(delayed(_test)(taken, rows, columns, how, *job) for job in jobs):
        tests.append(done)
        if progress:
            progress(len(tests), len(jobs))
    tests.sort(key=lambda one: (one.seed, one.fold))
    if by_time:
        rounds = [Round(one.split.tested, one.scores) for one in tests]
    else:
        rounds = [_joined([one for one in tests if one.seed == seed], rows.left.size) for seed in how.seeds]
    return Evaluated(rows.left, tuple(rounds), tuple(tests), by_time)


def _test(
    taken: pd.DataFrame,
    rows: Rows,
    columns: Columns,
    how: Thoroughness,
    seed: int,
    fold: int,
    split: Split,
) -> Tested:
    with alone():
        learned, tested = taken.iloc[split.learned].reset_index(drop=True), taken.iloc[split.tested]
        known = rows.part(split.learned)
        choice = choose(learned, known, columns, how, seed)
        odds = {
            family: said(fitted(family, choice.settings[family], columns, learned, known.left, seed), tested)
            for family in FAMILIES
        }
        scores = {
            candidate_name(candidate): calibrated(choice, candidate, known.left).chances(
                mean_odds([odds[family] for family in candidate])
            )
            for candidate in CANDIDATES
        }
        scores[CHOSEN] = scores[candidate_name(choice.candidate)]
        scores[BASELINE] = baseline(columns, learned, known.left).predict_proba(tested)[:, 1]
    return Tested(seed, fold, split, scores, choice.document())


def _joined(tests: Sequence[Tested], size: int) -> Round:
    """What every fold of a seed said of its own rows, in the table's order."""
    names = tests[0].scores
    whole = {name: np.full(size, np.nan) for name in names}
    for one in tests:
        for name in names:
            whole[name][one.split.tested] = one.scores[name]
    held = np.flatnonzero(~np.isnan(whole[CHOSEN]))
    return Round(held, {name: values[held] for name, values in whole.items()})
