"""One charge for reactive energy over an axis: the times over which kVArh are held against kWh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from billing.domain.charges.reactive import ReactiveCharge
from billing.domain.errors import UnknownReactive
from billing.domain.money import MICRO, Int64Array, parts_of
from billing.domain.plans.supply_state import SupplyState
from billing.domain.reckoning.summing import Keyed
from billing.domain.tariffs.labels import Intervals


@dataclass(frozen=True, slots=True)
class ReactivePart:
    """A month, or the bill, at one charge and one group of adjustments. days: of it."""

    group: int
    charge: ReactiveCharge
    days: tuple[date, ...]

    @property
    def ends_before(self) -> date:
        return self.days[-1] + timedelta(days=1)


@dataclass(frozen=True, eq=False)
class ReactivePlan:
    """keyed: of each interval its part."""

    code: str
    parts: tuple[ReactivePart, ...]
    keyed: Keyed


def reactive_plan(
    code: str,
    charge_on: Sequence[ReactiveCharge | None],
    days: Sequence[date],
    group_of_day: Sequence[int],
    axis: Intervals,
) -> ReactivePlan:
    """charge_on: for each of `days`, the charge in force."""
    held: dict[tuple[int, ReactiveCharge, tuple[int, ...]], list[int]] = {}
    for place, (charge, day, group) in enumerate(zip(charge_on, days, group_of_day, strict=True)):
        if charge is not None:
            reset = (day.year, day.month) if charge.by == "month" else ()
            held.setdefault((group, charge, reset), []).append(place)
    part_on = np.full(len(days), -1, dtype=np.int64)
    for number, places in enumerate(held.values()):
        part_on[places] = number
    parts = tuple(
        ReactivePart(group, charge, tuple(days[place] for place in places))
        for (group, charge, _reset), places in held.items()
    )
    return ReactivePlan(code, parts, Keyed(part_on[axis.day_index], len(parts), axis.day_index))


def beyond_allowed(plan: ReactivePlan, micro_kwh: Int64Array, state: SupplyState) -> Int64Array:
    """int64 (customers, parts): micro-kVArh that are priced. micro_kwh: of each part, of the same shape.

    Raises UnknownReactive where the reactive energy of a day is not known.
    """
    found = np.zeros_like(micro_kwh)
    for number, part in enumerate(plan.parts):
        known = state.reactive
        if known is None or not known.holds(part.days):
            raise UnknownReactive(f"'{plan.code}' is by reactive energy, which is not known of all days")
        allowed = parts_of(np.maximum(micro_kwh[:, number], 0), Fraction(part.charge.allowed_ppm, MICRO))
        found[:, number] = np.maximum(known.of(part.days) - allowed, 0)
    return found
