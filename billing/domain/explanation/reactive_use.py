"""Reactive energy in mixtures of two bills: each day's kVArh, all from one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from billing.domain.explanation.mixing import Pair
from billing.domain.explanation.virtual_days import DayMaps, scaled
from billing.domain.money import Int64Array
from billing.domain.plans.supply_state import ReactiveUse, SupplyState


def reactive_days(sides: Pair, side: int) -> Int64Array | None:
    """int64 (days,): micro-kVArh of a side's days; None where they are not known."""
    known, days = sides[side].side.state.reactive, sides[side].rules.days
    if known is None or not known.holds(days):
        return None
    first = (days[0] - known.starts_on).days
    return known.micro_kvarh[0, first : first + len(days)]


def reactive_differs(sides: Pair, maps: DayMaps) -> bool:
    return any(
        not np.array_equal(_path(sides, maps, calendar, 0), _path(sides, maps, calendar, 1))
        for calendar in (0, 1)
    )


def with_reactive_of(
    sides: Pair, maps: DayMaps, calendar: int, side_of: Sequence[int], state: SupplyState
) -> SupplyState:
    """The state with the kVArh of the side that each mixture takes, on the days of a calendar."""
    paths = [_path(sides, maps, calendar, side) for side in (0, 1)]
    rows = np.stack([paths[side] for side in side_of])
    return replace(state, reactive=ReactiveUse(sides[calendar].rules.days[0], rows))


def _path(sides: Pair, maps: DayMaps, calendar: int, side: int) -> Int64Array:
    """int64 (days of the calendar,). A side that was not metered is taken to be as the other: what begins to
    be charged is the tariff's doing."""
    days = reactive_days(sides, side)
    if days is None:
        side = 1 - side
        days = reactive_days(sides, side)
    if days is None:
        return np.zeros(len(sides[calendar].rules.days), dtype=np.int64)
    shape = days[maps.maps[calendar][side]]
    if int(shape.min(initial=0)) < 0:
        return shape
    count = days.size
    return scaled(shape, (int(days.sum()) * shape.size * 2 + count) // (2 * count))
