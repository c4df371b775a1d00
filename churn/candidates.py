"""Which model learns best from the customers whose outcome is known: chosen among them, before any test.

A logistic regression and boosted trees of one fact each (`churn.boosted`) with their settings, each told of
customers it was not fitted on. What asks for honest chances as well as for order is the log loss. Both are
sums of one term a fact, so the reasons of either are exact. Frames in, a model out; no session here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn import boosted
from churn.boosted import Coded, Trees
from churn.domain.additive import AdditiveModel
from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.domain.models import Model
from churn.domain.scoring import chance
from churn.learning.calibrating import WORTH, calibration, log_loss, losses, to_odds
from churn.model import STRENGTH, table_of
from churn.model import fit as fit_logistic

FOLDS = 3
STRENGTHS = (0.03, 0.1, 0.3)
"""Inverse strengths of the logistic regression's penalty to choose from."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """trees: their setting, None where the logistic regression did better. slope, shift: of their log-odds,
    the curve that makes their chances come true (Platt). losses: log loss by candidate, of customers held
    back. odds: float64 (rows,), the log-odds it said of each row when its customer was held back. strength:
    of the logistic regression's penalty, the inverse."""

    trees: Trees | None
    slope: float
    shift: float
    losses: dict[str, float]
    odds: FloatArray = field(default_factory=lambda: np.zeros(0))
    strength: float = STRENGTH

    def document(self) -> dict[str, Any]:
        straight = {"strength": self.strength}
        trees = {} if self.trees is None else asdict(self.trees) | {"slope": self.slope, "shift": self.shift}
        return {
            "chosen": "logistic" if self.trees is None else "boosted",
            "log_loss": {name: round(loss, 6) for name, loss in self.losses.items()},
            "setting": trees or straight,
        }


LOGISTIC = Chosen(None, 1.0, 0.0, {})
"""The baseline, of which nothing is chosen."""


def choose(
    frame: pd.DataFrame,
    left: BoolArray,
    numeric: Sequence[str],
    categorical: Sequence[str],
) -> Chosen:
    """By folds of whole customers (`customer_id`): one who is seen on several dates is on one side only."""
    straight = {strength: np.full(left.size, np.nan) for strength in STRENGTHS}
    tried: dict[Trees, FloatArray] = {}
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    with threadpool_limits(1):  # sums keep their order, and fits side by side do not crawl
        for learned, tested in folds.split(frame, left, frame["customer_id"]):
            inside, outside = frame.iloc[learned], frame.iloc[tested]
            table = table_of(outside, numeric, categorical)
            for strength, chances in straight.items():
                one = fit_logistic(inside, left[learned], numeric, categorical, strength=strength)
                chances[tested] = one.chances(table)
            coded = Coded.of(inside, numeric, categorical)
            matrices = coded.matrix(inside), coded.matrix(outside)
            for setting, odds in boosted.trials(coded, matrices[0], left[learned], matrices[1]):
                tried.setdefault(setting, np.full(left.size, np.nan))[tested] = odds
    strength = min(straight, key=lambda one: log_loss(straight[one], left))
    logistic = straight[strength]
    lost = {setting: log_loss(chance(odds), left) for setting, odds in tried.items()}
    best = min(lost, key=lambda setting: lost[setting])
    slope, shift = _stretch(tried[best], left)
    stretched, plain = tried[best] * slope + shift, to_odds(logistic)
    found = {"logistic": log_loss(logistic, left), "boosted": log_loss(chance(stretched), left)}
    if _surely_less(chance(stretched), logistic, left, frame["customer_id"]):
        return Chosen(best, slope, shift, found, stretched)
    return Chosen(None, 1.0, 0.0, found, plain, strength)


def _surely_less(one: FloatArray, other: FloatArray, left: BoolArray, customers: Any) -> bool:
    """Whether the loss of `one` is less than the simpler other's by more than its standard error, each
    customer being one observation: the simpler model is left only for what is worth it (the rule of one
    standard error: Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984)."""
    gains = losses(other, left) - losses(one, left)
    of_each = pd.Series(gains).groupby(np.asarray(customers)).sum().to_numpy()
    error = float(of_each.std(ddof=1)) * of_each.size**0.5
    return bool(of_each.sum() > error)


def _stretch(odds: FloatArray, left: BoolArray) -> tuple[float, float]:
    """Slope and shift; 1 and 0 where they make the loss no better worth speaking of."""
    line = calibration("sigmoid", odds, left).fitted
    slope, shift = float(line.coef_[0, 0]), float(line.intercept_[0])
    gain = log_loss(chance(odds), left) - log_loss(chance(odds * slope + shift), left)
    return (slope, shift) if gain > WORTH and slope > 0 else (1.0, 0.0)


def fitted(
    chosen: Chosen,
    frame: pd.DataFrame,
    left: BoolArray,
    numeric: Sequence[str],
    categorical: Sequence[str],
) -> Model:
    """The chosen model, fitted on all of the rows."""
    if chosen.trees is None:
        return fit_logistic(frame, left, numeric, categorical, strength=chosen.strength)
    with threadpool_limits(1):
        made: AdditiveModel = boosted.fit(frame, left, numeric, categorical, chosen.trees)
    return made.stretched(chosen.slope, chosen.shift)
