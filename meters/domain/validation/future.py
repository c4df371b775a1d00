"""future: measured before it could be."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.validation.days import Days, Hits, hits_of


def future(days: Days, begun: IntArray) -> Hits:
    """Measured intervals beyond the first `begun` (r,) of a day, those that had begun when the file came.

    Estimates may run ahead (NEM12 sends forward estimates); what was measured may not. found: how many;
    usual: how many had begun.
    """
    rows = np.flatnonzero(begun < days.size)
    at = days.measured(rows) & (np.arange(days.size) >= begun[rows, None])
    return hits_of(days, rows, at, at.sum(axis=1, dtype=np.int64), np.maximum(begun[rows], 0))
