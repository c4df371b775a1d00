"""How far figures could be off by chance alone: the bootstrap over customers, of several figures at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FloatArray
from churn.domain.figures import TENTHS, BoolArray, auc_of_counts, starts_of

MEASURES = ("roc_auc", "pr_auc", "top_decile_lift")
_AT_ONCE = 2_000_000


def repeated(left: BoolArray, scores: FloatArray, repeats: int, seed: int) -> Mapping[str, FloatArray]:
    """Each of MEASURES float64 (repeats,) on customers drawn again and again with replacement.

    The same seed draws the same customers whatever the scores are, so differences between two scores of the
    same customers can be taken repeat by repeat. NaN where a repeat drew only leavers or only stayers.
    """
    draw = np.random.default_rng(seed)
    order = np.argsort(scores, kind="stable")
    starts = starts_of(scores[order])
    gone = left[order]
    even = np.full(left.size, 1 / left.size)
    found: dict[str, list[FloatArray]] = {name: [] for name in MEASURES}
    batch = max(1, _AT_ONCE // left.size)
    for first in range(0, repeats, batch):
        drawn = draw.multinomial(left.size, even, size=min(batch, repeats - first))
        picked = drawn.astype(np.float64)[:, order]
        leavers = np.add.reduceat(picked * gone, starts, axis=1)
        stayers = np.add.reduceat(picked * ~gone, starts, axis=1)
        found["roc_auc"].append(auc_of_counts(leavers, stayers))
        precision, lift = _from_above(leavers[:, ::-1], stayers[:, ::-1])
        found["pr_auc"].append(precision)
        found["top_decile_lift"].append(lift)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _from_above(leavers: FloatArray, stayers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(repeats, distinct scores) counts, highest score first, to average precision and lift (repeats,)."""
    size = leavers + stayers
    reached = np.cumsum(size, axis=1)
    gone = leavers.sum(axis=1)
    precision = np.divide(np.cumsum(leavers, axis=1), reached, out=np.zeros_like(size), where=reached > 0)
    customers = reached[:, -1:]
    top = customers / TENTHS
    part = np.clip(np.divide(top - (reached - size), size, out=np.zeros_like(size), where=size > 0), 0.0, 1.0)
    caught = (leavers * part).sum(axis=1)
    area, lift = np.full(gone.size, np.nan), np.full(gone.size, np.nan)
    np.divide((precision * leavers).sum(axis=1), gone, out=area, where=gone > 0)
    np.divide(caught * TENTHS, gone, out=lift, where=gone > 0)
    return area, lift


def middle(
    values: Sequence[float] | npt.NDArray[np.float64], share: float = 0.95
) -> tuple[float, float] | None:
    """Between which values the middle share of them lies; None where there are none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not known.size:
        return None
    low, high = np.quantile(known, ((1 - share) / 2, (1 + share) / 2))
    return float(low), float(high)
