"""What can be learned: a logistic regression, boosted trees, a forest; each with its settings.

A setting makes its own pipeline. Many settings of a family are tried on one prepared matrix at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray
from churn.learning.columns import Columns
from churn.learning.preparing import curved, flat, native, plain
from churn.learning.thoroughness import Thoroughness

LEARNING_RATE = 0.05
TREE_ROWS = 0.6
"""The share of rows that each tree of the forest sees: quicker than all, and the trees are less alike."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """penalty: the inverse strength C."""

    penalty: float


@dataclass(frozen=True, slots=True)
class Boosting:
    """leaves of a tree, rounds of boosting."""

    leaves: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Forest:
    """trees, and the fewest rows in a leaf."""

    trees: int
    leaf_rows: int


Setting = Logistic | Boosting | Forest
FAMILIES: tuple[str, ...] = ("logistic", "boosting", "forest")


def model_of(setting: Setting, columns: Columns, seed: int) -> Any:
    """The unfitted classifier of a setting, for a matrix of `preparation`."""
    if isinstance(setting, Logistic):
        return LogisticRegression(C=setting.penalty, max_iter=1000)
    if isinstance(setting, Boosting):
        return HistGradientBoostingClassifier(
            learning_rate=LEARNING_RATE,
            max_iter=setting.rounds,
            max_leaf_nodes=setting.leaves,
            max_features=0.3,
            min_samples_leaf=20,
            l2_regularization=5.0,
            early_stopping=False,
            categorical_features=list(range(len(columns.categorical))),
            random_state=seed,
        )
    return RandomForestClassifier(
        setting.trees,
        min_samples_leaf=setting.leaf_rows,
        max_features="sqrt",
        max_samples=TREE_ROWS,
        n_jobs=1,
        random_state=seed,
    )


def preparation(family: str, columns: Columns, seed: int) -> Any:
    """The unfitted transformer of a family."""
    made = {"logistic": curved, "boosting": native, "forest": flat}
    return made[family](columns, seed)


def fitted(
    family: str, setting: Setting, columns: Columns, frame: Any, left: BoolArray, seed: int
) -> Pipeline:
    """A pipeline from typed columns to chances, fitted on all the rows."""
    made = Pipeline(
        [("prepare", preparation(family, columns, seed)), ("model", model_of(setting, columns, seed))]
    )
    return made.fit(frame, left)


def baseline(columns: Columns, frame: Any, left: BoolArray) -> Pipeline:
    """The plain logistic regression that everything is held against; nothing of it is chosen."""
    made = Pipeline([("prepare", plain(columns)), ("model", LogisticRegression(C=1.0, max_iter=2000))])
    return made.fit(frame, left)


def trials(
    family: str,
    columns: Columns,
    learned: FloatArray,
    left: BoolArray,
    tested: FloatArray,
    how: Thoroughness,
    seed: int,
) -> Iterator[tuple[Setting, FloatArray]]:
    """Every setting of a family with the chances it gives the tested rows. Matrices are prepared ones."""
    if family == "logistic":
        for penalty in how.penalties:
            one = Logistic(penalty)
            yield one, _chances(model_of(one, columns, seed).fit(learned, left), tested)
    elif family == "boosting":
        for leaves in how.leaves:
            model = model_of(Boosting(leaves, how.most_rounds), columns, seed).fit(learned, left)
            for rounds, chances in enumerate(model.staged_predict_proba(tested), 1):
                if rounds % how.round_step == 0:
                    yield Boosting(leaves, rounds), np.asarray(chances[:, 1], dtype=np.float64)
    else:
        for rows in how.leaf_rows:
            model = model_of(Forest(max(10, how.trees // 2), rows), columns, seed).fit(learned, left)
            yield Forest(how.trees, rows), _chances(model, tested)


def _chances(model: Any, tested: FloatArray) -> FloatArray:
    return np.asarray(model.predict_proba(tested)[:, 1], dtype=np.float64)


def setting_document(setting: Setting) -> dict[str, Any]:
    """A setting as JSON."""
    return asdict(setting)
