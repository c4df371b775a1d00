"""missing: holes in a day that came."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import MISSING, IntArray
from meters.domain.validation.days import Days, Hits, hits_of


def missing(days: Days, due: IntArray) -> Hits:
    """Intervals without a reading among the first `due` (r,) of each day; later ones may still come.

    found: how many; usual: how many were due.
    """
    rows = np.flatnonzero((days.least == MISSING) & (due > 0))
    at = days.micro[rows] == MISSING
    at &= np.arange(days.size) < due[rows, None]
    return hits_of(days, rows, at, at.sum(axis=1, dtype=np.int64), due[rows])
