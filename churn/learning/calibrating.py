"""From a model's log-odds to chances that come true: as they are, along a curve, or in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.domain.scoring import chance

METHODS = ("none", "sigmoid", "isotonic")
SUREST = 1e-4
"""No model is surer than this, nor than one minus this."""

WORTH = 1e-4
"""A calibration must make the log loss this much better to be taken instead of none."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """method: one of METHODS. fitted: the scikit-learn model of it, None for "none"."""

    method: str
    fitted: Any = None

    def chances(self, odds: FloatArray) -> FloatArray:
        """Log-odds (rows,) to chances (rows,)."""
        if self.fitted is None:
            return chance(odds)
        if self.method == "sigmoid":
            return np.asarray(self.fitted.predict_proba(odds[:, None])[:, 1], dtype=np.float64)
        return np.asarray(np.clip(self.fitted.predict(odds), SUREST, 1 - SUREST), dtype=np.float64)


def calibration(method: str, odds: FloatArray, left: BoolArray) -> Calibration:
    """Fitted on log-odds that were said of rows out of their own fold."""
    if method == "none":
        return Calibration(method)
    if method == "sigmoid":
        return Calibration(method, LogisticRegression(C=1e3).fit(odds[:, None], left))
    return Calibration(method, IsotonicRegression(out_of_bounds="clip").fit(odds, left.astype(np.float64)))


def best_method(odds: FloatArray, left: BoolArray, seed: int) -> tuple[str, float]:
    """The method with the least log loss in folds of its own, and that loss."""
    folds = min(5, int(left.sum()), int((~left).sum()))
    losses = {"none": log_loss(chance(odds), left)}
    if folds >= 2:
        parts = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(odds[:, None], left))
        for method in METHODS[1:]:
            said = np.empty_like(odds)
            for learned, tested in parts:
                said[tested] = calibration(method, odds[learned], left[learned]).chances(odds[tested])
            losses[method] = log_loss(said, left)
    best = min(losses, key=lambda method: losses[method] + (WORTH if method != "none" else 0.0))
    return best, losses[best]


def log_loss(chances: FloatArray, left: BoolArray) -> float:
    """Mean negative logarithm of the chance given to what happened."""
    return float(losses(chances, left).mean())


def losses(chances: FloatArray, left: BoolArray) -> FloatArray:
    """float64 (rows,): the negative logarithm of the chance given to what happened."""
    sure = np.clip(chances, SUREST, 1 - SUREST)
    return np.asarray(-np.where(left, np.log(sure), np.log1p(-sure)), dtype=np.float64)


def to_odds(chances: FloatArray) -> FloatArray:
    """Chances to log-odds, none surer than `SUREST`."""
    sure = np.clip(chances, SUREST, 1 - SUREST)
    return np.asarray(np.log(sure) - np.log1p(-sure), dtype=np.float64)
