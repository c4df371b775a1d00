"""One charge for capacity over an axis: which windows of which days count in each month, and the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from billing.domain.charges.capacity import CapacityCharge, PeakMonth
from billing.domain.charges.fixed import fixed_quantity
from billing.domain.charges.power import PowerUnit
from billing.domain.errors import NotRateable
from billing.domain.money import Int64Array
from billing.domain.plans.apparent import highest_apparent
from billing.domain.plans.demand import (
    DemandLine,
    Lengths,
    clock_windows,
    month_number,
    power_of,
    window_of,
    window_sums,
)
from billing.domain.tariffs.labels import Intervals

NO_LIMIT = 2**62


@dataclass(frozen=True, eq=False)
class CapacityPlan:
    """starts, pieces: see DemandPlan. groups: of each part (a month at one charge), the windows of each day
    or each system peak, of which the highest counts. lines: whose maximum is the number of their part.
    """

    code: str
    asked_minutes: int
    window_minutes: int
    starts: Int64Array
    pieces: int
    intervals: int
    groups: tuple[tuple[Int64Array, ...], ...]
    lines: tuple[DemandLine, ...]
    unit: PowerUnit = "kW"


def capacity_plans(
    code: str,
    charge_on: Sequence[CapacityCharge | None],
    days: Sequence[date],
    kinds: Sequence[int],
    group_of_day: Sequence[int],
    axis: Intervals,
    lengths: Lengths,
) -> list[CapacityPlan]:
    """charge_on: for each of `days`, the charge in force. One plan for each length of window, nearly always
    one.

    Raises NotRateable for a month of which the tariff does not say its peaks.
    """
    held: dict[tuple[CapacityCharge, int], list[int]] = {}
    for index, (charge, day) in enumerate(zip(charge_on, days, strict=True)):
        if charge is not None:
            held.setdefault((charge, month_number(day)), []).append(index)
    found = []
    for asked, unit in dict.fromkeys((charge.window_minutes, charge.unit) for charge, _month in held):
        window = window_of(asked, lengths.over(axis, unit))
        starts, pieces = clock_windows(axis, window)
        groups: list[tuple[Int64Array, ...]] = []
        lines: list[DemandLine] = []
        for (charge, _month), places in held.items():
            if (charge.window_minutes, charge.unit) != (asked, unit):
                continue
            peaks = charge.peaks_of(days[places[0]])
            if peaks is None:
                raise NotRateable(f"'{code}' has no peak hours of {days[places[0]]:%Y-%m}")
            lines += _lines(len(groups), charge, [(days[place], group_of_day[place]) for place in places])
            counted = [place for place in places if peaks.spans is None or kinds[place] in charge.day_kinds]
            groups.append(_groups(peaks, counted, days, starts, window, axis))
        size = int(axis.day_index.size)
        found.append(
            CapacityPlan(code, asked, window, starts, pieces, size, tuple(groups), tuple(lines), unit)
        )
    return found


def _groups(
    peaks: PeakMonth,
    places: Sequence[int],
    days: Sequence[date],
    starts: Int64Array,
    window: int,
    axis: Intervals,
) -> tuple[Int64Array, ...]:
    day_of, clock = axis.day_index[starts], axis.clock_minute[starts].astype(np.int64) // window * window
    found = []
    for place in places:
        mine = np.flatnonzero(day_of == place)
        if peaks.spans is None:
            for at in sorted(peaks.at):
                if at.date() == days[place]:
                    minute = (at.hour * 60 + at.minute) // window * window
                    # Of an hour that the clock shows twice, the first.
                    found.append(mine[clock[mine] == minute][:1])
        else:
            inside = np.zeros(mine.size, dtype=bool)
            for first, last in peaks.spans:
                inside |= (clock[mine] >= first) & (clock[mine] < last)
            found.append(mine[inside])
    return tuple(found)


def _lines(number: int, charge: CapacityCharge, days: Sequence[tuple[date, int]]) -> list[DemandLine]:
    """One; where a tax changes, one of each part of the days."""
    found = []
    for group in dict.fromkeys(group for _day, group in days):
        mine = [day for day, of in days if of == group]
        quantity = fixed_quantity("month", mine)
        last = mine[-1] + timedelta(days=1)
        found.append(
            DemandLine(
                number, group, charge.label, "month", charge.price_micro, 0, NO_LIMIT, quantity, mine[0], last
            )
        )
    return found


def mean_of_highest(
    micro_kwh: Int64Array,
    plan: CapacityPlan,
    begin: int = 0,
    end: int | None = None,
    micro_kvarh: Int64Array | None = None,
) -> Int64Array:
    """int64 (customers, parts): micro-kW (or the plan's unit), the mean over a part's groups of the highest
    mean power in each, rounded half-even. micro_kwh: of the intervals [begin, end) of the axis; what is
    absent counts as nothing. micro_kvarh: of all of them, where the plan's unit asks for it."""
    customers = micro_kwh.shape[0]
    found = np.zeros((customers, len(plan.groups)), dtype=np.int64)
    if not plan.intervals or not customers:
        return found
    if begin > 0 or (end is not None and end < plan.intervals):
        whole = np.zeros((customers, plan.intervals), dtype=np.int64)
        whole[:, begin:end] = micro_kwh
        micro_kwh = whole
    sums = window_sums(micro_kwh, plan.starts, plan.pieces)
    reactive = (
        None
        if plan.unit == "kW" or micro_kvarh is None
        else window_sums(micro_kvarh, plan.starts, plan.pieces)
    )
    for number, groups in enumerate(plan.groups):
        if not groups:
            continue
        powers = [
            _highest_power(sums, reactive, windows, plan)
            if windows.size
            else np.zeros(customers, dtype=np.int64)
            for windows in groups
        ]
        found[:, number] = _mean(np.stack(powers, axis=1))
    return found


def _highest_power(
    sums: Int64Array, reactive: Int64Array | None, windows: Int64Array, plan: CapacityPlan
) -> Int64Array:
    """int64 (customers,): in the plan's unit, not negative."""
    if plan.unit == "kW":
        return np.maximum(power_of(sums[:, windows].max(axis=1), plan.window_minutes), 0)
    assert reactive is not None, "asked for before"
    return highest_apparent(sums, reactive, windows, plan.window_minutes, plan.unit)[0]


def _mean(values: npt.NDArray[np.int64]) -> Int64Array:
    """Of each row, rounded half-even; added up in two parts, so that it cannot overflow."""
    count = values.shape[1]
    whole, part = np.divmod(values, count)
    quotient, rest = np.divmod(part.sum(axis=1), count)
    up = (2 * rest > count) | ((2 * rest == count) & ((whole.sum(axis=1) + quotient) % 2 == 1))
    return np.asarray(whole.sum(axis=1) + quotient + up)
