"""What an issued bill was made of where there are no intervals: what registers counted, as billed and now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.explanation.register_sides import PutRight, RegisterSide
from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.rating.registers import (
    REACTIVE_UNIT,
    RegisterMatrix,
    reactive_of_parts,
    register_cuts,
)
from billing.domain.reckoning.axis import day_starts_at, local_date
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.tariff import Tariff
from billing.queries.bill_parts import BY_REGISTERS
from billing.queries.bills import BillRow
from billing.queries.looking_back import pasts_before
from billing.queries.tariffs import parsed
from meters.domain.registers.between import consumption_between
from meters.registers.consumption import RegisterUsage, register_consumption
from meters.registers.loading import load_registers


@dataclass(frozen=True, slots=True)
class RegisterPart:
    """One agreement's part of a bill, by registers. billed_minor: the sum of its lines as issued."""

    bill_id: int
    agreement_id: int
    service_point_id: int
    service_point: str
    tariff: Tariff
    period: Period
    timezone: str
    billed_minor: int
    ends: bool = False

    channel_id = None


@dataclass(frozen=True, slots=True)
class ReadRegisters:
    """A part with what was counted."""

    part: RegisterPart
    side: RegisterSide


_PARTS = text(
    f"""
    select l.bill_id, g.id, s.id, s.code, cast(coalesce(
               (select d.document from tariff_history d where d.tariff_id = t.id and d.last_bill_id >= b.id
                order by d.last_bill_id, d.id limit 1), t.document) as text),
           greatest(g.starts_on, b.starts_on), least(g.ends_before, b.ends_before), p.timezone, l.billed,
           coalesce(g.ends_before <= b.ends_before, false)
    from (select bill_id, agreement_id, sum(amount_minor) as billed from bill_lines
          where bill_id = any(:bills) group by bill_id, agreement_id) l
    join bills b on b.id = l.bill_id
    join agreements g on g.id = l.agreement_id
    join tariffs t on t.id = g.tariff_id
    join service_points s on s.id = g.service_point_id
    join premises p on p.id = s.premise_id
    where {BY_REGISTERS} or not exists (
        select from channels h where h.service_point_id = s.id and h.direction = 'import'
          and h.unit = case when t.document -> 'volume' is null then 'kWh' else 'm3' end)
    order by l.bill_id, s.code, g.starts_on
    """
)


def registers_of_bills(session: Session, bills: Sequence[BillRow]) -> list[tuple[ReadRegisters, ...]]:
    """Of each bill the parts that have no channel of intervals, by service point and time. What each bill
    knew, and what is known now, takes the statements of `register_consumption`."""
    known_at = {bill.id: bill.known_at for bill in bills}
    found: dict[int, list[RegisterPart]] = {bill.id: [] for bill in bills}
    for row in session.execute(_PARTS, {"bills": list(known_at)}):
        bill_id, agreement, point_id, point, document, first, last, zone, billed, ends = row
        part = RegisterPart(
            *(bill_id, agreement, point_id, point, parsed(document), Period(first, last), zone),
            *(int(billed), ends),
        )
        found[bill_id].append(part)
    parts = [part for mine in found.values() for part in mine]
    looking = [part for part in parts if part.tariff.looks_back]
    pasts = pasts_before(session, [(part.agreement_id, part.period.starts_on) for part in looking])
    states: Mapping[tuple[int, int], SupplyState] = {
        (part.bill_id, part.agreement_id): past.added_to(SupplyState(ends=part.ends))
        for part, past in zip(looking, pasts, strict=True)
    }
    return [
        tuple(
            ReadRegisters(part, _side(session, part, known_at[part.bill_id], states))
            for part in found[bill.id]
        )
        for bill in bills
    ]


def _side(
    session: Session, part: RegisterPart, known_at: datetime, states: Mapping[tuple[int, int], SupplyState]
) -> RegisterSide:
    (then, beside), (now, _) = (_counted(session, part, instant) for instant in (known_at, None))
    names = tuple(sorted({one.name for one in (*then, *now)}))
    counted, known = _matrix(then, names), _matrix(now, names)
    # What is no longer told of a part stands as it was billed.
    untold = np.array([[part_of is None for part_of in _parts_by_name(now, names, at)]
                       for at in range(counted.micro_kwh.shape[1])])  # fmt: skip
    micro = np.where(untold, counted.micro_kwh[0], known.micro_kwh[0])
    guessed = np.where(untold, counted.estimated_micro_kwh[0], known.estimated_micro_kwh[0])
    changed = not np.array_equal(micro, counted.micro_kwh[0])
    state = states.get((part.bill_id, part.agreement_id), NOTHING_KNOWN)
    if beside and all(one.known for register in beside for one in register.parts):
        reacted = np.array([[one.micro for one in register.parts] for register in beside], dtype=np.int64)
        kvarh = reactive_of_parts(part.tariff, part.period, reacted.sum(axis=0)[np.newaxis])
        state = replace(state, reactive=kvarh)
    return RegisterSide(
        counted,
        part.tariff,
        part.period,
        part.timezone,
        replace(known, micro_kwh=micro[np.newaxis]) if changed else None,
        guessed,
        state,
        _put_right(session, part) if changed else (),
    )


def _counted(
    session: Session, part: RegisterPart, known_at: datetime | None
) -> tuple[list[RegisterUsage], list[RegisterUsage]]:
    """What the tariff's own registers counted, and those of reactive energy where it reads them."""
    zone = part.tariff.zone(part.timezone)
    starts_at, ends_before = (
        day_starts_at(day, zone) for day in (part.period.starts_on, part.period.ends_before)
    )
    cuts = [day_starts_at(day, zone) for day in register_cuts(part.tariff, part.period)]
    found = register_consumption(session, [part.service_point_id], starts_at, ends_before, cuts, known_at)
    taken = [one for one in found[part.service_point_id] if one.direction == "import"]
    mine = [one for one in taken if one.unit == part.tariff.metered_unit]
    return mine, [one for one in taken if one.unit == REACTIVE_UNIT and part.tariff.reads_reactive]


def _parts_by_name(found: Sequence[RegisterUsage], names: Sequence[str], at: int) -> list[int | None]:
    """Of one part, what each register counted; None where that is not told."""
    of = {one.name: one.parts[at] for one in found}
    return [of[name].micro if name in of and of[name].known else None for name in names]


def _matrix(found: Sequence[RegisterUsage], names: tuple[str, ...]) -> RegisterMatrix:
    """Of one customer; what rests on estimated reads beside it, a share between two reads does not."""
    of = {one.name: one for one in found}
    parts = max((len(one.parts) for one in found), default=1)
    shape = (1, parts, len(names))
    micro, guessed = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for column, name in enumerate(names):
        if name in of:
            micro[0, :, column] = [part.micro for part in of[name].parts]
            guessed[0, :, column] = [part.estimated_micro for part in of[name].parts]
    return RegisterMatrix(names, micro, guessed)


def _put_right(session: Session, part: RegisterPart) -> tuple[PutRight, ...]:
    """Estimated readings in or at the ends of the part, each with the taken one that made it idle."""
    zone, period, found = part.tariff.zone(part.timezone), part.period, []
    for register in load_registers(session, [part.service_point_id]):
        if register.direction != "import" or register.unit != part.tariff.metered_unit:
            continue
        for idle in consumption_between(register.reads).superseded:
            on = local_date(idle.read_at, zone)
            later = [
                one
                for one in register.reads
                if one.read_at > idle.read_at and one.kind not in ("estimated", "deemed")
            ]
            if later and period.starts_on <= on <= period.ends_before:
                read = min(later, key=lambda one: one.read_at)
                found.append(
                    PutRight(register.name, on, idle.figure, local_date(read.read_at, zone), read.figure)
                )
    return tuple(found)
