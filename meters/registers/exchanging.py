"""Meters exchanged: the old one's final reads, the new one's first. Actions never commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from meters.registers.loading import Register, load_registers
from meters.registers.recording import (
    Point,
    Taken,
    find_point,
    local_day,
    refuse_contradictions,
    standing_meter,
    whole_read,
    write_reads_taken,
)
from meters.tables import Meter
from utility_crm.kit.errors import Conflict, Invalid


def exchange_meter(
    session: Session,
    service_point: str,
    exchanged_at: datetime,
    new_serial: str,
    final: Sequence[Taken],
    first: Sequence[Taken],
    *,
    user_id: int | None = None,
    reason: str = "",
    despite: bool = False,
) -> int:
    """Take the meter down that stands at a service point and put another up; the id of the feed that holds
    the final and the first reads.

    A first read says the new meter's digits and multiplier; where it does not, they are unknown and one.
    Raises NotFound, Invalid, Conflict (another meter of that time is known, or the number is the old one's),
    and Refused as `record_read` does; nothing is written then.
    """
    point = find_point(session, service_point)
    old = standing_meter(session, point, exchanged_at, leaving=True)
    if not new_serial.strip():
        raise Invalid("no_serial", "The new meter needs its number.", "serial")
    if old is not None and old.serial == new_serial.strip():
        raise Conflict("same_meter", f"Meter {old.serial} stands there already.", "serial")
    registers = {one.register for one in final}
    if registers != {one.register for one in first}:
        raise Invalid(
            "registers_differ", "A final and a first read are needed of the same registers.", "first"
        )
    known = {register.name: register for register in load_registers(session, [point.id])}
    reads = []
    for taken in final:
        serial = old.serial if old is not None else _last_read(known.get(taken.register), exchanged_at)
        told = taken if taken.meter or serial is None else replace(taken, meter=serial)
        reads.append(whole_read(session, point, known.get(taken.register), told, exchanged_at, "final"))
    for taken in first:
        told = replace(taken, meter=new_serial.strip())
        if told.unit is None and taken.register not in known:
            told = replace(told, unit=next(one.unit for one in final if one.register == taken.register))
        new = whole_read(session, point, known.get(taken.register), told, exchanged_at, "first")
        multiplier = new.multiplier_micro or 1_000_000  # of a new meter nothing is inherited
        reads.append(replace(new, multiplier_micro=multiplier))
    day = local_day(point, exchanged_at)
    stands_there = _is_known(session, point, old, new_serial.strip(), day)
    if not despite:
        refuse_contradictions(known, reads)
    if not stands_there:
        _put_up(session, point, old, new_serial.strip(), day)
    return write_reads_taken(session, reads, user_id, reason or f"exchanged for {new_serial.strip()}")


def _last_read(register: Register | None, before: datetime) -> str | None:
    """The meter of the last read before an instant: a file of reads names meters that nobody put up here."""
    serials = [read.meter for read in (register.reads if register else ()) if read.read_at <= before]
    return next((serial for serial in reversed(serials) if serial), None)


def _is_known(session: Session, point: Point, old: Meter | None, serial: str, day: date) -> bool:
    """Whether just this exchange is known, and only its reads were not. Raises Conflict where another is."""
    later = session.execute(
        select(Meter.serial, Meter.installed_on)
        .where(Meter.service_point_id == point.id, Meter.installed_on >= day)
        .order_by(Meter.installed_on)
    ).all()
    if [tuple(one) for one in later] == [(serial, day)] and (old is None or old.removed_before == day):
        return True
    if later or (old is not None and old.removed_before is not None):
        other = later[0].serial if later or old is None else old.serial
        raise Conflict("exchanged", f"Another exchange is known of {day} or later (meter {other}).", "at")
    return False


def _put_up(session: Session, point: Point, old: Meter | None, serial: str, day: date) -> None:
    """The old meter's last day was yesterday, the new one's first is today."""
    if old is not None:
        old.removed_before = day
        session.flush()
    session.add(Meter(serial=serial, service_point_id=point.id, installed_on=day, removed_before=None))
    session.flush()
