"""Reads that people take. Actions never commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from meters.domain.accumulated import ReadKind, RegisterRead
from meters.domain.registers.between import consumption_between
from meters.domain.units import parse_unit
from meters.registers.loading import Register, load_registers
from meters.registers.storing import store_accumulated
from meters.tables import Feed, Meter, ServicePoint
from meters.usage import enter_readings
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.network.tables import Premise


@dataclass(frozen=True, slots=True)
class Taken:
    """A read as somebody tells it: `figure` counts millionths of `unit`, the dial's; what is not said is as
    in the register's earlier reads, and a new register counts import in kWh."""

    register: str
    figure: int
    unit: str | None = None
    direction: str | None = None
    meter: str | None = None
    digits: int | None = None
    multiplier_micro: int | None = None


def record_read(
    session: Session,
    service_point: str,
    read: Taken,
    read_at: datetime,
    kind: ReadKind = "customer",
    *,
    user_id: int | None = None,
    reason: str = "",
    despite: bool = False,
) -> int:
    """Write one read taken by a person, as a feed of its own, and return that feed's id.

    Raises NotFound where nobody knows the service point, Invalid where the read cannot be kept, and Refused
    where it does not go together with the reads there are (a register went backwards, ...) unless it is to be
    kept `despite` that.
    """
    point = find_point(session, service_point)
    known = {register.name: register for register in load_registers(session, [point.id])}
    whole = whole_read(session, point, known.get(read.register), read, read_at, kind)
    if not despite:
        refuse_contradictions(known, [whole])
    return write_reads_taken(session, [whole], user_id, reason or f"{kind} read")


@dataclass(frozen=True, slots=True)
class Point:
    """A service point and its premise's zone, None while it has none."""

    id: int
    code: str
    zone: str | None


def find_point(session: Session, code: str) -> Point:
    """The service point, locked: who writes reads of it by hand waits for the other. Raises NotFound."""
    row = session.execute(
        select(ServicePoint.id, ServicePoint.code, Premise.timezone)
        .outerjoin(Premise, Premise.id == ServicePoint.premise_id)
        .where(ServicePoint.code == code.strip())
        .with_for_update(of=ServicePoint, key_share=True)
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_service_point", f"There is no service point {code!r}.", "service_point")
    return Point(*row)


def local_day(point: Point, at: datetime) -> date:
    """The calendar day at the premise."""
    return at.astimezone(ZoneInfo(point.zone or "UTC")).date()


def standing_meter(session: Session, point: Point, at: datetime, *, leaving: bool = False) -> Meter | None:
    """The meter that stands there on a day; on the day of an exchange the one that came, or was `leaving`."""
    day = local_day(point, at)
    there = Meter.removed_before >= day if leaving else Meter.removed_before > day
    return session.scalars(
        select(Meter)
        .where(Meter.service_point_id == point.id, Meter.removed_before.is_(None) | there)
        .where(Meter.installed_on < day if leaving else Meter.installed_on <= day)
        .order_by(Meter.installed_on)
        .limit(1)
    ).one_or_none()


def whole_read(
    session: Session, point: Point, known: Register | None, read: Taken, read_at: datetime, kind: ReadKind
) -> RegisterRead:
    """The read with what it leaves unsaid: as the register is known, and the meter that stands there."""
    if read_at.tzinfo is None:
        raise Invalid("timezone_needed", "The time of a read needs an offset.", "at")
    if not read.register.strip():
        raise Invalid("no_register", "A read names its register (T1, 1.8.0, ...).", "register")
    dial = known.reads[-1].unit.declared if known and known.reads else known.unit if known else "kWh"
    unit = parse_unit(read.unit or dial)
    if known is not None and (unit.base, read.direction or known.direction) != (known.unit, known.direction):
        message = f"Register {known.name} is kept as {known.direction} in {known.unit}."
        raise Conflict("channel_changed", message, "unit")
    meter = read.meter
    if meter is None:
        standing = standing_meter(session, point, read_at, leaving=kind == "final")
        meter = standing.serial if standing is not None else None
    return RegisterRead(
        point.code,
        meter,
        read.register.strip(),
        unit,
        read.direction or (known.direction if known else "import"),
        read_at,
        read.figure,
        kind,
        read.digits,
        read.multiplier_micro,
    )


def refuse_contradictions(known: Mapping[str, Register], reads: Sequence[RegisterRead]) -> None:
    """Raises Refused with the first fault that is there with the new reads and was not before."""
    for name in dict.fromkeys(read.register for read in reads):
        before = known[name].reads if name in known else []
        new = [read for read in reads if read.register == name]
        told = [read for read in before if not any(_same_place(read, one) for one in new)]
        old_faults = set(consumption_between(before).faults)
        for fault in consumption_between([*told, *new]).faults:
            if fault not in old_faults:
                raise Refused(fault.code, fault.message, name)


def _same_place(one: RegisterRead, other: RegisterRead) -> bool:
    return (one.read_at, one.kind, one.meter) == (other.read_at, other.kind, other.meter)


def write_reads_taken(
    session: Session, reads: Sequence[RegisterRead], user_id: int | None, reason: str
) -> int:
    """The reads as a feed of a person's."""
    with session.begin_nested():
        received_at = enter_readings(session)
        feed_id = session.scalar(text("select nextval(pg_get_serial_sequence('feeds', 'id'))"))
        assert isinstance(feed_id, int)
        stored = store_accumulated(session, feed_id, received_at, reads)
        if stored.problems:
            raise Invalid(stored.problems[0].code, stored.problems[0].message)
        values = {
            "id": feed_id,
            "name": reason,
            "sha256": hashlib.sha256(b"reads" + repr(reads).encode()).hexdigest(),
            "status": "unchanged" if stored.unchanged == len(reads) else "ok",
            "received_at": received_at,
            "readings": len(reads),
            "user_id": user_id,
            "source": "edit",
            "reason": reason,
        }
        session.execute(insert(Feed).values(values))
    return feed_id
