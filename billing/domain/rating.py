"""rate(): one engine. A bill is a batch of one; the bill run, quotes and explanations all call this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import numpy as np

from billing.domain.axis import Axis, axis_of, epoch_minute, instant_of
from billing.domain.capacity_plan import CapacityPlan
from billing.domain.days import Period
from billing.domain.demand_plan import DemandPlan
from billing.domain.dynamic_plan import energy_by_dynamic_key
from billing.domain.errors import BeyondExact, NotRateable
from billing.domain.lines import LineColumn, LineKind
from billing.domain.money import ENERGY_MICRO_LIMIT, Int64Array
from billing.domain.net_plan import Netted, NetUse, net_flow
from billing.domain.plan import Plan, compile_plan, rules_of
from billing.domain.pricing import Determinants, energy_of, measured, priced
from billing.domain.supply_state import NOTHING_KNOWN, KwhCredit, SupplyState, SurplusSoFar, YearSoFar
from billing.domain.tariff import Tariff
from billing.domain.usage import BoolArray, Usage, UsageMatrix


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill; see LineColumn for the units. starts_on, ends_before: the days it stands for."""

    kind: LineKind
    code: str
    label: str
    unit: str
    quantity_micro: int
    price_micro: int
    amount_minor: int
    starts_on: date
    ends_before: date
    estimated_micro_kwh: int = 0


@dataclass(frozen=True, slots=True)
class Demand:
    """What demand lines are made of: the highest mean power of a label over a month, or the bill.

    starts_at: the instant at which its window of window_minutes began, the first of equals; None where
    nothing was drawn. billed_micro_kw is more than micro_kw where an earlier month holds it up: held_by, its
    first day.
    """

    code: str
    label: str
    starts_on: date
    ends_before: date
    window_minutes: int
    micro_kw: int
    starts_at: datetime | None
    billed_micro_kw: int
    held_by: date | None


@dataclass(frozen=True, eq=False)
class DemandColumn:
    """The same of every bill of a batch. Arrays are int64 (customers,); at_minute: epoch minutes.

    held_by: numbers of months (12 * year + month - 1), 0 for none.
    """

    code: str
    label: str
    starts_on: date
    ends_before: date
    window_minutes: int
    micro_kw: Int64Array
    at_minute: Int64Array
    billed_micro_kw: Int64Array
    held_by: Int64Array

    def demand(self, index: int) -> Demand:
        micro_kw, month = int(self.micro_kw[index]), int(self.held_by[index])
        return Demand(
            self.code,
            self.label,
            self.starts_on,
            self.ends_before,
            self.window_minutes,
            micro_kw,
            instant_of(int(self.at_minute[index])) if micro_kw else None,
            int(self.billed_micro_kw[index]),
            date(month // 12, month % 12 + 1, 1) if month else None,
        )


@dataclass(frozen=True, slots=True)
class Note:
    """Something to say beside a bill. code is stable, words are for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class RatedBill:
    """A bill before it is issued. Its total is the sum of its lines by construction.

    intervals: half-hours (or the like) of the period; missing_count of them had no reading and were priced as
    absent; estimated_count had an estimated one. micro_kwh, export_micro_kwh: taken and given back, where the
    tariff reads export; less what each interval has in common, where it sets that off. net: of net metering.
    """

    period: Period
    currency: str
    decimals: int
    lines: tuple[Line, ...]
    intervals: int
    missing_count: int
    estimated_count: int
    micro_kwh: int
    estimated_micro_kwh: int
    demands: tuple[Demand, ...] = ()
    notes: tuple[Note, ...] = ()
    export_micro_kwh: int = 0
    export_missing_count: int = 0
    net: tuple[NetUse, ...] = ()

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, eq=False)
class RatedBatch:
    """Bills of several customers over one period. Arrays are int64 (customers,)."""

    period: Period
    currency: str
    decimals: int
    lines: tuple[LineColumn, ...]
    estimated: tuple[Int64Array | None, ...]
    intervals: int
    missing_count: Int64Array
    estimated_count: Int64Array
    micro_kwh: Int64Array
    estimated_micro_kwh: Int64Array
    demands: tuple[DemandColumn, ...] = ()
    notes: tuple[Note, ...] = ()
    years: tuple[YearSoFar, ...] = ()
    export_micro_kwh: Int64Array | None = None
    export_missing_count: Int64Array | None = None
    net: tuple[Netted, ...] = ()
    credits: tuple[KwhCredit, ...] = ()
    surplus: tuple[SurplusSoFar, ...] = ()

    @property
    def total_minor(self) -> Int64Array:
        total = np.zeros(self.missing_count.size, dtype=np.int64)
        for line in self.lines:
            total += line.amount_minor
        return total

    def __len__(self) -> int:
        return int(self.missing_count.size)

    def bill(self, index: int) -> RatedBill:
        lines = tuple(
            Line(
                line.kind,
                line.code,
                line.label,
                line.unit,
                int(line.quantity_micro[index]),
                line.price_of(index),
                int(line.amount_minor[index]),
                line.starts_on,
                line.ends_before,
                0 if guessed is None else int(guessed[index]),
            )
            for line, guessed in zip(self.lines, self.estimated, strict=True)
            if line.shown(index)
        )
        return RatedBill(
            self.period,
            self.currency,
            self.decimals,
            lines,
            self.intervals,
            int(self.missing_count[index]),
            int(self.estimated_count[index]),
            int(self.micro_kwh[index]),
            int(self.estimated_micro_kwh[index]),
            tuple(column.demand(index) for column in self.demands),
            self.notes,
            0 if self.export_micro_kwh is None else int(self.export_micro_kwh[index]),
            0 if self.export_missing_count is None else int(self.export_missing_count[index]),
            tuple(one.of(index) for one in self.net),
        )


def rate(
    usage: UsageMatrix,
    tariff: Tariff,
    period: Period,
    *,
    timezone: str | None = None,
    state: SupplyState = NOTHING_KNOWN,
) -> RatedBatch:
    """Price ``period`` (local dates) for every row of ``usage``.

    timezone: the premise's, used where the tariff names none. state: of the same customers. Intervals of the
    period outside the matrix count as missing; those cost nothing, so look at ``missing_count`` before
    issuing. Raises NotRateable, and BeyondExact for more energy or money than can be reckoned exactly.
    """
    first = epoch_minute(usage.starts_at)
    axis = axis_of(tariff.zone(timezone), usage.interval_minutes, first, period)
    plan = _plan(tariff, axis)
    customers, length = usage.micro_kwh.shape
    offset = (axis.first_minute - first) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, length - offset))
    columns = slice(begin + offset, end + offset)
    given = usage.export if tariff.reads_export else None
    exported = None if given is None else given.micro_kwh[:, columns]
    values, exported = plan.export.set_off(usage.micro_kwh[:, columns], exported, begin, end)
    _check(usage, plan, values)
    metered, values = values, _in_lines_unit(plan, values, begin, end)
    found = measured(plan, metered, begin, end, earlier=state.earlier(period.starts_on), exported=exported)
    outcome = priced(plan, found, state, customers)
    lines = outcome.lines
    guessed = None
    estimated_count = np.zeros(customers, dtype=np.int64)
    if usage.estimated is not None:
        estimated_count = np.count_nonzero(usage.estimated[:, columns], axis=1).astype(np.int64)
        if estimated_count.any():
            guessed = np.where(usage.estimated[:, columns], values, 0)
    missing_count = _missing_count(usage, columns, axis.size - (end - begin))
    nothing = np.zeros(customers, dtype=np.int64)
    return RatedBatch(
        period,
        tariff.currency,
        tariff.decimals,
        lines,
        _estimated(plan, lines, found, values, guessed, begin, end, state),
        axis.size,
        missing_count,
        estimated_count,
        _energy(plan, found, values),
        nothing if guessed is None else guessed.sum(axis=1, dtype=np.int64),
        _demands(plan, found, axis),
        _notes(plan),
        outcome.years,
        None if exported is None else exported.sum(axis=1, dtype=np.int64),
        None if given is None else _missing_count(given, columns, axis.size - (end - begin)),
        tuple(one for flow in outcome.flows for one in flow.labels),
        tuple(credit for flow in outcome.flows for credit in flow.credits),
        tuple(flow.surplus for flow in outcome.flows),
    )


def _in_lines_unit(plan: Plan, values: Int64Array, begin: int, end: int) -> Int64Array:
    """What was metered, in the unit of the lines: gas in kWh."""
    return values if plan.volume is None else plan.volume.converted(values, begin, end)


def _missing_count(usage: UsageMatrix, columns: slice, outside: int) -> Int64Array:
    """Of each customer: intervals outside the matrix, and those inside without a reading."""
    found = np.full(usage.micro_kwh.shape[0], outside, dtype=np.int64)
    if usage.missing is not None:
        found += np.count_nonzero(usage.missing[:, columns], axis=1)
    return found


def rate_bill(
    usage: Usage,
    tariff: Tariff,
    period: Period,
    *,
    timezone: str | None = None,
    state: SupplyState = NOTHING_KNOWN,
) -> RatedBill:
    """A batch of one."""
    return rate(UsageMatrix.of([usage]), tariff, period, timezone=timezone, state=state).bill(0)


def period_mask(usage: Usage, period: Period, timezone: str) -> BoolArray:
    """bool (intervals,): which readings of ``usage`` begin in the local period."""
    first = epoch_minute(usage.starts_at)
    axis = axis_of(timezone, usage.interval_minutes, first, period)
    offset = (axis.first_minute - first) // usage.interval_minutes
    mask = np.zeros(usage.micro_kwh.size, dtype=bool)
    mask[max(0, offset) : max(0, min(mask.size, offset + axis.size))] = True
    return mask


def _check(usage: UsageMatrix, plan: Plan, values: Int64Array) -> None:
    """The bounds within which the rest is exact, and what tiers ask of energy."""
    lowest, highest = usage.span_micro_kwh
    if lowest < 0 and plan.has_tiers and int(values.min(initial=0)) < 0:
        raise NotRateable("tiers are of energy that is not negative")
    if max(highest, -lowest) * values.shape[1] > ENERGY_MICRO_LIMIT:
        # In floats, which are off by less than a millionth of it.
        most = np.abs(values.astype(np.float64)).sum(axis=1) * (1 + 1e-6)
        rows = tuple(np.flatnonzero(most > ENERGY_MICRO_LIMIT).tolist())
        if rows:
            words = "more energy than can be reckoned exactly: a million million kWh in one bill"
            raise BeyondExact(words, rows)


def _energy(plan: Plan, found: Determinants, values: Int64Array) -> Int64Array:
    """Of each customer, in micro-kWh: where a charge counts every interval, it is known already."""
    for part, held in zip(plan.energy, found.energy, strict=True):
        if part.counts_all:
            return np.asarray(held.sum(axis=1, dtype=np.int64))
    return np.asarray(values.sum(axis=1, dtype=np.int64))


@lru_cache(maxsize=512)
def _plan(tariff: Tariff, axis: Axis) -> Plan:
    return compile_plan(rules_of(tariff, axis.period), axis)


def _demands(plan: Plan, found: Determinants, axis: Axis) -> tuple[DemandColumn, ...]:
    return tuple(
        DemandColumn(
            part.code,
            maximum.label,
            maximum.starts_on,
            maximum.ends_before,
            part.window_minutes,
            most.micro_kw[:, number],
            axis.first_minute + part.starts[most.window[:, number]] * axis.interval_minutes,
            billed.micro_kw[:, number],
            billed.held_by[:, number],
        )
        for part, most, billed in zip(plan.demand, found.demand, found.billed, strict=True)
        for number, maximum in enumerate(part.maxima)
        if part.columns[number].size
    )


def _notes(plan: Plan) -> tuple[Note, ...]:
    by_kw = [one for each in plan.energy if each.tiers for one in each.tiers.drawn]
    asked: list[DemandPlan | CapacityPlan] = [*plan.demand, *plan.capacity, *by_kw]
    return tuple(
        Note(
            "coarse_demand",
            f"The demand '{part.code}' is by {part.asked_minutes} minutes; these readings allow "
            f"{part.window_minutes}, by which it was rated.",
        )
        for part in asked
        if part.window_minutes != part.asked_minutes
    ) + tuple(
        Note(
            "coarse_readings",
            f"The prices of '{key.series}' are by {key.coarse_minutes} minutes; these readings are longer, "
            "and each was priced at the mean of the prices that hold during it.",
        )
        for dynamic in (*plan.dynamic, *plan.export.by_series)
        for key in dynamic.keys
        if key.coarse_minutes
    )


def _estimated(
    plan: Plan,
    lines: tuple[LineColumn, ...],
    held_by: Determinants,
    values: Int64Array,
    guessed: Int64Array | None,
    begin: int,
    end: int,
    state: SupplyState,
) -> tuple[Int64Array | None, ...]:
    """The estimated part of each energy line, in the order of ``lines``: what would not be in it without the
    estimates. With tiers that is in the highest tiers, whichever the hours that were estimated."""
    if guessed is None:
        return tuple(None for _ in lines)
    # Lines of one label and price, as two versions fill its tiers otherwise, begin on different days.
    found: dict[tuple[int, str, str, int, date], Int64Array] = {}
    for part, held in zip(plan.energy, held_by.energy, strict=True):
        if part.tiers is None:
            sums = energy_of(part, guessed, begin, end)
        else:
            sums = held - energy_of(part, values - guessed, begin, end, values)
        for number, key in enumerate(part.keys):
            found[(key.group, key.code, key.label, key.price_micro, key.starts_on)] = sums[:, number]
    for net, (taken, given) in zip(plan.net, held_by.net, strict=True):
        whole, without = (
            net_flow(net, imported, given, state).energy
            for imported in (taken, net.sums(values - guessed, begin, end))
        )
        for number, key in enumerate(net.energy.keys):
            sums = whole[:, number] - without[:, number]
            found[(key.group, key.code, key.label, key.price_micro, key.starts_on)] = sums
    for dynamic in plan.dynamic:
        sums = energy_by_dynamic_key(dynamic, guessed, begin, end)
        for number, key in enumerate(one.key for one in dynamic.keys):
            found[(key.group, key.code, key.label, 0, key.starts_on)] = sums[:, number]
    return tuple(
        found.get((line.group, line.code, line.label, line.price_micro, line.starts_on))
        if line.kind == "energy"
        else None
        for line in lines
    )
