"""spike: far more than this meter ever used in one interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.validation.days import Days, Hits, hits_of


def spike(days: Days, most: IntArray, factor: npt.NDArray[np.float64], floor: IntArray) -> Hits:
    """Intervals above `factor` times the channel's `most` so far, and above `floor`; most is below 0 where
    there is no history. All (r,).

    found: the highest value of the day; usual: the channel's most.
    """
    limit = np.maximum(np.rint(most * factor), floor).astype(np.int64)
    rows = np.flatnonzero((days.most > limit) & (most >= 0))
    at = days.micro[rows] > limit[rows, None]
    return hits_of(days, rows, at, days.most[rows], most[rows])
