"""Registers out of the database: reads and told consumption, now or as known at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.accumulated import Consumption, ReadKind, RegisterRead
from meters.domain.units import Unit, parse_unit

_REGISTERS = """
select r.id, r.service_point_id, s.code, r.name, r.unit, r.direction
from registers r join service_points s on s.id = r.service_point_id
where r.service_point_id = any(:points) order by r.service_point_id, r.name
"""

_READ = """
v.register_id, v.read_at, v.kind, v.meter, v.figure, v.exponent, v.digits, v.multiplier_micro, v.method,
v.reason, v.line, v.feed_id
"""
_SPAN = "v.register_id, v.starts_at, v.ends_before, v.micro, v.quality, v.method, v.line, v.feed_id"

_NOW = "select {what} from {table} v where v.register_id = any(:registers) order by {order}"

# What a feed received by then had brought, and none received by then had replaced.
_THEN = """
select {what} from {table} v join feeds f on f.id = v.feed_id and f.received_at <= :known_at
where v.register_id = any(:registers)
union all
select {what} from {history} v join feeds f on f.id = v.feed_id and f.received_at <= :known_at
join feeds r on r.id = v.replaced_by and r.received_at > :known_at
where v.register_id = any(:registers) order by {order}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A consumption as a feed told it."""

    consumption: Consumption
    feed_id: int


@dataclass(frozen=True, slots=True)
class Register:
    """One register with all that is known of it: reads by time, told consumptions by start."""

    id: int
    service_point_id: int
    service_point: str
    name: str
    unit: str
    direction: str
    reads: list[RegisterRead] = field(default_factory=list)
    feeds: list[int] = field(default_factory=list)
    """The feed of each read."""
    told: list[Told] = field(default_factory=list)


def load_registers(
    session: Session, service_point_ids: Sequence[int], known_at: datetime | None = None
) -> list[Register]:
    """All registers of these service points by service point and name, in three statements, with what was
    known at an instant (None: now)."""
    rows = session.execute(text(_REGISTERS), {"points": list(service_point_ids)})
    registers = {row.id: Register(*row) for row in rows}
    asked = {"registers": list(registers), "known_at": known_at}
    if not registers:
        return []
    reads = _statement(_READ, "register_reads", "register_read_history", "1, 2, 3, 4", known_at)
    for row in session.execute(text(reads), asked):
        register = registers[row.register_id]
        register.reads.append(_read(register, row))
        register.feeds.append(row.feed_id)
    spans = _statement(_SPAN, "consumptions", "consumption_history", "1, 2, 3", known_at)
    for row in session.execute(text(spans), asked):
        register = registers[row.register_id]
        register.told.append(Told(_consumption(register, row), row.feed_id))
    return list(registers.values())


def _statement(what: str, table: str, history: str, order: str, known_at: datetime | None) -> str:
    form = _NOW if known_at is None else _THEN
    return form.format(what=what, table=table, history=history, order=order)


def _read(register: Register, row: Any) -> RegisterRead:
    kind: ReadKind = row.kind
    return RegisterRead(
        service_point=register.service_point,
        meter=row.meter or None,
        register=register.name,
        unit=dial_unit(register.unit, row.exponent),
        direction=register.direction,
        read_at=row.read_at,
        figure=row.figure,
        kind=kind,
        digits=row.digits,
        multiplier_micro=row.multiplier_micro,
        line=row.line,
        method=row.method,
        reason=row.reason,
    )


def _consumption(register: Register, row: Any) -> Consumption:
    return Consumption(
        service_point=register.service_point,
        channel=register.name,
        unit=parse_unit(register.unit),
        direction=register.direction,
        starts_at=row.starts_at,
        ends_before=row.ends_before,
        micro=row.micro,
        quality=row.quality,
        line=row.line,
        method=row.method,
    )


_DIALS = {("kWh", -3): "Wh", ("kWh", 3): "MWh", ("kVArh", -3): "VArh", ("kVArh", 3): "MVArh", ("m3", -3): "l"}


def dial_unit(base: str, exponent: int) -> Unit:
    """The unit on a dial that counts 10**exponent of a stored unit."""
    if not exponent:
        return parse_unit(base)
    usual = _DIALS.get((base, exponent))
    return parse_unit(usual) if usual else Unit(f"10^{exponent} {base}", base, exponent)
