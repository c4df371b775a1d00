"""The meters' own columns of the customer file: `service_point`, `meter_serial` and `connection_kw`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import BigInteger, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from meters.tables import Meter, ServicePoint
from utility_crm.customers.actions import ImportColumns
from utility_crm.customers.importing.writing import RowIds
from utility_crm.kit.table_file import Problem

_KW = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


def place_service_points(session: Session, rows: Sequence[RowIds]) -> tuple[set[int], list[Problem]]:
    """Make the service points named, or assign those that feeds brought in before; a place once taken stays.

    A service point that stands at another premise is a problem, not a move.
    """
    wanted = {item.row.others["service_point"]: item for item in rows if "service_point" in item.row.others}
    problems = [
        Problem(item.row.line, "service_point", f"service point {code!r} needs a premise_code")
        for code, item in wanted.items()
        if item.premise_id is None
    ]
    held = _held(session, list(wanted))
    touched: set[int] = set()
    for code, item in wanted.items():
        if item.premise_id is None:
            continue
        known = held.get(code)
        if known is None:
            session.execute(insert(ServicePoint).values(code=code, premise_id=item.premise_id))
            touched.add(item.row.line)
        elif known[1] is None:
            placed = (
                update(ServicePoint).where(ServicePoint.id == known[0]).values(premise_id=item.premise_id)
            )
            session.execute(placed)
            touched.add(item.row.line)
        elif known[1] != item.premise_id:
            message = f"service point {code!r} stands at another premise already"
            problems.append(Problem(item.row.line, "service_point", message))
    held = _held(session, list(wanted))
    known_now, faults = _know_connections(session, rows, held)
    return touched | known_now | _install_meters(session, rows, held), problems + faults


def _held(session: Session, codes: list[str]) -> dict[str, tuple[int, int | None]]:
    among = ServicePoint.code == any_(literal(codes, ARRAY(Text())))
    rows = session.execute(select(ServicePoint.code, ServicePoint.id, ServicePoint.premise_id).where(among))
    return {code: (identity, premise_id) for code, identity, premise_id in rows}


def _know_connections(
    session: Session, rows: Sequence[RowIds], held: dict[str, tuple[int, int | None]]
) -> tuple[set[int], list[Problem]]:
    """The power that connections are made for; an empty cell changes nothing."""
    touched: set[int] = set()
    problems: list[Problem] = []
    for item in rows:
        given, point = item.row.others.get("connection_kw"), item.row.others.get("service_point", "")
        if given is None:
            continue
        if point not in held:
            problems.append(Problem(item.row.line, "connection_kw", "a connection_kw needs a service_point"))
            continue
        micro = int(Decimal(given).scaleb(6)) if _KW.fullmatch(given) else 0
        if not micro:
            words = f"{given!r} is no power in kW above 0, such as 15 or 7.5"
            problems.append(Problem(item.row.line, "connection_kw", words))
            continue
        changed = session.scalar(
            update(ServicePoint)
            .where(
                ServicePoint.id == held[point][0], ServicePoint.connection_micro_kw.is_distinct_from(micro)
            )
            .values(connection_micro_kw=micro)
            .returning(ServicePoint.id)
            .execution_options(synchronize_session="fetch")
        )
        if changed is not None:
            touched.add(item.row.line)
    return touched, problems


def _install_meters(
    session: Session, rows: Sequence[RowIds], held: dict[str, tuple[int, int | None]]
) -> set[int]:
    """Meters at points that have none. An exchange is not told by this file."""
    named = [item for item in rows if {"meter_serial", "service_point"} <= item.row.others.keys()]
    points = [
        held[item.row.others["service_point"]][0]
        for item in named
        if item.row.others["service_point"] in held
    ]
    among = Meter.service_point_id == any_(literal(points, ARRAY(BigInteger())))
    metered = set(session.scalars(select(Meter.service_point_id).where(among)))
    touched: set[int] = set()
    for item in named:
        point, _premise = held.get(item.row.others["service_point"], (None, None))
        if point is not None and point not in metered:
            values = {"serial": item.row.others["meter_serial"], "service_point_id": point}
            session.execute(insert(Meter).values(**values, installed_on=item.opened_on))
            metered.add(point)
            touched.add(item.row.line)
    return touched


COLUMNS = ImportColumns(("service_point", "meter_serial", "connection_kw"), place_service_points)
