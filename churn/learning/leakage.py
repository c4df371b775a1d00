"""Columns that tell more of the target than could honestly have been known before.

Each column is asked alone, out of fold: what chance of leaving would it give? Three answers are suspect:

alone       it puts leavers before stayers as hardly anything known beforehand does (`TELLS_ALL`);
stands_out  it does so better than any column should (`TELLS_MUCH`), and far better than the next one;
pure        rows with certain values of it, being filled among them, nearly all left, and they are many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn.domain.feature_table import FloatArray
from churn.domain.figures import BoolArray, auc
from churn.learning.columns import Columns
from utility_crm.kit.shares import wilson

TELLS_ALL = 0.9
TELLS_MUCH = 0.82
FAR_BETTER = 1.4
"""How many times as far from chance (2 AUC - 1) as the strongest unsuspected column."""

SURE = 0.9
"""Rows that a column alone gives at least this chance are looked at for purity."""

PURE = 0.95
"""At the least (Wilson's lower bound, 95 %) this share of them left."""

MANY = 0.1
"""At least this share of all leavers is among them."""

_FEWEST = 20
_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Suspect:
    """column: of the file. why: "alone", "stands_out" or "pure". auc: of the column alone, out of fold, at
    least 0.5. sure, sure_left: rows it is nearly certain of, and how many of them left."""

    column: str
    why: str
    auc: float
    sure: int
    sure_left: int
    next_auc: float | None = None


@dataclass(frozen=True, slots=True)
class _Alone:
    name: str
    auc: float
    sure: int
    sure_left: int


def suspects(
    frame: pd.DataFrame,
    left: BoolArray,
    columns: Columns,
    sources: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Suspect]:
    """The suspect columns, the most telling first. sources: what columns of the file each was made of.

    The rarer outcome is the one looked for; the same table gives the same answer.
    """
    rare = left if left.mean() <= 0.5 else ~left
    taken = columns.take(frame)
    with threadpool_limits(1):
        asked = [_ask(name, taken[name].to_numpy(), rare) for name in columns.names]
    named: dict[str, _Alone] = {}
    for one in sorted(asked, key=lambda alone: -alone.auc):
        of = (sources or {}).get(one.name, (one.name,))
        if len(of) == 1:  # what is between two days is asked with each of them
            named.setdefault(of[0], one)
    honest = [one.auc for one in named.values() if one.auc < TELLS_MUCH]
    next_auc = max(honest, default=0.5)
    found = []
    for column, one in named.items():
        why = _why(one, next_auc, int(rare.sum()))
        if why:
            found.append(Suspect(column, why, one.auc, one.sure, one.sure_left, next_auc))
    return found


def _why(one: _Alone, next_auc: float, leavers: int) -> str:
    if one.auc >= TELLS_ALL:
        return "alone"
    if one.auc >= TELLS_MUCH and 2 * one.auc - 1 >= FAR_BETTER * (2 * next_auc - 1):
        return "stands_out"
    if one.sure_left >= max(_FEWEST, MANY * leavers) and _surely(one) >= PURE:
        return "pure"
    return ""


def _surely(one: _Alone) -> float:
    """The least share of those it is nearly certain of that left, as far as chance goes; 0 of nobody."""
    return wilson(one.sure_left, one.sure)[0] if one.sure else 0.0


def _ask(name: str, values: FloatArray, rare: BoolArray) -> _Alone:
    """The chances a column alone gives each row, learned from other rows."""
    said = np.empty(rare.size)
    folds = StratifiedKFold(min(_FOLDS, int(rare.sum())), shuffle=True, random_state=0)
    for learned, tested in folds.split(np.zeros((rare.size, 0)), rare):
        if values.dtype == object:
            said[tested] = _by_category(values[learned], rare[learned], values[tested])
        else:
            said[tested] = _by_number(values[learned], rare[learned], values[tested])
    sure = said >= SURE
    return _Alone(name, max(auc(rare, said), 0.5), int(sure.sum()), int((sure & rare).sum()))


def _by_category(learned: FloatArray, rare: BoolArray, tested: FloatArray) -> FloatArray:
    """Each category's share, drawn towards the mean as by one more row of it."""
    usual = float(rare.mean())
    groups = pd.Series(rare.astype(np.float64)).groupby(learned)
    shares = (groups.sum() + usual) / (groups.count() + 1)
    return pd.Series(tested).map(shares.to_dict()).fillna(usual).to_numpy(dtype=np.float64)


def _by_number(learned: FloatArray, rare: BoolArray, tested: FloatArray) -> FloatArray:
    """Steps of a small tree; unknown is a place of its own."""
    tree = DecisionTreeClassifier(
        max_leaf_nodes=8, min_samples_leaf=max(10, learned.size // 500), random_state=0
    )
    tree.fit(learned[:, None], rare)
    return np.asarray(tree.predict_proba(tested[:, None])[:, 1], dtype=np.float64)
