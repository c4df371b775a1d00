"""Days to come laid on the clock: each takes the shape of a like day of lately, and the energy foretold
for it."""

from __future__ import annotations

import numpy as np

from billing.domain.explanation.virtual_days import map_days, types_of
from billing.domain.explanation.weather.record import Floats
from billing.domain.money import MICRO, Int64Array
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

_SUNDAY, _HOLIDAY = 2, 3


def path_ahead(
    usage: Usage, lately: Period, ahead: Period, timezone: str, holidays: HolidayCalendar | None, kwh: Floats
) -> Int64Array:
    """micro-kWh of each interval of the days ``ahead``. usage: what is known of ``lately``, on whose axis
    it is.

    kwh: of each day ahead. Where nothing was used on the day that lends its shape, the energy is spread
    evenly.
    """
    first = epoch_minute(usage.starts_at)
    coming = axis_of(timezone, usage.interval_minutes, first, ahead)
    table = by_clock(usage, axis_of(timezone, usage.interval_minutes, first, lately))
    known, wanted = (types_of(one, (holidays,)) for one in (lately, ahead))
    if _HOLIDAY not in known:
        wanted = tuple(_SUNDAY if kind == _HOLIDAY else kind for kind in wanted)
    slot = coming.clock_minute.astype(np.int64) // usage.interval_minutes
    day = coming.day_index.astype(np.int64)
    shape = table[map_days(known, wanted)[day], slot].astype(np.float64)
    sums = np.bincount(day, shape, minlength=ahead.days)
    shape = np.where(sums[day] > 0, shape, 1.0)
    sums = np.bincount(day, shape, minlength=ahead.days)
    laid: Int64Array = np.rint(shape * (kwh * MICRO / np.maximum(sums, 1))[day]).astype(np.int64)
    return laid


def by_clock(usage: Usage, axis: Axis) -> Int64Array:
    """int64 (days, slots of the clock). An hour that the clock shows twice counts once, as its mean; a slot
    that a day does not have, or nobody read, is the same one's mean of the other days."""
    slots = 1440 // usage.interval_minutes
    offset = (axis.first_minute - epoch_minute(usage.starts_at)) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, usage.micro_kwh.size - offset))
    sums = np.zeros((axis.period.days, slots), dtype=np.int64)
    counts = np.zeros_like(sums)
    values = usage.micro_kwh[begin + offset : end + offset]
    there = ~usage.missing[begin + offset : end + offset]
    day = axis.day_index[begin:end].astype(np.int64)[there]
    slot = axis.clock_minute[begin:end].astype(np.int64)[there] // usage.interval_minutes
    np.add.at(sums, (day, slot), np.maximum(values[there], 0))
    np.add.at(counts, (day, slot), 1)
    of_slot = sums.sum(axis=0) // np.maximum(counts.sum(axis=0), 1)
    found: Int64Array = np.where(counts > 0, sums // np.maximum(counts, 1), of_slot[None, :])
    return found
