"""One charge for demand over an axis: its windows, which maximum each may raise, and the lines these make.

A maximum belongs to a label at its prices in a month (or the bill). Where these change inside the month there
are two, each with its share of the month's days; where only a tax changes there is one, whose money is split
by days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from math import lcm

import numpy as np
import numpy.typing as npt

from billing.domain.charges.demand import DemandBy, DemandCharge, DemandPer, Ratchet
from billing.domain.charges.fixed import fixed_quantity
from billing.domain.charges.periods import PricedPeriod
from billing.domain.charges.power import PowerUnit
from billing.domain.charges.tiers import Tier, tier_words
from billing.domain.money import Int64Array
from billing.domain.plans.apparent import highest_apparent
from billing.domain.reckoning.folding import FEW, Fold, fold_of, highest_of
from billing.domain.tariffs.labels import Intervals, labelled
from billing.domain.tariffs.tariff import Version

NO_LIMIT = 2**62
"""Stands for the end of the last tier; nobody draws so much."""


@dataclass(frozen=True, slots=True)
class _Base:
    """What tells two maxima of one time apart."""

    label: str
    prices: tuple[Tier, ...]
    by: DemandBy
    per: DemandPer
    ratchet: Ratchet | None


@dataclass(frozen=True, slots=True)
class Maximum:
    """month: number of its first month (12 * year + month - 1). windows: columns that may raise it."""

    label: str
    starts_on: date
    ends_before: date
    month: int
    ratchet: Ratchet | None


@dataclass(frozen=True, slots=True)
class DemandLine:
    """What lies between two ends of a maximum, in micro-kW (or its unit), at one price. quantity: months or
    days."""

    maximum: int
    group: int
    label: str
    per: DemandPer
    price_micro: int
    above_micro: int
    up_to_micro: int
    quantity: Fraction
    starts_on: date
    ends_before: date


@dataclass(frozen=True, eq=False)
class DemandPlan:
    """starts: int64 (windows,), first interval of each. pieces: intervals of each; 0 where they differ.

    columns: the windows of each maximum, int64. day_index: (intervals,), the day of each. asked_minutes: the
    tariff's window; window_minutes is longer where the readings are. unit: of the maxima.
    """

    code: str
    asked_minutes: int
    window_minutes: int
    starts: Int64Array
    pieces: int
    intervals: int
    maxima: tuple[Maximum, ...]
    columns: tuple[Int64Array, ...]
    lines: tuple[DemandLine, ...]
    day_index: npt.NDArray[np.integer]
    unit: PowerUnit = "kW"

    @cached_property
    def fold(self) -> Fold | None:
        """Days whose windows may raise the same maxima, laid upon each other."""
        maximum_of = np.full(self.starts.size, -1, dtype=np.int64)
        for number, places in enumerate(self.columns):
            maximum_of[places] = number
        return fold_of(maximum_of, self.day_index[self.starts])


@dataclass(frozen=True, eq=False)
class Highest:
    """Both int64 (customers, maxima): mean power, micro-kW (or the plan's unit); the window it was drawn
    in."""

    micro_kw: Int64Array
    window: Int64Array


@dataclass(frozen=True, slots=True)
class Lengths:
    """Minutes of the readings, where the axis cuts them finer, and of those of reactive energy; 0: none."""

    reading_minutes: int = 0
    reactive_minutes: int = 0

    def over(self, axis: Intervals, unit: PowerUnit) -> int:
        """What a window is made of: with reactive energy, what readings of both fill."""
        taken = max(self.reading_minutes, axis.interval_minutes)
        return taken if unit == "kW" else lcm(taken, self.reactive_minutes or 1)


def month_number(day: date) -> int:
    return 12 * day.year + day.month - 1


def window_of(asked_minutes: int, reading_minutes: int) -> int:
    """The tariff's window; where readings are longer, or do not fit into it, the next length that they fill
    and that fills a day."""
    length = asked_minutes
    while length % reading_minutes or 1440 % length:
        length += 1
    return length


def demand_plans(
    code: str,
    charge_of: Mapping[Version, DemandCharge | None],
    days: Sequence[date],
    prices_on: Sequence[tuple[Version, str]],
    kinds: Sequence[int],
    group_of_day: Sequence[int],
    axis: Intervals,
    lengths: Lengths,
) -> list[DemandPlan]:
    """One for each length of window among the versions, which is nearly always one."""
    known = [charge for charge in charge_of.values() if charge is not None]
    found = []
    for asked, unit in dict.fromkeys((charge.window_minutes, charge.unit) for charge in known):
        alike = {
            v: c if c is not None and (c.window_minutes, c.unit) == (asked, unit) else None
            for v, c in charge_of.items()
        }
        found.append(
            _demand_plan(code, asked, unit, alike, days, prices_on, kinds, group_of_day, axis, lengths)
        )
    return found


def _demand_plan(
    code: str,
    asked: int,
    unit: PowerUnit,
    charge_of: Mapping[Version, DemandCharge | None],
    days: Sequence[date],
    prices_on: Sequence[tuple[Version, str]],
    kinds: Sequence[int],
    group_of_day: Sequence[int],
    axis: Intervals,
    lengths: Lengths,
) -> DemandPlan:
    window = window_of(asked, lengths.over(axis, unit))
    labels = labelled(charge_of, prices_on, kinds, [0] * len(days), axis, _base)
    held: dict[tuple[_Base, int], list[int]] = {}
    for index, (day, offered) in enumerate(zip(days, labels.offered_on, strict=True)):
        for base in offered:
            held.setdefault((base, month_number(day) if base.by == "month" else -1), []).append(index)
    maximum_of = np.full((len(days), len(labels.bases) + 1), -1, dtype=np.int64)
    maxima, lines = [], []
    for number, ((base, _reset), places) in enumerate(held.items()):
        maximum_of[places, labels.bases.index(base)] = number
        first, last = days[places[0]], days[places[-1]]
        maxima.append(Maximum(base.label, first, last + timedelta(days=1), month_number(first), base.ratchet))
        lines += _lines(number, base, unit, places, days, group_of_day)
    starts, pieces = clock_windows(axis, window)
    taken = maximum_of[axis.day_index[starts], labels.base_of[starts]]
    columns = tuple(np.flatnonzero(taken == number) for number in range(len(maxima)))
    present = [number for number, places in enumerate(columns) if places.size]
    lines = [line for line in lines if line.maximum in present]
    size = int(axis.day_index.size)
    return DemandPlan(
        code, asked, window, starts, pieces, size, tuple(maxima), columns, tuple(lines), axis.day_index, unit
    )


def flat_demand(
    code: str,
    asked: int,
    counted: Sequence[bool],
    segment_of: npt.NDArray[np.int32],
    axis: Intervals,
    reading_minutes: int,
) -> DemandPlan:
    """The highest demand at any hour of each segment that is counted, without lines; maxima by segment."""
    window = window_of(asked, max(reading_minutes, axis.interval_minutes))
    starts, pieces = clock_windows(axis, window)
    segment = segment_of[starts]
    none = np.zeros(0, dtype=np.int64)
    columns = tuple(np.flatnonzero(segment == n) if use else none for n, use in enumerate(counted))
    size = int(axis.day_index.size)
    maxima = tuple(Maximum(code, date.min, date.min, 0, None) for _ in counted)
    return DemandPlan(code, asked, window, starts, pieces, size, maxima, columns, (), axis.day_index)


def _base(charge: DemandCharge, period: PricedPeriod, _group: int) -> _Base:
    return _Base(period.label, period.prices, charge.by, charge.per, charge.ratchet)


def _lines(
    number: int,
    base: _Base,
    unit: PowerUnit,
    places: Sequence[int],
    days: Sequence[date],
    group_of_day: Sequence[int],
) -> list[DemandLine]:
    """A line for each tier; where a tax changes, of each part of the days."""
    found = []
    for group in dict.fromkeys(group_of_day[place] for place in places):
        mine = [days[place] for place in places if group_of_day[place] == group]
        below = 0
        for tier, price in enumerate(base.prices):
            label = base.label
            if len(base.prices) > 1:
                label = f"{label}, {tier_words(base.prices, tier, unit)}"
            above = price.up_to_micro if price.up_to_micro is not None else NO_LIMIT
            quantity = fixed_quantity(base.per, mine)
            first, last = mine[0], mine[-1] + timedelta(days=1)
            found.append(
                DemandLine(
                    number, group, label, base.per, price.price_micro, below, above, quantity, first, last
                )
            )
            below = above
    return found


def clock_windows(axis: Intervals, window_minutes: int) -> tuple[Int64Array, int]:
    """The first interval of each window, and of how many each is made; 0 where they differ.

    Windows are aligned with the clock; the second pass through a repeated hour has windows of its own.
    """
    size = int(axis.day_index.size)
    if not size:
        return np.zeros(0, dtype=np.int64), 0
    slot = axis.clock_minute.astype(np.int64) // window_minutes
    key = (axis.day_index.astype(np.int64) * 1440 + slot) * 2 + axis.repeated
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    pieces = window_minutes // axis.interval_minutes
    even = size % pieces == 0 and np.array_equal(starts, np.arange(0, size, pieces))
    return starts, pieces if even else 0


def highest(
    micro_kwh: Int64Array,
    plan: DemandPlan,
    begin: int = 0,
    end: int | None = None,
    micro_kvarh: Int64Array | None = None,
) -> Highest:
    """micro_kwh: int64 (customers, intervals) of the intervals [begin, end) of the axis; others are absent.
    micro_kvarh: of all intervals of the axis, where the plan's unit asks for it.

    A window that is cut short, by the end of the readings or by a change of the clock, is divided by its
    whole length all the same. Of equal windows the first is named.
    """
    customers = micro_kwh.shape[0]
    maxima = len(plan.maxima)
    micro_kw = np.zeros((customers, maxima), dtype=np.int64)
    window = np.zeros((customers, maxima), dtype=np.int64)
    if begin > 0 or (end is not None and end < plan.intervals):
        whole = np.zeros((customers, plan.intervals), dtype=np.int64)
        whole[:, begin:end] = micro_kwh
        micro_kwh = whole
    if not plan.intervals or not customers:
        return Highest(micro_kw, window)
    sums = window_sums(micro_kwh, plan.starts, plan.pieces)
    if plan.unit != "kW":
        assert micro_kvarh is not None, "asked for before"
        reactive = window_sums(micro_kvarh, plan.starts, plan.pieces)
        for number, places in enumerate(plan.columns):
            if places.size:
                found = highest_apparent(sums, reactive, places, plan.window_minutes, plan.unit)
                micro_kw[:, number], window[:, number] = found
        return Highest(micro_kw, window)
    by_fold = plan.fold if customers >= FEW else None
    tops = None if by_fold is None else highest_of(sums, by_fold)
    rows = np.arange(customers)
    for number, places in enumerate(plan.columns):
        if not places.size:
            continue
        if by_fold is not None and tops is not None:
            micro_kw[:, number], window[:, number] = _highest_folded(sums, tops, by_fold, number, places)
            continue
        first = int(places[0])
        together = int(places[-1]) - first + 1 == places.size
        mine = sums[:, first : first + places.size] if together else sums[:, places]
        at = mine.argmax(axis=1)
        micro_kw[:, number] = np.maximum(mine[rows, at], 0)
        window[:, number] = places[at]
    return Highest(power_of(micro_kw, plan.window_minutes), window)


def power_of(micro_kwh: Int64Array, window_minutes: int) -> Int64Array:
    """The mean power of a window's energy, micro-kW."""
    hourly, rest = divmod(60, window_minutes)
    if rest == 0:
        return micro_kwh * hourly
    whole, part = np.divmod(micro_kwh, window_minutes)
    return np.asarray(whole * 60 + (part * 60 + window_minutes // 2) // window_minutes)


def _highest_folded(
    sums: Int64Array, tops: Int64Array, fold: Fold, number: int, places: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """One maximum of each customer, and the first of the windows that hold it, from the highest of each
    column of a fold. Both int64 (customers,)."""
    columns = np.flatnonzero(fold.key_of == number)
    mine = tops[:, columns]
    most = np.maximum(mine.max(axis=1), 0)
    first = np.full(most.size, places[0], dtype=np.int64)
    row, column = np.nonzero((mine == most[:, None]) & (most > 0)[:, None])
    if row.size:
        when = fold.when[columns[column]]
        at = when[np.arange(row.size), (sums[row[:, None], when] == most[row][:, None]).argmax(axis=1)]
        begins = np.flatnonzero(np.concatenate(([True], row[1:] != row[:-1])))
        first[row[begins]] = np.minimum.reduceat(at, begins)
    return most, first


def window_sums(micro_kwh: Int64Array, starts: Int64Array, pieces: int) -> Int64Array:
    """Energy of each window: int64 (customers, windows). pieces: intervals of each; 0 where they differ."""
    if pieces == 1:
        return micro_kwh
    if pieces == 0:
        return np.asarray(np.add.reduceat(micro_kwh, starts, axis=1))
    sums = micro_kwh[:, 0::pieces] + micro_kwh[:, 1::pieces]
    for piece in range(2, pieces):
        sums += micro_kwh[:, piece::pieces]
    return np.asarray(sums)
