"""above_capacity: more than the meter can count, or its fuse let through, in one interval."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.validation.days import Days, Hits, hits_of


def above_capacity(days: Days, capacity: IntArray) -> Hits:
    """capacity (r,): the most of one interval; 0 or less where none is known.

    found: the highest value of the day; usual: the capacity.
    """
    rows = np.flatnonzero((days.most > capacity) & (capacity > 0))
    at = days.micro[rows] > capacity[rows, None]
    return hits_of(days, rows, at, days.most[rows], capacity[rows])


def capacity_of(amperes: int, phases: int, volts: int = 230) -> int:
    """What a meter of so many amperes counts in an hour at most, in millionths of a kWh.

    A three-phase meter is told by its phase voltage, 230 V between line and neutral.

    >>> capacity_of(100, 1), capacity_of(60, 3)
    (23000000, 41400000)
    """
    return amperes * phases * volts * 1000
