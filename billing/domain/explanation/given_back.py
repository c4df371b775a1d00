"""Energy given back in mixtures of two bills: its volume a day and its shape over hours and days, each from
one side; and the credit that net metering brought in from earlier bills.

A day's shape is the sun's, so a side that gave nothing back has none: the other's stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from billing.domain.explanation.sides import Grid, Side, lay
from billing.domain.explanation.virtual_days import DayMaps, scaled
from billing.domain.money import Int64Array
from billing.domain.plans.supply_state import KwhCredit, SupplyState, SurplusSoFar

Given = tuple[Int64Array, Int64Array]
"""Of the side before and after, int64 (days, columns), as billed."""


def laid_given(sides: tuple[Side, Side], grid: Grid) -> Given | None:
    """None where neither tariff looks at energy given back, or nothing of it is known.

    What a side gave back is laid even where its own tariff does not look: the panels were there, and a
    tariff that pays for them is a matter of the tariff.
    """
    exports = [side.usage.export for side in sides]
    if not any(side.tariff.reads_export for side in sides) or all(export is None for export in exports):
        return None
    found = [
        np.zeros((side.period.days, grid.size), dtype=np.int64)
        if export is None
        else lay(export, side.period, side.zone, grid)
        for side, export in zip(sides, exports, strict=True)
    ]
    return found[0], found[1]


def given_factors(given: Given, maps: DayMaps) -> set[str]:
    """Which of its two factors differ."""
    found = set()
    before, after = (int(one.sum()) for one in given)
    if before * given[1].shape[0] != after * given[0].shape[0]:
        found.add("export_volume")
    if before and after and any(_shapes_differ(given, maps, calendar) for calendar in (0, 1)):
        found.add("export_shift")
    return found


def given_path(given: Given, maps: DayMaps, calendar: int, volume: int, shift: int) -> Int64Array:
    """int64 (days of the calendar, columns): what is given back in a mixture."""
    shift = shift if given[shift].any() else 1 - shift
    shape = given[shift][maps.maps[calendar][shift]]
    days = given[volume].shape[0]
    total = (int(given[volume].sum()) * shape.shape[0] * 2 + days) // (2 * days)
    return scaled(shape, total)


def _shapes_differ(given: Given, maps: DayMaps, calendar: int) -> bool:
    shapes = [given[side][maps.maps[calendar][side]] for side in (0, 1)]
    total = max(int(shape.sum()) for shape in shapes)
    return not np.array_equal(scaled(shapes[0], total), scaled(shapes[1], total))


def credit_rows(state: SupplyState) -> list[tuple[str, str, int, int]]:
    """What a bill began with, to be compared."""
    left = [(one.code, one.label, one.hour, int(one.micro_kwh[0])) for one in state.credits]
    return sorted(left + [(one.code, "", -2, int(one.micro_kwh[0])) for one in state.surplus])


def mixed_state(state: SupplyState, of_sides: Sequence[SupplyState], side_of: Sequence[int]) -> SupplyState:
    """The state with credits of the side that each mixture takes."""
    if not any(credit_rows(one) for one in of_sides):
        return replace(state, credits=(), surplus=())
    chosen = np.array(side_of, dtype=np.int64)
    credits_of, surplus_of = [], []
    for number, one in enumerate(of_sides):
        mine = (chosen == number).astype(np.int64)
        credits_of += [KwhCredit(c.code, c.label, c.hour, mine * c.micro_kwh[0]) for c in one.credits]
        surplus_of += [SurplusSoFar(known.code, mine * known.micro_kwh[0]) for known in one.surplus]
    return replace(state, credits=tuple(credits_of), surplus=tuple(surplus_of))
