"""What a bill leaves to the next one of the same supply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from billing.domain.charges.demand import MOST_MONTHS
from billing.domain.plans.demand import month_number
from billing.domain.plans.supply_state import PastDemand, SupplyState
from billing.domain.rating.rated import RatedBatch


def state_after(state: SupplyState, batch: RatedBatch) -> SupplyState:
    """The state for the bill that follows `batch`, which was rated in `state`: its maxima as measured, the
    year so far of minimums by the year, and the credit of energy given back."""
    ends_in = month_number(batch.period.ends_before)
    demands: dict[tuple[str, str, int], PastDemand] = {}
    fresh = [PastDemand(one.code, one.label, one.starts_on, one.micro_kw) for one in batch.demands]
    for one in (*state.demands, *fresh):
        key = (one.code, one.label, month_number(one.month))
        if ends_in - key[2] > MOST_MONTHS:
            continue
        known = demands.get(key)
        if known is not None:  # two maxima of one month
            one = replace(one, micro_kw=np.maximum(known.micro_kw, one.micro_kw))
        demands[key] = one
    met = {one.code for one in batch.surplus}
    return replace(
        state,
        demands=tuple(demands.values()),
        years=batch.years,
        credits=(*(one for one in state.credits if one.code not in met), *batch.credits),
        surplus=(*(one for one in state.surplus if one.code not in met), *batch.surplus),
    )
