"""Two stages. Determinants: what the readings say (energy by label, counts). Lines: what that costs.

Stage one reads the matrix once a schedule; stage two is small. A further kind of charge adds its determinant
to the first and its line to the second (EXPLAIN A4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from billing.domain.accounts.adjusting import adjusted
from billing.domain.charges.fixed import FixedCharge
from billing.domain.errors import UnknownConnection, UnknownReactive
from billing.domain.money import (
    MICRO,
    Int64Array,
    amounts,
    amounts_by_price,
    amounts_of_part,
    parts_of,
    within_bounds,
)
from billing.domain.plans.capacity import CapacityPlan, mean_of_highest
from billing.domain.plans.demand import DemandPlan, Highest, highest, month_number
from billing.domain.plans.dynamic import DynamicFound, found_of
from billing.domain.plans.energy import EnergyPlan
from billing.domain.plans.net import NetFlow, NetPlan, net_flow
from billing.domain.plans.plan import Plan
from billing.domain.plans.ratchets import Billed, billed_demand
from billing.domain.plans.reactive import beyond_allowed
from billing.domain.plans.supply_state import EarlierDemand, SupplyState, YearSoFar
from billing.domain.plans.tiering import energy_by_tier
from billing.domain.rating.export_lines import export_lines, net_lines
from billing.domain.reckoning.lines import LineColumn
from billing.domain.reckoning.summing import energy_by_key
from billing.domain.reckoning.volume import VOLUME_CODE


@dataclass(frozen=True, eq=False)
class Determinants:
    """What the readings say. energy: int64 (customers, keys) for each of Plan.energy. demand: for each of
    Plan.demand; billed: its maxima as billed. dynamic: for each of Plan.dynamic. capacity: int64 (customers,
    parts), micro-kW, for each of Plan.capacity. net: import and export, for each of Plan.net. exported,
    exported_by_series: of Plan.export; empty where nothing is given back."""

    energy: tuple[Int64Array, ...]
    demand: tuple[Highest, ...] = ()
    billed: tuple[Billed, ...] = ()
    dynamic: tuple[DynamicFound, ...] = ()
    capacity: tuple[Int64Array, ...] = ()
    net: tuple[tuple[Int64Array, Int64Array], ...] = ()
    exported: tuple[Int64Array, ...] = ()
    exported_by_series: tuple[DynamicFound, ...] = ()
    volumes: Int64Array | None = None
    beside_reactive: tuple[Int64Array, ...] = ()


def measured(
    plan: Plan,
    micro_kwh: Int64Array,
    begin: int = 0,
    end: int | None = None,
    *,
    demand_micro_kwh: Int64Array | None = None,
    earlier: Sequence[EarlierDemand] = (),
    exported: Int64Array | None = None,
    reactive: Int64Array | None = None,
) -> Determinants:
    """Stage one: of the intervals [begin, end) of the plan's axis, which `micro_kwh` holds.

    demand_micro_kwh: what the demand is read from where it is not the same. earlier: demands of the months
    before. exported: the energy given back in the same intervals; None for none. See ExportPlan.set_off.
    reactive: micro-kVArh of all intervals of the axis; None where they are not known.

    Raises UnknownReactive where power is in kVA, or kVAr, and reactive is not known.
    """
    by_power: tuple[DemandPlan | CapacityPlan, ...] = (*plan.demand, *plan.capacity)
    for part in by_power:
        if part.unit != "kW" and reactive is None:
            raise UnknownReactive(
                f"'{part.code}' is by the {part.unit}, and the reactive energy is not known of every interval"
            )
    volumes = None
    if plan.volume is not None:
        volumes = plan.volume.volumes(micro_kwh, begin, end)
        micro_kwh = plan.volume.converted(micro_kwh, begin, end)
    drawn = micro_kwh if demand_micro_kwh is None else demand_micro_kwh
    demand = tuple(highest(drawn, found, begin, end, reactive) for found in plan.demand)
    billed = tuple(
        billed_demand(found, most, earlier, month_number(plan.days[0]))
        for found, most in zip(plan.demand, demand, strict=True)
    )
    energy = tuple(energy_of(found, micro_kwh, begin, end, drawn) for found in plan.energy)
    dynamic = tuple(found_of(found, micro_kwh, begin, end) for found in plan.dynamic)
    capacity = tuple(mean_of_highest(drawn, found, begin, end, reactive) for found in plan.capacity)
    beside = tuple(energy_by_key(micro_kwh, found.keyed, begin, end) for found in plan.reactive)
    net = tuple(_net_sums(found, micro_kwh, exported, begin, end) for found in plan.net)
    if exported is None:
        return Determinants(
            energy, demand, billed, dynamic, capacity, net, volumes=volumes, beside_reactive=beside
        )
    given = tuple(energy_of(found, exported, begin, end) for found in plan.export.by_hours)
    by_series = tuple(found_of(found, exported, begin, end) for found in plan.export.by_series)
    return Determinants(
        energy, demand, billed, dynamic, capacity, net, given, by_series, beside_reactive=beside
    )


def _net_sums(
    plan: NetPlan, micro_kwh: Int64Array, exported: Int64Array | None, begin: int, end: int | None
) -> tuple[Int64Array, Int64Array]:
    taken = plan.sums(micro_kwh, begin, end)
    return taken, np.zeros_like(taken) if exported is None else plan.sums(exported, begin, end)


def energy_of(
    plan: EnergyPlan,
    micro_kwh: Int64Array,
    begin: int = 0,
    end: int | None = None,
    drawn_micro_kwh: Int64Array | None = None,
) -> Int64Array:
    """Energy of each key, int64 (customers, keys), from the intervals [begin, end) of the plan's axis, which
    `micro_kwh` holds. drawn_micro_kwh: what tiers by the kW read the demand from; None: the same."""
    if plan.tiers is None or plan.key_of_tier is None:
        found = energy_by_key(micro_kwh, plan.keyed, begin, end)
        for number, share in plan.shares:
            found[:, number] = parts_of(found[:, number], share)
        return found
    found = np.zeros((micro_kwh.shape[0], len(plan.keys)), dtype=np.int64)
    tiered = energy_by_tier(micro_kwh, plan.tiers, begin, end, drawn_micro_kwh)
    labels, tiers = np.nonzero(plan.key_of_tier >= 0)
    found[:, plan.key_of_tier[labels, tiers]] = tiered[:, labels, tiers]
    return found


@dataclass(frozen=True, eq=False)
class Priced:
    """Stage two's answer: the lines in their order, what the next bill has to know of the year's
    minimums, and what became of net energy."""

    lines: tuple[LineColumn, ...]
    years: tuple[YearSoFar, ...]
    flows: tuple[NetFlow, ...] = ()


def priced(plan: Plan, found: Determinants, state: SupplyState, customers: int) -> Priced:
    """Stage two. Raises UnknownConnection and UnknownReactive where a charge is by what is not known of the
    supply, BeyondExact where a line is too large."""
    flows = tuple(
        net_flow(one, taken, given, state) for one, (taken, given) in zip(plan.net, found.net, strict=True)
    )
    lines = [
        *_volume_lines(plan, found.volumes),
        *_reactive_lines(plan, found.beside_reactive, state),
        *_fixed_lines(plan, state, customers),
        *_energy_lines(plan, found.energy),
        *_dynamic_lines(plan, found.dynamic),
        *net_lines(plan.net, flows, plan.frame),
        *export_lines(plan.export, found.exported, found.exported_by_series, plan.frame),
        *(
            line
            for one, held in zip(plan.demand, found.billed, strict=True)
            for line in _demand_lines(plan, one, held.micro_kw)
        ),
        *(
            line
            for one, held in zip(plan.capacity, found.capacity, strict=True)
            for line in _demand_lines(plan, one, held)
        ),
    ]
    for line in lines:
        within_bounds(line.amount_minor, line.code)
    frame = plan.frame
    if state.ends and frame.closes is None:
        frame = replace(frame, closes=plan.days[-1].year, closes_early=True)
    lines, years = adjusted(lines, plan.groups, frame, state, customers, plan.order)
    return Priced(tuple(sorted(lines, key=lambda line: plan.order[line.code])), years, flows)


def _fixed_lines(plan: Plan, state: SupplyState, customers: int) -> list[LineColumn]:
    lines = []
    for fixed in plan.fixed:
        charge = fixed.charge
        size = _connected(charge, state)
        amount = amounts_of_part(
            size, charge.price_micro, fixed.quantity, plan.frame.decimals, plan.frame.rounding
        )
        lines.append(
            LineColumn(
                "fixed",
                charge.code,
                charge.label,
                charge.unit,
                charge.price_micro,
                fixed.starts_on,
                fixed.ends_before,
                np.broadcast_to(parts_of(size, fixed.quantity), customers),
                np.broadcast_to(amount, customers),
                fixed.group,
            )
        )
    return lines


def _volume_lines(plan: Plan, volumes: Int64Array | None) -> list[LineColumn]:
    """What was metered and what it was converted with; they cost nothing."""
    if plan.volume is None or volumes is None:
        return []
    nothing = np.zeros(volumes.shape[0], dtype=np.int64)
    return [
        LineColumn(
            "fixed",
            VOLUME_CODE,
            part.words,
            "m3",
            0,
            part.starts_on,
            part.ends_before,
            volumes[:, number],
            nothing,
        )
        for number, part in enumerate(plan.volume.parts)
    ]


def _reactive_lines(plan: Plan, energy: Sequence[Int64Array], state: SupplyState) -> list[LineColumn]:
    lines = []
    for found, beside in zip(plan.reactive, energy, strict=True):
        beyond = beyond_allowed(found, beside, state)
        for number, part in enumerate(found.parts):
            charge, quantity = part.charge, np.ascontiguousarray(beyond[:, number])
            lines.append(
                LineColumn(
                    "demand",
                    charge.code,
                    charge.label,
                    "kVArh",
                    charge.price_micro,
                    part.days[0],
                    part.ends_before,
                    quantity,
                    amounts(quantity, charge.price_micro, plan.frame.decimals, plan.frame.rounding),
                    part.group,
                )
            )
    return lines


def _connected(charge: FixedCharge, state: SupplyState) -> Int64Array:
    """What a fixed charge is multiplied by, in millionths: int64 (customers,) or (1,) for all."""
    one = np.array([MICRO], dtype=np.int64)
    if charge.each is None or (charge.each == "connection" and charge.each not in state.connected_micro):
        return one
    if charge.each not in state.connected_micro:
        raise UnknownConnection(charge.code, charge.each)
    return state.connected_micro[charge.each]


def _energy_lines(plan: Plan, energy: Sequence[Int64Array]) -> list[LineColumn]:
    lines = []
    for found, sums in zip(plan.energy, energy, strict=True):
        keys = [found.keys[number] for number in found.present]
        quantities = np.ascontiguousarray(sums.T[list(found.present)])
        prices = [key.price_micro for key in keys]
        money = amounts_by_price(quantities, prices, plan.frame.decimals, plan.frame.rounding)
        for key, quantity, amount in zip(keys, quantities, money, strict=True):
            lines.append(
                LineColumn(
                    "energy",
                    key.code,
                    key.label,
                    plan.frame.energy_unit,
                    key.price_micro,
                    key.starts_on,
                    key.ends_before,
                    quantity,
                    amount,
                    key.group,
                )
            )
    return lines


def _dynamic_lines(plan: Plan, found: Sequence[DynamicFound]) -> list[LineColumn]:
    lines = []
    for one, held in zip(plan.dynamic, found, strict=True):
        for number, (dynamic, value) in enumerate(zip(one.keys, held.values, strict=True)):
            key, quantity = dynamic.key, held.micro_kwh[:, number]
            lines.append(
                LineColumn(
                    "energy",
                    key.code,
                    key.label,
                    "kWh",
                    0,
                    key.starts_on,
                    key.ends_before,
                    quantity,
                    value.amounts(dynamic.unit, plan.frame.decimals, plan.frame.rounding),
                    key.group,
                    value.means(quantity, dynamic.unit),
                )
            )
    return lines


def _demand_lines(plan: Plan, found: DemandPlan | CapacityPlan, micro_kw: Int64Array) -> list[LineColumn]:
    """micro_kw: int64 (customers, maxima or parts), of the plan's unit, as billed."""
    lines = []
    for line in found.lines:
        size = micro_kw[:, line.maximum]
        part = np.minimum(size, line.up_to_micro) - np.minimum(size, line.above_micro)
        amount = amounts_of_part(
            part, line.price_micro, line.quantity, plan.frame.decimals, plan.frame.rounding
        )
        lines.append(
            LineColumn(
                "demand",
                found.code,
                line.label,
                f"{found.unit} {line.per}",
                line.price_micro,
                line.starts_on,
                line.ends_before,
                parts_of(part, line.quantity),
                amount,
                line.group,
            )
        )
    return lines
