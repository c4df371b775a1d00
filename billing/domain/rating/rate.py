"""rate(): one engine. A bill is a batch of one; the bill run, quotes and explanations all call this."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np

from billing.domain.errors import BeyondExact, NotRateable
from billing.domain.money import ENERGY_MICRO_LIMIT, Int64Array
from billing.domain.plans.capacity import CapacityPlan
from billing.domain.plans.demand import DemandPlan
from billing.domain.plans.dynamic import energy_by_dynamic_key
from billing.domain.plans.net import net_flow
from billing.domain.plans.plan import Plan, compile_plan, rules_of
from billing.domain.plans.reactive_by_day import laid_on_axis
from billing.domain.plans.supply_state import NOTHING_KNOWN, ReactiveIntervals, SupplyState
from billing.domain.rating.pricing import Determinants, energy_of, measured, priced
from billing.domain.rating.rated import DemandColumn, Note, RatedBatch, RatedBill
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.lines import LineColumn
from billing.domain.reckoning.usage import BoolArray, Usage, UsageMatrix
from billing.domain.tariffs.tariff import Tariff


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
    issuing. Raises NotRateable (`of_all` where it lies in the tariff or the period), and BeyondExact for more
    energy or money than can be reckoned exactly.
    """
    reactive = state.reactive.intervals if state.reactive and tariff.reads_apparent else None
    axis, plan = _compiled(usage, tariff, period, timezone, reactive)
    customers, length = usage.micro_kwh.shape
    offset = (axis.first_minute - epoch_minute(usage.starts_at)) // usage.interval_minutes
    begin = max(0, -offset)
    end = max(begin, min(axis.size, length - offset))
    columns = slice(begin + offset, end + offset)
    given = usage.export if tariff.reads_export else None
    exported = None if given is None else given.micro_kwh[:, columns]
    values, exported = plan.export.set_off(usage.micro_kwh[:, columns], exported, begin, end)
    _check(usage, plan, values)
    metered, values = values, _in_lines_unit(plan, values, begin, end)
    found = measured(
        plan,
        metered,
        begin,
        end,
        earlier=state.earlier(period.starts_on),
        exported=exported,
        reactive=None if reactive is None else _reactive_on(axis, reactive),
    )
    outcome = priced(plan, found, state, customers)
    lines = outcome.lines
    guessed, estimated_count = _guessed(usage, columns, values)
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


def _guessed(usage: UsageMatrix, columns: slice, values: Int64Array) -> tuple[Int64Array | None, Int64Array]:
    """Of the values those that are estimates, None where no reading is one; how many, of each customer."""
    counts = np.zeros(len(values), dtype=np.int64)
    if usage.estimated is not None:
        marks = usage.estimated[:, columns]
        counts = np.count_nonzero(marks, axis=1).astype(np.int64)
        if counts.any():
            return np.where(marks, values, 0), counts
    return None, counts


def _compiled(
    usage: UsageMatrix,
    tariff: Tariff,
    period: Period,
    timezone: str | None,
    reactive: ReactiveIntervals | None,
) -> tuple[Axis, Plan]:
    """Both are the same for all customers, and so is what they refuse."""
    try:
        first = epoch_minute(usage.starts_at)
        axis = axis_of(tariff.zone(timezone), usage.interval_minutes, first, period)
        return axis, _plan(tariff, axis, 0 if reactive is None else reactive.interval_minutes)
    except NotRateable as fault:
        fault.of_all = True
        raise


def _reactive_on(axis: Axis, found: ReactiveIntervals) -> Int64Array | None:
    """The same on the axis; None where it is not known of all of it."""
    laid = laid_on_axis(found, axis)
    if laid is not None and laid.size:
        most = np.abs(laid.astype(np.float64)).sum(axis=1) * (1 + 1e-6)
        rows = tuple(np.flatnonzero(most > ENERGY_MICRO_LIMIT).tolist())
        if rows:
            words = "more reactive energy than can be reckoned exactly: a million million kVArh in one bill"
            raise BeyondExact(words, rows)
    return laid


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
def _plan(tariff: Tariff, axis: Axis, reactive_minutes: int) -> Plan:
    return compile_plan(rules_of(tariff, axis.period), axis, reactive_minutes=reactive_minutes)


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
            part.unit,
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
