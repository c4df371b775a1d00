"""Uplift learned from who was asked and who was left alone, each customer's by models that never saw them.

Learners are those of the house: a logistic regression and boosted trees of one fact each, of which the mean
is taken, so that nothing is chosen on outcomes that are judged later. Frames and scikit-learn: for jobs and
commands, never for the web process.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn import boosted
from churn.domain.feature_table import FloatArray
from churn.domain.figures import FEWEST_LEAVERS, BoolArray
from churn.domain.uplift.models import Always, Mean, Transformed, TwoModels, UpliftModel
from churn.domain.uplift.trial import Trial
from churn.domain.uplift.verdicts import TRANSFORMED, UPLIFT
from churn.model import fit, table_of

FOLDS = 5
SEEDS = (0, 1, 2)
FEWEST = FEWEST_LEAVERS
"""Customers with the outcome, and as many without, that each group needs to be learned from."""


def enough(trial: Trial, *, alone_cannot: bool) -> bool:
    """Whether each group has `FEWEST` customers with the outcome and as many without. alone_cannot: nobody
    who is left alone can have it, so of them only `FEWEST` at all are needed."""
    groups = [trial.asked] if alone_cannot else [trial.asked, ~trial.asked]
    counts = [int((group & side).sum()) for group in groups for side in (trial.had, ~trial.had)]
    return min(*counts, int((~trial.asked).sum())) >= FEWEST


def cross_fitted(
    frame: pd.DataFrame,
    trial: Trial,
    numeric: Sequence[str],
    categorical: Sequence[str],
    *,
    folds: int = FOLDS,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, FloatArray]:
    """Each way's uplift of each customer, float64 (customers,), by models of the other folds; the mean over
    seeds, each with folds of its own. Folds hold each group's outcomes in like shares."""
    kinds = 2 * trial.asked.astype(np.int64) + trial.had
    found = {name: np.zeros(len(trial)) for name in (UPLIFT, TRANSFORMED)}
    for seed in seeds:
        parts = StratifiedKFold(folds, shuffle=True, random_state=seed)
        for learned, tested in parts.split(kinds[:, None], kinds):
            inside = Trial(trial.asked[learned], trial.had[learned])
            table = table_of(frame.iloc[tested], numeric, categorical)
            for name, model in fitted(frame.iloc[learned], inside, numeric, categorical).items():
                found[name][tested] += model.uplift(table) / len(seeds)
    return found


def fitted(
    frame: pd.DataFrame, trial: Trial, numeric: Sequence[str], categorical: Sequence[str]
) -> dict[str, UpliftModel]:
    """Both ways of learning, fitted on all of these customers."""
    asked, alone = (
        _learned(frame[group], trial.had[group], None, numeric, categorical)
        for group in (trial.asked, ~trial.asked)
    )
    agreed = _learned(frame, trial.asked == trial.had, np.abs(trial.weights), numeric, categorical)
    return {UPLIFT: TwoModels(asked, alone), TRANSFORMED: Transformed(agreed)}


def _learned(
    frame: pd.DataFrame,
    had: BoolArray,
    weights: FloatArray | None,
    numeric: Sequence[str],
    categorical: Sequence[str],
) -> Mean:
    if had.all() or not had.any():
        return Mean((Always(float(had.mean())),))
    with threadpool_limits(1):
        trees = boosted.fit_modest(frame, had, numeric, categorical, weights)
    return Mean((fit(frame, had, numeric, categorical, weights), trees))
