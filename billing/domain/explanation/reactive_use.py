"""Reactive energy in mixtures of two bills: each day's kVArh, or each interval's, all from one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from billing.domain.explanation.mixing import Pair
from billing.domain.explanation.sides import Grid, Side, lay
from billing.domain.explanation.virtual_days import DayMaps, scaled
from billing.domain.money import Int64Array
from billing.domain.plans.supply_state import ReactiveIntervals, ReactiveUse, SupplyState
from billing.domain.reckoning.axis import instant_of
from billing.domain.reckoning.usage import Usage

Laid = tuple[Int64Array | None, Int64Array | None]
"""Of each side int64 (days,) or (days, columns of the grid); None where it is not known."""


def reactive_days(sides: Pair, side: int) -> Int64Array | None:
    """int64 (days,): micro-kVArh of a side's days; None where they are not known."""
    known, days = sides[side].side.state.reactive, sides[side].rules.days
    if known is None or not known.holds(days):
        return None
    first = (days[0] - known.starts_on).days
    return known.micro_kvarh[0, first : first + len(days)]


def by_day(sides: Pair) -> Laid:
    return reactive_days(sides, 0), reactive_days(sides, 1)


def intervals_of(side: Side) -> ReactiveIntervals | None:
    """What its power in kVA was measured of; None where its tariff has none."""
    known = side.state.reactive
    return known.intervals if known is not None and side.tariff.reads_apparent else None


def by_interval(sides: tuple[Side, Side], grid: Grid) -> Laid:
    before, after = (_laid(side, grid) for side in sides)
    return before, after


def _laid(side: Side, grid: Grid) -> Int64Array | None:
    found = intervals_of(side)
    if found is None:
        return None
    usage = Usage.of(instant_of(found.first_minute), found.interval_minutes, found.micro_kvarh[0])
    return lay(usage, side.period, side.zone, grid)


def reactive_differs(laid: Laid, maps: DayMaps) -> bool:
    if laid[0] is None and laid[1] is None:
        return False
    return any(
        not np.array_equal(reactive_path(laid, maps, calendar, 0), reactive_path(laid, maps, calendar, 1))
        for calendar in (0, 1)
    )


def with_reactive_of(
    sides: Pair, maps: DayMaps, calendar: int, side_of: Sequence[int], state: SupplyState
) -> SupplyState:
    """The state with the kVArh of the side that each mixture takes, on the days of a calendar."""
    laid = by_day(sides)
    paths = [reactive_path(laid, maps, calendar, side) for side in (0, 1)]
    rows = np.stack([paths[side] for side in side_of])
    return replace(state, reactive=ReactiveUse(sides[calendar].rules.days[0], rows))


def reactive_rows(laid: Laid, maps: DayMaps, calendar: int, side_of: Sequence[int]) -> Int64Array | None:
    """int64 (mixtures, days x columns of the calendar): of the side that each mixture takes; None where
    neither is known."""
    if laid[0] is None and laid[1] is None:
        return None
    paths = [reactive_path(laid, maps, calendar, side).ravel() for side in (0, 1)]
    return np.stack([paths[side] for side in side_of])


def reactive_path(laid: Laid, maps: DayMaps, calendar: int, side: int) -> Int64Array:
    """Over the days of the calendar, at the daily level of the side. A side that was not metered is taken to
    be as the other: what begins to be charged is the tariff's doing."""
    found = laid[side]
    if found is None:
        side = 1 - side
        found = laid[side]
    if found is None:
        return np.zeros(len(maps.maps[calendar][0]), dtype=np.int64)
    shape = found[maps.maps[calendar][side]]
    if int(shape.min(initial=0)) < 0:
        return shape
    count = found.shape[0]
    return scaled(shape, (int(found.sum()) * shape.shape[0] * 2 + count) // (2 * count))
