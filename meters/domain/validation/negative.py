"""negative: below zero, where direction is told by the channel and never by a sign."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import MISSING
from meters.domain.validation.days import Days, Hits, hits_of


def negative(days: Days) -> Hits:
    """found: the lowest value of the day; usual: zero."""
    rows = np.flatnonzero(days.least < 0)  # holes are below zero as well
    micro = days.micro[rows]
    at = (micro < 0) & (micro != MISSING)
    lowest = np.where(at, micro, 0).min(axis=1, initial=0)
    return hits_of(days, rows, at, lowest, np.zeros_like(lowest))
