"""Which days are compared to find a clock that drifts: the latest weekdays, and those before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.validation.clock_drift import Floats
from meters.domain.validation.days import BoolArray

BEFORE = 20
FEWEST_BEFORE = 10


@dataclass(frozen=True, slots=True, eq=False)
class DriftDays:
    """usual: float (c, n); recent: float (c, 2, n), the means of the elder and the later half of the latest
    weekdays; judged: bool (c,), whether there were enough; first: where the latest weekdays begin among the
    days."""

    usual: Floats
    recent: Floats
    judged: BoolArray
    first: int


def drift_days(micro: IntArray, usable: BoolArray, weekday: BoolArray, latest: int) -> DriftDays | None:
    """micro: int64 (c, d, n) on the local clock; usable: bool (c, d), whole measured days; weekday: bool
    (d,). None where there are not even so many weekdays.

    Weekends are left out: people rise later then, and the meter's clock is right.
    """
    places = np.flatnonzero(weekday)
    latest -= latest % 2
    if latest < 2 or places.size < latest + FEWEST_BEFORE:
        return None
    now, before = places[-latest:], places[-latest - BEFORE : -latest]
    weights = usable[:, before].astype(np.float64)
    count = weights.sum(axis=1)
    usual = np.einsum("cdn,cd->cn", micro[:, before].astype(np.float64), weights)
    usual /= np.maximum(count, 1)[:, None]
    halves = micro[:, now].astype(np.float64).reshape(micro.shape[0], 2, latest // 2, micro.shape[2])
    judged = usable[:, now].all(axis=1) & (count >= FEWEST_BEFORE)
    return DriftDays(usual, halves.mean(axis=2), judged, int(now[0]))


def on_the_local_clock(micro: IntArray, offsets: npt.NDArray[np.int64], interval_minutes: int) -> IntArray:
    """micro (c, d, n), days of standard time, each rolled by how far the local clock is ahead of the last
    day's: offsets int64 (d,), minutes. What is rolled over midnight stays in its day; for a shape that will
    do."""
    shifts = (offsets - offsets[-1]) // interval_minutes
    if not shifts.any():
        return micro
    rolled = micro.copy()
    for shift in np.unique(shifts).tolist():
        days = np.flatnonzero(shifts == shift)
        rolled[:, days] = np.roll(micro[:, days], shift, axis=2)
    return rolled
