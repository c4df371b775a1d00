"""Demand as billed: as measured, or a share of what an earlier month reached (EXPLAIN A5).

A month of the same bill counts as any other. What was measured is looked back upon, never what was billed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from billing.domain.money import Int64Array, Rounding, shares_of
from billing.domain.plans.demand import DemandPlan, Highest, Maximum
from billing.domain.plans.supply_state import EarlierDemand


@dataclass(frozen=True, eq=False)
class Billed:
    """Both int64 (customers, maxima): micro-kW; the number of the month that holds it up, 0 for none."""

    micro_kw: Int64Array
    held_by: Int64Array


def billed_demand(
    plan: DemandPlan, measured: Highest, earlier: Sequence[EarlierDemand], first_month: int
) -> Billed:
    """first_month: number of the month in which the bill begins."""
    billed, held_by = measured.micro_kw.copy(), np.zeros_like(measured.micro_kw)
    for number, maximum in enumerate(plan.maxima):
        if maximum.ratchet is None:
            continue
        for month, micro_kw in _looked_back_upon(plan, maximum, measured, earlier, first_month):
            floor = shares_of(micro_kw, maximum.ratchet.share_ppm, Rounding.HALF_UP)
            held_by[:, number] = np.where(floor > billed[:, number], month, held_by[:, number])
            billed[:, number] = np.maximum(billed[:, number], floor)
    return Billed(billed, held_by)


def _looked_back_upon(
    plan: DemandPlan,
    maximum: Maximum,
    measured: Highest,
    earlier: Sequence[EarlierDemand],
    first_month: int,
) -> Iterator[tuple[int, Int64Array]]:
    """Months and what was drawn in them: those before the bill, and those of the bill itself."""
    ratchet = maximum.ratchet
    assert ratchet is not None, "only a ratchet looks back"
    for one in earlier:
        same = (one.code, one.label) == (plan.code, maximum.label)
        if same and ratchet.counts(one.months_back + maximum.month - first_month, one.month):
            yield first_month - one.months_back, one.micro_kw
    for other, before in enumerate(plan.maxima):
        back = maximum.month - before.month
        if maximum.label == before.label and ratchet.counts(back, before.month % 12 + 1):
            yield before.month, measured.micro_kw[:, other]
