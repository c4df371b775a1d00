"""profile: a usual shape, at the level of what is known of the channel or expected of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray

LEAST_KNOWN = 48
"""From so many hours of own readings on they tell the level, and no expectation is asked."""


def profile(
    micro: IntArray,
    known: BoolArray,
    wanted: BoolArray,
    shape: npt.NDArray[np.float64],
    expected_micro: int | None,
    interval_minutes: int,
) -> tuple[IntArray, BoolArray]:
    """micro int64 (t,), known, wanted bool (t,); shape: float (t,), none below zero, how use usually runs
    over these intervals, in any unit.

    The level is that of the channel's own known readings, where they are of two days at least; else
    `expected_micro`, what the shape's whole span should sum to. With neither, nothing is filled. Returns
    (values, filled).
    """
    values, filled = micro.copy(), np.zeros(micro.size, dtype=np.bool_)
    level = _level(micro, known, shape, expected_micro, interval_minutes)
    if level is None:
        return values, filled
    values[wanted] = np.rint(shape[wanted] * level).astype(np.int64)
    filled[wanted] = True
    return values, filled


def _level(
    micro: IntArray,
    known: BoolArray,
    shape: npt.NDArray[np.float64],
    expected_micro: int | None,
    interval_minutes: int,
) -> float | None:
    """Millionths for each unit of the shape."""
    covered = float(shape[known].sum())
    if int(known.sum()) * interval_minutes >= LEAST_KNOWN * 60 and covered > 0:
        return max(0.0, float(micro[known].sum()) / covered)
    whole = float(shape.sum())
    if expected_micro is not None and whole > 0:
        return expected_micro / whole
    return None
