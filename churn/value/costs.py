"""Costs of purchase and network: brought as a file, all rows or none. Never commits."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from billing.tables import Tariff
from churn.campaigns.audience import SEGMENTS
from churn.domain.value.margins import KINDS
from churn.value.tables import CostRate
from utility_crm.kit.errors import Invalid, NotFound

NEEDED_COLUMNS = ("kind", "valid_from", "price")
COLUMNS = (*NEEDED_COLUMNS, "fuel", "tariff", "segment", "area")
FUELS = ("electricity", "gas", "water")
MOST_MICRO = 1_000_000_000_000
_AREAS = text("select code from network_nodes where parent_id is null")


@dataclass(frozen=True, slots=True)
class Brought:
    """How many rows were new, put another price in place of one, and were there before."""

    new: int
    changed: int
    same: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A cost as it is listed; empty tariff (its code), segment or area: of every one."""

    id: int
    kind: str
    fuel: str
    valid_from: date
    tariff: str
    segment: str
    area: str
    price_micro: int
    currency: str
    source: str


def bring_costs(session: Session, file: Path, *, currency: str, source: str, now: datetime) -> Brought:
    """Take in a CSV with the columns kind, valid_from, price and, if need be, fuel, tariff (a code), segment
    and area (a code). A row of the same kind, day and scope gets the new price.

    Raises Invalid with the line and what is wrong with it.
    """
    try:
        written = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = wrong.object.count(b"\n", 0, wrong.start) + 1
        raise Invalid("encoding", "the file is not written in UTF-8", f"line {line}") from None
    with StringIO(written, newline="") as opened:
        reader = csv.DictReader(opened)
        named = tuple(reader.fieldnames or ())
        missing = [one for one in NEEDED_COLUMNS if one not in named]
        if missing or any(one not in COLUMNS for one in named):
            words = (
                "the file has the columns kind, valid_from, price and may have fuel, tariff, segment, area"
            )
            raise Invalid("columns", words, "line 1")
        rows = [(reader.line_num, row) for row in reader]
    tariffs = {row.code: row.id for row in session.execute(select(Tariff.code, Tariff.id))}
    areas = set(session.scalars(_AREAS))
    read = [_read(row, f"line {line}", tariffs, areas, currency) for line, row in rows]
    seen: dict[tuple[Any, ...], int] = {}
    for (line, _), one in zip(rows, read, strict=True):
        key = _key(one)
        if key in seen:
            raise Invalid("twice", f"the same cost stands in line {seen[key]}", f"line {line}")
        seen[key] = line
    return put_costs(session, read, source=source, now=now)


def put_costs(session: Session, rows: Iterable[Mapping[str, Any]], *, source: str, now: datetime) -> Brought:
    """Keep costs given as columns of `CostRate`."""
    known = {_key(row._asdict()): row.price_micro for row in session.execute(_EVERY)}
    new = changed = same = 0
    given = []
    for row in rows:
        before = known.get(_key(row))
        if before == row["price_micro"]:
            same += 1
            continue
        new, changed = (new + 1, changed) if before is None else (new, changed + 1)
        given.append({**row, "source": source, "brought_at": now})
    if given:
        statement = insert(CostRate)
        session.execute(
            statement.on_conflict_do_update(
                constraint="uq_cost_rates_once",
                set_={name: statement.excluded[name] for name in ("price_micro", "source", "brought_at")},
            ),
            given,
        )
    return Brought(new, changed, same)


def drop_cost(session: Session, rate_id: int) -> None:
    """Raises NotFound."""
    gone = session.execute(delete(CostRate).where(CostRate.id == rate_id).returning(CostRate.id)).first()
    if gone is None:
        raise NotFound("cost", f"there is no cost {rate_id}")


def rates(session: Session) -> list[Rate]:
    """Every cost: by kind, the newest day first."""
    rows = session.execute(
        select(
            CostRate.id, CostRate.kind, CostRate.fuel, CostRate.valid_from,
            func.coalesce(Tariff.code, "").label("tariff"),
            func.coalesce(CostRate.segment, "").label("segment"),
            func.coalesce(CostRate.area, "").label("area"),
            CostRate.price_micro, CostRate.currency, CostRate.source,
        )
        .outerjoin(Tariff, Tariff.id == CostRate.tariff_id)
        .order_by(CostRate.kind, CostRate.fuel, CostRate.valid_from.desc(), CostRate.id)
    )  # fmt: skip
    return [Rate(**row._asdict()) for row in rows]


_SCOPE = ("kind", "fuel", "valid_from", "tariff_id", "segment", "area", "currency")
_EVERY = select(*(getattr(CostRate, name) for name in _SCOPE), CostRate.price_micro)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SCOPE)


def _read(
    row: Mapping[str, str | None], where: str, tariffs: Mapping[str, int], areas: set[str], currency: str
) -> dict[str, Any]:
    if None in row:
        raise Invalid("cells", "it has more cells than the header", where)
    given = {name: (row.get(name) or "").strip() for name in COLUMNS}
    fuel = given["fuel"] or "electricity"
    _one_of(given["kind"], KINDS, "kind", where)
    _one_of(fuel, FUELS, "fuel", where)
    if given["segment"]:
        _one_of(given["segment"], SEGMENTS, "segment", where)
    if given["tariff"] and given["tariff"] not in tariffs:
        raise Invalid("tariff", f"there is no tariff '{given['tariff']}'", where)
    if given["area"] and given["area"] not in areas:
        raise Invalid("area", f"there is no area '{given['area']}'", where)
    try:
        valid_from = date.fromisoformat(given["valid_from"])
    except ValueError:
        raise Invalid("day", f"'{given['valid_from']}' is no day such as 2026-04-01", where) from None
    return {
        "kind": given["kind"], "fuel": fuel, "valid_from": valid_from, "currency": currency,
        "tariff_id": tariffs.get(given["tariff"]), "segment": given["segment"] or None,
        "area": given["area"] or None, "price_micro": _micro(given["price"], where),
    }  # fmt: skip


def _micro(written: str, where: str) -> int:
    try:
        micro = Decimal(written).scaleb(6)
    except InvalidOperation:
        raise Invalid("price", f"'{written}' is no price such as 0.1234", where) from None
    if not micro.is_finite() or micro != micro.to_integral_value():
        raise Invalid("price", f"'{written}' has more than six decimals", where)
    if not 0 <= micro <= MOST_MICRO:
        raise Invalid("price", f"'{written}' is not between 0 and {MOST_MICRO // 1_000_000}", where)
    return int(micro)


def _one_of(value: str, allowed: Iterable[str], what: str, where: str) -> None:
    if value not in allowed:
        raise Invalid(what, f"'{value}' is no {what}: {', '.join(allowed)}", where)
