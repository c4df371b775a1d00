"""Energy given back in mixtures of two bills: that of one side, by the day, on the days of either calendar.

With it go the credits that the side's bill began with. It is one factor, `export`; how much is given back
and when are not told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from billing.domain.explanation.sides import Grid, Side, lay
from billing.domain.explanation.virtual_days import DayMap, scaled
from billing.domain.money import Int64Array
from billing.domain.supply_state import KwhCredit, SupplyState, SurplusSoFar

Given = Int64Array | None


def laid_given(sides: Sequence[Side], grid: Grid) -> tuple[Given, Given]:
    """Of both sides, int64 (days, columns); None for both where neither bill read any."""
    exports = [side.usage.export if side.tariff.reads_export else None for side in sides]
    if all(export is None for export in exports):
        return None, None
    found = [
        np.zeros((side.period.days, grid.size), dtype=np.int64)
        if export is None
        else lay(export, side.period, side.zone, grid)
        for side, export in zip(sides, exports, strict=True)
    ]
    return found[0], found[1]


def given_path(given: Int64Array, mapped: DayMap) -> Int64Array:
    """On the days of a calendar at the same level a day."""
    days = given.shape[0]
    total = (int(given.sum()) * mapped.size * 2 + days) // (2 * days)
    return scaled(given[mapped], total)


def credit_rows(state: SupplyState) -> list[tuple[str, str, int, int]]:
    """What a bill began with, to be compared."""
    left = [(one.code, one.label, one.hour, int(one.micro_kwh[0])) for one in state.credits]
    return left + [(one.code, "", -2, int(one.micro_kwh[0])) for one in state.surplus]


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
