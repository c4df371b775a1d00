"""A small utility and another system's files, for tests of what is brought over."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from utility_crm.customers.actions import import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.kit.errors import CareError
from utility_crm.records.kinds import kind_named
from utility_crm.records.mapping import Mapping, read_mapping
from utility_crm.records.queries import refusals
from utility_crm.records.staging import Form, stage
from utility_crm.records.taking import Where, check_import, take_import

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
TODAY = date(2026, 11, 20)
WHERE = Where("Europe/London", "GB", "GBP")
SOURCE = "old desk"
FILE = """customer_number,name,account_number
C1,Анна Пример,A1
C2,Ben Sample,A2
C3,Cleo Example,A3
"""


def three(session: Session) -> None:
    """C1 to C3 with accounts A1 to A3."""
    defaults = Defaults("GBP", "GB", "Europe/London")
    assert not import_customers(session, FILE.encode(), today=TODAY, defaults=defaults).problems
    session.flush()


def put(
    session: Session,
    folder: Path,
    kind: str,
    content: str | bytes,
    *,
    mapping: str = "",
    name: str = "file.csv",
    source: str = SOURCE,
) -> int:
    """A file put down; its import's id."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    told: Mapping | None = read_mapping(mapping.encode(), kind_named(kind)) if mapping else None
    return stage(session, path, kind=kind, source=source, now=NOW, form=Form(), mapping=told)


def take(session: Session, import_id: int) -> dict[str, Any]:
    return take_import(session, import_id, WHERE, now=NOW, today=TODAY)


def check(session: Session, import_id: int) -> dict[str, Any]:
    return check_import(session, import_id, WHERE, now=NOW, today=TODAY)


def counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    assert report["adds_up"]
    return report["made"], report["changed"], report["same"], report["refused"]


def why(session: Session, import_id: int) -> list[tuple[int, str, str, str]]:
    """Of each refusal: line, title, code, value."""
    return [(one.line, one.title, one.code, one.value) for one in refusals(session, import_id)]


__all__ = ["NOW", "SOURCE", "TODAY", "WHERE", "CareError", "check", "counts", "put", "take", "three", "why"]
