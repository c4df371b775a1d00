"""Readings of reactive energy: added up by local days, and laid on the axis of the readings beside them."""

from __future__ import annotations

import numpy as np

from billing.domain.money import Int64Array
from billing.domain.plans.supply_state import ReactiveIntervals, ReactiveUse
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute
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
    intervals = ReactiveIntervals(axis.first_minute, found.interval_minutes, values[None, :])
    return ReactiveUse(period.starts_on, days, intervals)


def laid_on_axis(found: ReactiveIntervals, axis: Axis) -> Int64Array | None:
    """int64 (customers, intervals of the axis), each reading where it begins; None where they do not hold all
    of the axis's days.

    Readings of another length keep their sums over windows that both fill, and over no others.
    """
    step = found.interval_minutes
    own = axis_of(axis.timezone, step, found.first_minute, axis.period)
    offset = (own.first_minute - found.first_minute) // step
    if offset < 0 or offset + own.size > found.micro_kvarh.shape[1]:
        return None
    values = found.micro_kvarh[:, offset : offset + own.size]
    if step == axis.interval_minutes and own.first_minute == axis.first_minute:
        return values
    laid = np.zeros((values.shape[0], axis.size), dtype=np.int64)
    if axis.size:
        at = np.clip((own.minutes - axis.first_minute) // axis.interval_minutes, 0, axis.size - 1)
        np.add.at(laid.T, at, values.T)
    return laid
