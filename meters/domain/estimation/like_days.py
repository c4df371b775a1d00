"""like_days: the mean of the same slot on the nearest days of the same kind, the nearest in temperature where
temperatures are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.estimation.local_days import LocalDays
from meters.domain.validation.days import BoolArray

NEAREST = 4
"""Days whose mean is taken."""
AMONG = 12
"""Nearest days among which those of the like temperature are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Local days by slot. values: int64 (d, s); there: bool (d, s), whether a reading stands there; whole:
    bool (d,), whether all of a day's intervals were measured."""

    values: IntArray
    there: BoolArray
    whole: BoolArray


def like_days(
    micro: IntArray,
    measured: BoolArray,
    wanted: BoolArray,
    days: LocalDays,
    temperature: Mapping[int, float] | None = None,
) -> tuple[IntArray, BoolArray]:
    """micro int64 (t,), measured, wanted bool (t,); temperature: mean of a local day by its ordinal.

    Each wanted interval gets the mean, rounded half-even, of its slot on up to four whole measured days of
    its day's kind (weekday, Saturday, Sunday, holiday), the nearest first and the earlier of two as near;
    a holiday without any takes Sundays. With temperatures, the four of the nearest twelve that were most
    alike. Returns (values, filled), both (t,).
    """
    values, filled = micro.copy(), np.zeros(micro.size, dtype=np.bool_)
    table = _table(micro, measured, days)
    for day in np.unique(days.day[wanted]).tolist():
        chosen = _chosen(table, day, days, temperature or {})
        if not chosen.size:
            continue
        mine = np.flatnonzero(wanted & (days.day == day))
        slots = days.slot[mine]
        there = table.there[np.ix_(chosen, slots)]
        sums = np.where(there, table.values[np.ix_(chosen, slots)], 0).sum(axis=0)
        count = there.sum(axis=0)
        some = count > 0
        values[mine[some]] = _divided(sums[some], count[some])
        filled[mine[some]] = True
    return values, filled


def _table(micro: IntArray, measured: BoolArray, days: LocalDays) -> _Table:
    shape = (days.kinds.size, days.slots)
    row = days.day - days.first_day
    values, there = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    # Backwards, so that of a repeated hour the first pass stays.
    values[row[::-1], days.slot[::-1]] = micro[::-1]
    there[row[measured], days.slot[measured]] = True
    all_of = np.bincount(row, minlength=shape[0])
    were = np.bincount(row[measured], minlength=shape[0])
    # The day of a change of the clock is two slots short or long, and whole as well; days at the edges of the
    # series are not.
    whole = (all_of == were) & (all_of >= days.slots - 120 // days.interval_minutes)
    return _Table(values, there, whole)


def _chosen(
    table: _Table, day: int, days: LocalDays, temperature: Mapping[int, float]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Rows of the table to take the mean of."""
    place = day - days.first_day
    for kind in (days.kinds[place], *((2,) if days.kinds[place] == 3 else ())):
        alike = np.flatnonzero(table.whole & (days.kinds == kind))
        alike = alike[alike != place]
        if alike.size:
            near = sorted(alike.tolist(), key=lambda row: (abs(row - place), row))
            if day in temperature:
                near = _by_temperature(near, days.first_day, temperature, temperature[day])
            return np.array(near[:NEAREST], dtype=np.intp)
    return np.zeros(0, dtype=np.intp)


def _by_temperature(
    near: list[int], first_day: int, temperature: Mapping[int, float], wanted: float
) -> list[int]:
    """The nearest few in order of how far their temperature is off; those without one come last."""
    among = near[:AMONG]
    unknown = float("inf")

    def off(row: int) -> float:
        known = temperature.get(first_day + row)
        return unknown if known is None else abs(known - wanted)

    return sorted(among, key=off) + near[AMONG:]


def _divided(sums: IntArray, count: IntArray) -> IntArray:
    """sums / count, half-even."""
    whole, rest = np.divmod(sums, count)
    up = (2 * rest > count) | ((2 * rest == count) & (whole % 2 == 1))
    divided: IntArray = whole + up
    return divided
