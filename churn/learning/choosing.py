"""Which settings, which candidate, which calibration: chosen in folds of the training rows alone.

A candidate is a family of models or the mean log-odds of several. Everything is chosen by log loss, which
asks for order and for honest chances at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.learning.calibrating import Calibration, best_method, calibration, log_loss, to_odds
from churn.learning.columns import Columns, columns_of
from churn.learning.families import FAMILIES, Setting, fitted, preparation, setting_document, trials
from churn.learning.reading import IntArray
from churn.learning.splitting import Rows, Split, splits
from churn.learning.thoroughness import THOROUGH, Thoroughness

CANDIDATES: tuple[tuple[str, ...], ...] = tuple(
    family for size in range(1, len(FAMILIES) + 1) for family in combinations(FAMILIES, size)
)


@contextmanager
def alone() -> Iterator[None]:
    """One thread: several fits on few cores crawl otherwise, and sums keep their order. Nothing is said of
    ranks made of fewer rows than asked for: small tables have no more."""
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "n_quantiles", UserWarning)
        yield


def candidate_name(candidate: Sequence[str]) -> str:
    """logistic, or logistic+boosting for the mean of both."""
    return "+".join(candidate)


@dataclass(frozen=True, eq=False)
class Choice:
    """What was found inside the training rows. settings: the best of each family. odds: log-odds (rows,) that
    each family said of rows out of their own fold, NaN where a row was in none. candidate: the best. methods
    and losses: by candidate's name."""

    settings: Mapping[str, Setting]
    odds: Mapping[str, FloatArray]
    candidate: tuple[str, ...]
    methods: Mapping[str, str]
    losses: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        name = candidate_name(self.candidate)
        return {
            "candidate": name,
            "calibration": self.methods[name],
            "settings": {family: setting_document(self.settings[family]) for family in self.candidate},
            "log_loss": dict(self.losses),
        }


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model that is ready: picklable, and without a word of the rows it was fitted on.

    members: a pipeline a family, from typed columns to chances. choice: how it came to be, as JSON.
    """

    columns: Columns
    members: Mapping[str, Pipeline]
    calibration: Calibration
    choice: Mapping[str, Any]

    def predict(self, frame: pd.DataFrame) -> FloatArray:
        """The chance of leaving: float64 (rows,) of a frame with these columns. KeyError where one is
        missing."""
        return self.calibration.chances(self.odds(frame))

    def odds(self, frame: pd.DataFrame) -> FloatArray:
        """Log-odds before calibration: float64 (rows,)."""
        taken = self.columns.take(frame)
        with alone():
            return mean_odds([said(member, taken) for member in self.members.values()])


def choose(frame: pd.DataFrame, rows: Rows, columns: Columns, how: Thoroughness, seed: int) -> Choice:
    """frame: as `Columns.take` gives it. ValueError where there are too few rows to hold some back."""
    parts = _inner(rows, how.inner_folds, seed)
    settings: dict[str, Setting] = {}
    odds: dict[str, FloatArray] = {}
    for family in FAMILIES:
        said_by: dict[Setting, FloatArray] = {}
        for part in parts:
            prepare = preparation(family, columns, seed)
            learned = prepare.fit_transform(frame.iloc[part.learned], rows.left[part.learned])
            tested = prepare.transform(frame.iloc[part.tested])
            for setting, chances in trials(
                family, columns, learned, rows.left[part.learned], tested, how, seed
            ):
                empty = np.full(rows.left.size, np.nan)
                said_by.setdefault(setting, empty)[part.tested] = chances
        held = ~np.isnan(next(iter(said_by.values())))
        losses = {one: log_loss(chances[held], rows.left[held]) for one, chances in said_by.items()}
        settings[family] = min(losses, key=lambda one: losses[one])
        odds[family] = to_odds(said_by[settings[family]])
    return _chosen(settings, odds, rows.left, seed)


def _inner(rows: Rows, folds: int, seed: int) -> list[Split]:
    """Splits of the training rows: by time where the outer ones are, unless too few left that early."""
    try:
        return splits(rows, folds, seed)
    except ValueError:
        if rows.time is None:
            raise
        return splits(replace(rows, time=None), folds, seed)


def _chosen(
    settings: Mapping[str, Setting], odds: Mapping[str, FloatArray], left: BoolArray, seed: int
) -> Choice:
    held = ~np.isnan(odds[FAMILIES[0]])
    found = {
        candidate: best_method(mean_odds([odds[family][held] for family in candidate]), left[held], seed)
        for candidate in CANDIDATES
    }
    best = min(found, key=lambda candidate: found[candidate][1])
    return Choice(
        settings,
        odds,
        best,
        {candidate_name(candidate): method for candidate, (method, _loss) in found.items()},
        {candidate_name(candidate): loss for candidate, (_method, loss) in found.items()},
    )


def calibrated(choice: Choice, candidate: Sequence[str], left: BoolArray) -> Calibration:
    """The calibration that was chosen for a candidate, fitted on all that was said out of fold."""
    held = ~np.isnan(choice.odds[FAMILIES[0]])
    odds = mean_odds([choice.odds[family][held] for family in candidate])
    return calibration(choice.methods[candidate_name(candidate)], odds, left[held])


def mean_odds(odds: Sequence[FloatArray]) -> FloatArray:
    """Several log-odds (rows,) as one."""
    return np.asarray(np.mean(odds, axis=0), dtype=np.float64)


def said(member: Pipeline, taken: pd.DataFrame) -> FloatArray:
    """The log-odds a fitted pipeline gives rows."""
    return to_odds(np.asarray(member.predict_proba(taken)[:, 1], dtype=np.float64))


def fit_best(
    frame: pd.DataFrame,
    left: BoolArray,
    columns: Columns | None = None,
    *,
    groups: IntArray | None = None,
    time: FloatArray | None = None,
    gap: float = 0.0,
    thoroughness: Thoroughness = THOROUGH,
    seed: int = 0,
) -> Fitted:
    """The best candidate for these rows, chosen inside them and then fitted on all of them.

    frame: (rows, columns), numbers with NaN and text. left: bool (rows,). columns: told by the frame's types
    where None. groups: int64 (rows,), equal for rows of one customer, who is then never on both sides of a
    split. time: float64 (rows,), settings are then chosen on later rows; gap: of time, left free before them.
    The same rows and seed give the same model. ValueError where too few left or stayed.
    """
    columns = columns or columns_of(frame)
    taken = columns.take(frame).reset_index(drop=True)
    left = np.asarray(left, dtype=np.bool_)
    with alone():
        choice = choose(taken, Rows(left, groups, time, gap), columns, thoroughness, seed)
        members = {
            family: fitted(family, choice.settings[family], columns, taken, left, seed)
            for family in choice.candidate
        }
    return Fitted(columns, members, calibrated(choice, choice.candidate, left), choice.document())
