"""Several models told of the same later customers: each figure with how far it could be off by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from churn.domain.feature_table import FloatArray
from churn.domain.figures import (
    TENTHS,
    BoolArray,
    auc,
    average_precision,
    calibration_error,
    captured,
)
from churn.domain.intervals import MEASURES, middle, repeated

REPEATS = 500
CALIBRATION = "calibration_error"


def compared(left: BoolArray, scores: Mapping[str, FloatArray], repeats: int = REPEATS) -> dict[str, Any]:
    """{name: {measure: [value, low, high]}} of `roc_auc`, `pr_auc`, `top_decile_lift` and
    `calibration_error`; 95 % by bootstrap over customers, the same draws for every model.

    Of the calibration error the interval is the basic one, 2 × value less the quantiles and not below nought
    (Davison, Hinkley, Bootstrap Methods and their Application, 1997, section 5.2): drawn again, groups are
    further from what was said than they were, by the very chance that the figure has in it already.
    """
    return {name: _measured(left, one, repeats) for name, one in scores.items()}


def _measured(left: BoolArray, scores: FloatArray, repeats: int) -> dict[str, list[float]]:
    values = {
        "roc_auc": auc(left, scores),
        "pr_auc": average_precision(left, scores),
        "top_decile_lift": captured(left, scores, left.size / TENTHS) * TENTHS / int(left.sum()),
    }
    drawn = repeated(left, scores, repeats, 0)
    found: dict[str, list[float]] = {}
    for name in MEASURES:
        low, high = middle(drawn[name]) or (values[name], values[name])
        found[name] = [values[name], low, high]
    value = calibration_error(left, scores)
    low, high = middle(_calibration_errors(left, scores, repeats)) or (value, value)
    found[CALIBRATION] = [value, max(0.0, 2 * value - high), max(0.0, 2 * value - low)]
    return found


def _calibration_errors(left: BoolArray, scores: FloatArray, repeats: int) -> FloatArray:
    """float64 (repeats,) on customers drawn again and again with replacement."""
    draw = np.random.default_rng(0)
    order = np.argsort(scores, kind="stable")
    apart = (scores - left)[order]
    even = np.full(left.size, 1 / left.size)
    starts = np.concatenate(([0], np.cumsum([part.size for part in np.array_split(order, TENTHS)])))
    found = np.empty(repeats)
    for place in range(repeats):
        taken = np.repeat(apart, draw.multinomial(left.size, even)[order])
        sums = np.diff(np.concatenate(([0.0], np.cumsum(taken)))[starts])
        found[place] = np.abs(sums).sum() / left.size
    return found
