"""Many supplies over the same months on two tariffs: arrays in, arrays out, no session inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from billing.domain.money import MICRO, Int64Array
from billing.domain.plans.carrying import state_after
from billing.domain.plans.supply_state import NOTHING_KNOWN
from billing.domain.rating.rate import rate
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import UsageMatrix
from billing.domain.tariffs.tariff import Tariff
from billing.what_if.eligible import taken_back


@dataclass(frozen=True, eq=False)
class Costs:
    """minor, net_minor: int64 (supplies, months), with and without taxes. missing: int64 (supplies,),
    readings of all months that are not there, of `intervals`."""

    minor: Int64Array
    net_minor: Int64Array
    missing: Int64Array
    intervals: int

    @property
    def coverage_ppm(self) -> Int64Array:
        """Share of the readings that are there, in millionths."""
        found: Int64Array = (self.intervals - self.missing) * MICRO // max(1, self.intervals)
        return found


def rerated(usage: UsageMatrix, tariff: Tariff, months: Sequence[Period], timezone: str) -> Costs:
    """What the months cost every row, one bill after the other. Raises NotRateable."""
    used = taken_back(tariff, months[0].starts_on)
    state = NOTHING_KNOWN
    minor, net, intervals = [], [], 0
    missing = np.zeros(usage.micro_kwh.shape[0], dtype=np.int64)
    for month in months:
        batch = rate(usage, used, month, timezone=timezone, state=state)
        state = state_after(state, batch)
        total = batch.total_minor
        taxes = np.zeros_like(total)
        for line in batch.lines:
            if line.kind == "tax":
                taxes += line.amount_minor
        minor.append(total)
        net.append(total - taxes)
        missing += batch.missing_count
        intervals += batch.intervals
    return Costs(np.stack(minor, axis=1), np.stack(net, axis=1), missing, intervals)
