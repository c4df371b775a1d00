"""Registers that a feed names: found, or made with their service points; and locked, so that one feed at a
time writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import BigInteger, Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from meters.tables import Register, ServicePoint

RegisterName = tuple[str, str]
"""Service point's code, register's name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a register counts: a unit that is stored, and the customer's direction."""

    unit: str
    direction: str


@dataclass(frozen=True, slots=True)
class StoredRegister:
    """A register as it stands; what exists keeps its unit and direction."""

    id: int
    kind: Kind


def registers_for(session: Session, kinds: Mapping[RegisterName, Kind]) -> dict[RegisterName, StoredRegister]:
    """The registers of these names; missing ones, and their service points, are made as told.

    All are locked until the transaction ends, always in the same order. A new service point has no premise.
    """
    points = _service_points(session, kinds)
    missing = {name: kind for name, kind in kinds.items() if name[0] not in points}
    if missing:
        _make_service_points(session, missing)
        points |= _service_points(session, missing)
    found = _registers(session, points, kinds)
    missing = {name: kind for name, kind in kinds.items() if name not in found}
    if missing:
        _make_registers(session, points, missing)
    return _registers(session, points, kinds, locked=True)


def _service_points(session: Session, names: Iterable[RegisterName]) -> dict[str, int]:
    among = ServicePoint.code == any_(literal(list({code for code, _name in names}), ARRAY(Text())))
    statement = select(ServicePoint.code, ServicePoint.id).where(among)
    return {row.code: row.id for row in session.execute(statement)}


def _make_service_points(session: Session, kinds: Mapping[RegisterName, Kind]) -> None:
    fuels = {name[0]: "gas" if kind.unit == "m3" else "electricity" for name, kind in kinds.items()}
    rows = [{"code": code, "fuel": fuel} for code, fuel in sorted(fuels.items())]
    session.execute(insert(ServicePoint).on_conflict_do_nothing(), rows)


def _make_registers(session: Session, points: Mapping[str, int], kinds: Mapping[RegisterName, Kind]) -> None:
    rows = [
        {"service_point_id": points[code], "name": name, "unit": kind.unit, "direction": kind.direction}
        for (code, name), kind in kinds.items()
    ]
    rows.sort(key=itemgetter("service_point_id", "name"))
    session.execute(insert(Register).on_conflict_do_nothing(), rows)


def _registers(
    session: Session, points: Mapping[str, int], wanted: Mapping[RegisterName, Kind], locked: bool = False
) -> dict[RegisterName, StoredRegister]:
    codes = {points[code]: code for code, _name in wanted}
    statement = (
        select(Register.service_point_id, Register.name, Register.id, Register.unit, Register.direction)
        .where(Register.service_point_id == any_(literal(list(codes), ARRAY(BigInteger()))))
        .order_by(Register.id)
    )
    if locked:
        statement = statement.with_for_update(key_share=True)
    return {
        (codes[row.service_point_id], row.name): StoredRegister(row.id, Kind(row.unit, row.direction))
        for row in session.execute(statement)
        if (codes[row.service_point_id], row.name) in wanted
    }
