"""Whether a model serves groups of customers alike: what was said of each and what happened, told apart.

None of it is ever a fact of the score. A group is told from 15 customers on, and one that may not be told
never follows from the others (`utility_crm.segments.domain.guarding`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from churn.domain.feature_table import FloatArray, TextArray
from churn.domain.figures import TENTHS, BoolArray, auc, enough
from churn.domain.intervals import middle, repeated
from utility_crm.kit.shares import wilson
from utility_crm.segments.domain.guarding import Group, guarded

REPEATS = 200
REST = ""
"""The name of those groups together that are too small to be told."""


@dataclass(frozen=True, slots=True)
class Served:
    """One group. said, happened: the mean chance and the share that left, with its 95 % interval. auc: within
    the group, None where fewer than 20 left or stayed. top_share: how many of them were among the tenth with
    the highest chances."""

    group: str
    customers: int
    said: float
    happened: float
    low: float
    high: float
    top_share: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None

    @property
    def as_said(self) -> bool:
        """Whether what was said lies within the interval of what happened."""
        return self.low <= self.said <= self.high


def served(groups: TextArray, left: BoolArray, scores: FloatArray) -> tuple[Served, ...]:
    """One row a group that may be told, the largest first, the rest together last. groups, left, scores:
    (customers,). Empty where nothing may be told, or there is but one group."""
    names, counts = np.unique(groups.astype(str), return_counts=True)
    told = guarded([Group(str(name), int(count)) for name, count in zip(names, counts, strict=True)])
    if len(told) < 2:
        return ()
    own = [one.value for one in told if one.value is not None]
    top = _in_top(scores)
    found = []
    for one in told:
        inside = groups == one.value if one.value is not None else ~np.isin(groups.astype(str), own)
        found.append(_served(REST if one.value is None else one.value, inside, left, scores, top))
    return tuple(found)


def _served(name: str, inside: BoolArray, left: BoolArray, scores: FloatArray, top: FloatArray) -> Served:
    gone, said = left[inside], scores[inside]
    low, high = wilson(int(gone.sum()), gone.size)
    area, ends = None, None
    if enough(gone):
        area = auc(gone, said)
        ends = middle(repeated(gone, said, REPEATS, 0)["roc_auc"])
    return Served(
        name,
        int(gone.size),
        float(said.mean()),
        float(gone.mean()),
        low,
        high,
        float(top[inside].mean()),
        area,
        None if ends is None else ends[0],
        None if ends is None else ends[1],
    )


def _in_top(scores: FloatArray) -> FloatArray:
    """Of each customer, how much of them is among the tenth with the highest chances: equal ones share it."""
    _, place, size = np.unique(-scores, return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    part = np.clip((scores.size / TENTHS - before) / size, 0.0, 1.0)
    return np.asarray(part[place], dtype=np.float64)


def fairness_document(
    groups: Mapping[str, TextArray], left: BoolArray, scores: FloatArray
) -> list[dict[str, Any]]:
    """[{"by", "groups": [Served, ...]}], without those by which nothing may be told."""
    found = ((by, served(names, left, scores)) for by, names in groups.items())
    return [{"by": by, "groups": [asdict(one) for one in rows]} for by, rows in found if rows]
