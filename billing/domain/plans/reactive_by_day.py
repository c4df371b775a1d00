"""Readings of one channel, added up by local days."""

from __future__ import annotations

import numpy as np

from billing.domain.plans.supply_state import ReactiveUse
from billing.domain.reckoning.axis import axis_of, epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage


def reactive_by_day(found: Usage, period: Period, timezone: str) -> ReactiveUse | None:
    """None where a reading of the period is missing: it is never guessed."""
    first = epoch_minute(found.starts_at)
    axis = axis_of(timezone, found.interval_minutes, first, period)
    offset = (axis.first_minute - first) // found.interval_minutes
    columns = slice(offset, offset + axis.size)
    values, missing = found.micro_kwh[columns], found.missing[columns]
    if offset < 0 or values.size < axis.size or missing.any():
        return None
    days = np.zeros((1, period.days), dtype=np.int64)
    np.add.at(days[0], axis.day_index, values)
    return ReactiveUse(period.starts_on, days)
