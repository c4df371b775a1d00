"""Which way of estimating is taken for which gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.estimation.like_days import like_days
from meters.domain.estimation.linear import gaps, linear
from meters.domain.estimation.local_days import LocalDays
from meters.domain.estimation.other_unit import other_unit
from meters.domain.estimation.profile import profile
from meters.domain.estimation.scaling import scaled
from meters.domain.validation.days import BoolArray

METHODS = ("linear", "like_days", "profile")
OTHER_UNIT = "other_unit"
_ALL = (*METHODS, OTHER_UNIT)
AUTO = "auto"
LINEAR_MINUTES = 120
"""The longest gap that is bridged by a straight line."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One channel's t intervals, and what helps to estimate some of them. micro: int64 (t,), anything where
    not known; known, measured: bool (t,), whether a reading stands there, and whether it was measured;
    days: their local days. temperature: by local day's ordinal. shape: float (t,), a usual run of use, with
    `expected_micro` for all of it. bounds: (first, end, total), what a register counted."""

    micro: IntArray
    known: BoolArray
    measured: BoolArray
    days: LocalDays
    temperature: Mapping[int, float] | None = None
    shape: npt.NDArray[np.float64] | None = None
    expected_micro: int | None = None
    bounds: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """values: int64 (t,); how: int8 (t,), 0 where nothing was estimated, else 1 + the place of its
    method in METHODS, and then OTHER_UNIT;
    left: how many wanted intervals no method could tell. unbounded: spans whose readings exceed their
    register, so that nothing could be scaled."""

    values: IntArray
    how: npt.NDArray[np.int8]
    left: int
    scaled: bool
    unbounded: tuple[tuple[int, int, int], ...]

    @property
    def filled(self) -> BoolArray:
        made: BoolArray = self.how > 0
        return made

    @property
    def methods(self) -> tuple[str, ...]:
        """Those that were used, in the order of METHODS."""
        return tuple(name for place, name in enumerate(_ALL) if (self.how == place + 1).any())


def estimated(
    known: Known, wanted: BoolArray, method: str = AUTO, linear_minutes: int = LINEAR_MINUTES
) -> Estimate:
    """Estimate the wanted intervals, bool (t,), as if nothing were known of them.

    `auto`: a line over gaps of up to `linear_minutes`, like days for the others, the profile where there are
    none; a single method is tried alone (a line over a gap of any length). No estimate is below zero. Where a
    register bounds a gap, the estimates of its span add up to what it counted.
    """
    values = known.micro.copy()
    how = np.zeros(values.size, dtype=np.int8)
    there, measured = known.known & ~wanted, known.measured & ~wanted
    longest = linear_minutes // known.days.interval_minutes if method == AUTO else values.size
    for place, name in enumerate(METHODS):
        open_ones = wanted & (how == 0)
        if method not in (AUTO, name) or not open_ones.any():
            continue
        made, filled = _by(name, known, there, measured, open_ones, longest)
        values = np.where(filled, np.maximum(made, 0), values)
        how[filled] = place + 1
    made, unbounded = scaled(values, how > 0, there, known.bounds)
    changed = bool((made != values).any())
    return Estimate(made, how, int((wanted & (how == 0)).sum()), changed, tuple(unbounded))


def in_the_usual_unit(known: Known, wanted: BoolArray, too_large: bool) -> Estimate:
    """What was read of the wanted intervals, bool (t,), in a unit a thousand times as large, or as small."""
    values, filled = other_unit(known.micro, known.known, wanted, too_large)
    how = np.where(filled, len(_ALL), 0).astype(np.int8)
    return Estimate(values, how, int((wanted & ~filled).sum()), False, ())


def _by(
    name: str, known: Known, there: BoolArray, measured: BoolArray, wanted: BoolArray, longest: int
) -> tuple[IntArray, BoolArray]:
    if name == "linear":
        values, filled = linear(known.micro, there, longest)
        # A gap is bridged whole or not at all: one that reaches beyond what is wanted is not ours.
        for first, end in gaps(~there):
            if not wanted[first:end].all():
                filled[first:end] = False
        return values, filled & wanted
    if name == "like_days":
        return like_days(known.micro, measured, wanted, known.days, known.temperature)
    if known.shape is None:
        return known.micro, np.zeros(known.micro.size, dtype=np.bool_)
    interval = known.days.interval_minutes
    return profile(known.micro, there, wanted, known.shape, known.expected_micro, interval)
