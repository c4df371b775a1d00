"""Supplies without interval channels: what their registers counted, rated without a gap to fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.domain.errors import MissingCalorific, NotRateable
from billing.domain.money import Int64Array
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.rated import RatedBatch, RatedBill
from billing.domain.rating.registers import (
    REACTIVE_UNIT,
    RegisterMatrix,
    rate_registers,
    reactive_of_parts,
    register_cuts,
)
from billing.domain.reckoning.axis import day_starts_at
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.tariff import Tariff
from billing.drafting.parts import Hold, RatedSupply, hold
from billing.drafting.past import reckoned_past
from billing.queries.looking_back import Past, pasts_before, traces_of, with_reckoned
from billing.queries.net_credits import state_of_all
from billing.queries.supplies import Supply
from meters.registers.consumption import RegisterUsage, register_consumption
from meters.tables import ServicePoint


def read_supplies(
    session: Session, found: Sequence[tuple[Supply, Tariff, str]], known_at: datetime | None
) -> tuple[list[RatedSupply], list[Hold], list[Supply]]:
    """Each supply with its tariff and zone: those rated, those held, and those that have no register either.

    An estimated or deemed read counts as estimated, and so does what no read at the ends of the days parts
    from what lies beyond them. Days of which nothing is known yet are not billed: a read must come in first.
    """
    codes = {supply.service_point for supply, _, _ in found}
    points: dict[str, int] = {}
    if codes:
        asked = select(ServicePoint.code, ServicePoint.id).where(ServicePoint.code.in_(codes))
        points = {row.code: row.id for row in session.execute(asked)}
    rated: list[RatedSupply] = []
    holds: list[Hold] = []
    without: list[Supply] = []
    pasts, unknown = _pasts(session, found, points, known_at)
    holds += unknown
    waiting = {one.account_id for one in unknown}
    found = [one for one in found if one[0].account_id not in waiting]
    for (tariff, zone, period, _ends), mine in _alike(found).items():
        try:
            cuts = register_cuts(tariff, period)
        except NotRateable as fault:
            holds += [_refused(supply, fault) for supply in mine]
            continue
        starts_at, ends_before = (day_starts_at(day, zone) for day in (period.starts_on, period.ends_before))
        at = [day_starts_at(day, zone) for day in cuts]
        ids = [points[supply.service_point] for supply in mine]
        used = register_consumption(session, ids, starts_at, ends_before, at, known_at)
        done, refused, empty = _rated(mine, points, used, tariff, period, pasts)
        rated, holds, without = [*rated, *done], [*holds, *refused], [*without, *empty]
    return rated, holds, without


def _pasts(
    session: Session,
    found: Sequence[tuple[Supply, Tariff, str]],
    points: Mapping[str, int],
    known_at: datetime | None,
) -> tuple[dict[Supply, Past], list[Hold]]:
    """The months before, where the tariff looks back: as bills left them, else reckoned from registers."""
    looking = [one for one in found if one[1].looks_back]
    known = pasts_before(session, [(supply.agreement_id, supply.starts_on) for supply, _, _ in looking])
    pasts: dict[Supply, Past] = {}
    holds: list[Hold] = []
    for (supply, tariff, zone), past in zip(looking, known, strict=True):
        whole = past if past.known else _reckoned(session, supply, tariff, zone, points, past, known_at)
        if isinstance(whole, Hold):
            holds.append(whole)
        else:
            pasts[supply] = whole
    return pasts, holds


def _reckoned(
    session: Session,
    supply: Supply,
    tariff: Tariff,
    zone: str,
    points: Mapping[str, int],
    past: Past,
    known_at: datetime | None,
) -> Past | Hold:
    """As of intervals (`past.reckoned_past`), by what registers counted in each month."""
    point_id = points[supply.service_point]

    def rated(period: Period, state: SupplyState) -> RatedBatch | None:
        starts_at, ends_before = (day_starts_at(day, zone) for day in (period.starts_on, period.ends_before))
        cuts = [day_starts_at(day, zone) for day in register_cuts(tariff, period)]
        used = register_consumption(session, [point_id], starts_at, ends_before, cuts, known_at)[point_id]
        mine = [one for one in used if _is_taken(one, tariff.metered_unit)]
        beside = _reactive(used, tariff)
        if not mine or not all(part.known for one in (*mine, *beside) for part in one.parts):
            return None
        state = _with_reactive(state, beside, tariff, period)
        return rate_registers(_matrix([mine]), tariff, period, state=state)

    return reckoned_past(supply, tariff, past, rated)


def _matrix(group: Sequence[Sequence[RegisterUsage]]) -> RegisterMatrix:
    """Of customers with the same registers."""
    parts = [[one.parts for one in mine] for mine in group]
    counted = [[[part.micro for part in one] for one in mine] for mine in parts]
    guessed = [
        [[max(part.estimated_micro, part.spread_micro) for part in one] for one in mine] for mine in parts
    ]
    names = tuple(one.name for one in group[0])
    return RegisterMatrix(names, _by_part(counted), _by_part(guessed))


def _alike(
    found: Sequence[tuple[Supply, Tariff, str]],
) -> Mapping[tuple[Tariff, str, Period, bool], list[Supply]]:
    groups: dict[tuple[Tariff, str, Period, bool], list[Supply]] = {}
    for supply, tariff, zone in found:
        key = (tariff, zone, Period(supply.starts_on, supply.ends_before), supply.ends)
        groups.setdefault(key, []).append(supply)
    return groups


def _rated(
    supplies: Sequence[Supply],
    points: Mapping[str, int],
    used: Mapping[int, Sequence[RegisterUsage]],
    tariff: Tariff,
    period: Period,
    pasts: Mapping[Supply, Past],
) -> tuple[list[RatedSupply], list[Hold], list[Supply]]:
    """Those with the same registers in one pass."""
    holds: list[Hold] = []
    without: list[Supply] = []
    alike: dict[tuple[tuple[str, ...], bool], list[tuple[Supply, list[RegisterUsage]]]] = {}
    for supply in supplies:
        of_point = used[points[supply.service_point]]
        mine = [one for one in of_point if _is_taken(one, tariff.metered_unit)]
        beside = _reactive(of_point, tariff)
        unread = [one for one in (*mine, *beside) if not all(part.known for part in one.parts)]
        if not mine:
            without.append(supply)
        elif unread:
            holds.append(_unread(supply, unread))
        else:
            alike.setdefault((tuple(one.name for one in mine), bool(beside)), []).append((supply, mine))
    rated: list[RatedSupply] = []
    for group in alike.values():
        states = [
            _with_reactive(
                pasts[supply].added_to(SupplyState(ends=supply.ends)) if supply in pasts else NOTHING_KNOWN,
                _reactive(used[points[supply.service_point]], tariff),
                tariff,
                period,
            )
            for supply, _ in group
        ]
        try:
            usage = _matrix([mine for _, mine in group])
            batch = rate_registers(usage, tariff, period, state=state_of_all(states))
        except NotRateable as fault:
            holds += [_refused(supply, fault) for supply, _ in group]
            continue
        for row, (supply, _) in enumerate(group):
            past = pasts.get(supply)
            traces = () if past is None else with_reckoned(traces_of(batch, row), past.reckoned)
            rated.append(replace(_part(supply, batch.bill(row)), traces=traces))
    return rated, holds, without


def _by_part(of_register: list[list[list[int]]]) -> Int64Array:
    """int64 (customers, parts, registers), from lists of customers, registers, parts."""
    return np.array(of_register, dtype=np.int64).swapaxes(1, 2)


def _is_taken(usage: RegisterUsage, unit: str) -> bool:
    return usage.direction == "import" and usage.unit == unit


def _reactive(used: Sequence[RegisterUsage], tariff: Tariff) -> list[RegisterUsage]:
    """The registers of reactive energy that the tariff reads: of several rates, all."""
    return [one for one in used if _is_taken(one, REACTIVE_UNIT)] if tariff.reads_reactive else []


def _with_reactive(
    state: SupplyState, beside: Sequence[RegisterUsage], tariff: Tariff, period: Period
) -> SupplyState:
    """With what registers of reactive energy counted; without any, what needs them is refused."""
    if not beside:
        return state
    counted = np.array([[part.micro for part in one.parts] for one in beside], dtype=np.int64)
    return replace(state, reactive=reactive_of_parts(tariff, period, counted.sum(axis=0)[np.newaxis]))


def _part(supply: Supply, bill: RatedBill) -> RatedSupply:
    lines = tuple(
        (
            line.kind,
            line.label,
            line.starts_on,
            line.ends_before,
            line.quantity_micro,
            line.unit,
            line.price_micro,
            line.amount_minor,
        )
        for line in bill.lines
    )
    return RatedSupply(
        supply, lines, bill.total_minor, bill.micro_kwh, bill.estimated_micro_kwh, bill.estimated_count
    )


def _refused(supply: Supply, fault: NotRateable) -> Hold:
    if isinstance(fault, MissingCalorific):
        return hold(supply, fault.code, f"The gas cannot be told in kWh: {fault}.")
    return hold(supply, "not_rateable", f"It cannot be priced: {fault}.")


def _unread(supply: Supply, unread: Sequence[RegisterUsage]) -> Hold:
    names = ", ".join(one.name for one in unread)
    words = (
        f"No read tells yet what register {names} of service point {supply.service_point} counted from "
        f"{supply.starts_on} to {supply.ends_before}."
    )
    return hold(supply, "no_readings", words)
