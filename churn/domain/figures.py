"""How good scores were, measured on what later happened. Numpy alone; nothing here knows how they were made.

left: bool (customers,), who did leave; scores: float64 (customers,), the chance given before. Customers
with equal scores are never put in an order: where a cut falls among them, each counts with the same part.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FloatArray

BoolArray = npt.NDArray[np.bool_]

FEWEST_LEAVERS = 20
"""Below this many leavers (or this many who stayed) a figure says more about chance than about the model."""

BOOTSTRAPS = 1000
TENTHS = 10


@dataclass(frozen=True, slots=True)
class Tenth:
    """A group of equally many customers, lowest chances first: what was said on average, and what
    happened."""

    customers: int
    predicted: float
    left: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a later time said of the scores. `auc_low`, `auc_high`: a 95 % interval by bootstrap over
    customers.

    lift: leavers among the tenth with the highest scores, over as many picked at random. brier_usual: the
    Brier score of giving everybody the observed rate. precision_auc: the area under precision and recall.
    """

    customers: int
    leavers: int
    auc: float
    auc_low: float
    auc_high: float
    precision_auc: float
    lift: float
    leavers_in_top: float
    customers_in_top: float
    brier: float
    brier_usual: float
    predicted: float
    observed: float
    tenths: tuple[Tenth, ...]

    def document(self) -> dict[str, Any]:
        """The figures as JSON."""
        return asdict(self) | {"tenths": [asdict(tenth) for tenth in self.tenths]}


def enough(left: BoolArray) -> bool:
    """Whether figures on these customers mean anything."""
    leavers = int(left.sum())
    return leavers >= FEWEST_LEAVERS and left.size - leavers >= FEWEST_LEAVERS


def figures(left: BoolArray, scores: FloatArray, seed: int = 2) -> Figures:
    """All of them. ValueError where nobody left, or everybody did."""
    leavers = int(left.sum())
    if not 0 < leavers < left.size:
        raise ValueError("figures need some who left and some who stayed")
    observed = leavers / left.size
    low, high = auc_interval(left, scores, seed)
    top = left.size / TENTHS
    caught = captured(left, scores, top)
    return Figures(
        customers=int(left.size),
        leavers=leavers,
        auc=auc(left, scores),
        auc_low=low,
        auc_high=high,
        precision_auc=average_precision(left, scores),
        lift=caught / top / observed,
        leavers_in_top=caught,
        customers_in_top=top,
        brier=float(np.mean((scores - left) ** 2)),
        brier_usual=observed * (1 - observed),
        predicted=float(scores.mean()),
        observed=observed,
        tenths=tenths(left, scores),
    )


def auc(left: BoolArray, scores: FloatArray) -> float:
    """The chance that one who left had a higher score than one who stayed; equal scores count half."""
    leavers, stayers = _by_score(left, scores)
    return float(auc_of_counts(leavers[None, :], stayers[None, :])[0])


def auc_interval(left: BoolArray, scores: FloatArray, seed: int) -> tuple[float, float]:
    """The middle 95 % of the area over customers drawn again and again with replacement."""
    draw = np.random.default_rng(seed)
    order = np.argsort(scores, kind="stable")
    starts = starts_of(scores[order])
    gone = left[order]
    even = np.full(left.size, 1 / left.size)
    found: list[FloatArray] = []
    batch = max(1, 2_000_000 // left.size)
    for first in range(0, BOOTSTRAPS, batch):
        repeats = min(batch, BOOTSTRAPS - first)
        picked = draw.multinomial(left.size, even, size=repeats).astype(np.float64)
        leavers = np.add.reduceat(picked * gone, starts, axis=1)
        stayers = np.add.reduceat(picked * ~gone, starts, axis=1)
        found.append(auc_of_counts(leavers, stayers))
    areas = np.concatenate(found)
    areas = areas[~np.isnan(areas)]
    low, high = np.quantile(areas, (0.025, 0.975))
    return float(low), float(high)


def average_precision(left: BoolArray, scores: FloatArray) -> float:
    """Precision at each distinct score from above, weighted by the recall it adds."""
    leavers, stayers = (counts[::-1] for counts in _by_score(left, scores))
    caught = np.cumsum(leavers)
    precision = caught / (caught + np.cumsum(stayers))
    return float((precision * leavers).sum() / leavers.sum())


def captured(left: BoolArray, scores: FloatArray, customers: float) -> float:
    """How many leavers are among that many customers with the highest scores."""
    leavers, stayers = (counts[::-1] for counts in _by_score(left, scores))
    size = leavers + stayers
    before = np.cumsum(size) - size
    part = np.clip((customers - before) / size, 0.0, 1.0)
    return float((leavers * part).sum())


def tenths(left: BoolArray, scores: FloatArray, groups: int = TENTHS) -> tuple[Tenth, ...]:
    """Groups of equally many customers by rising score."""
    order = np.argsort(scores, kind="stable")
    return tuple(
        Tenth(int(part.size), float(scores[part].mean()), int(left[part].sum()))
        for part in np.array_split(order, groups)
        if part.size
    )


def calibration_error(left: BoolArray, scores: FloatArray, groups: int = TENTHS) -> float:
    """The mean distance between what was said and what happened, over groups of equally many customers by
    rising score (expected calibration error with equal-count bins; Naeini, Cooper, Hauskrecht, 2015)."""
    away = sum(abs(tenth.predicted * tenth.customers - tenth.left) for tenth in tenths(left, scores, groups))
    return away / left.size


def rank(scores: FloatArray) -> npt.NDArray[np.int64]:
    """The place of each score from above, 1 for the highest; equal scores share the better place."""
    ordered = np.sort(-scores)
    return np.searchsorted(ordered, -scores, side="left").astype(np.int64) + 1


def starts_of(ordered: FloatArray) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def _by_score(left: BoolArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Counts of leavers and stayers at each distinct score, rising."""
    order = np.argsort(scores, kind="stable")
    starts = starts_of(scores[order])
    gone = left[order]
    return (
        np.add.reduceat(gone.astype(np.float64), starts),
        np.add.reduceat((~gone).astype(np.float64), starts),
    )


def auc_of_counts(leavers: FloatArray, stayers: FloatArray) -> FloatArray:
    """(repeats, distinct scores) counts to (repeats,) areas; NaN where a repeat drew only one kind."""
    below = np.cumsum(stayers, axis=1) - stayers
    wins = (leavers * (below + stayers / 2)).sum(axis=1)
    pairs = leavers.sum(axis=1) * stayers.sum(axis=1)
    return np.asarray(np.divide(wins, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0))
