"""Meters of the invented customers, on the days before the tests' today."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from meter_files import csv_file
from sqlalchemy.orm import Session

from meters.actions import TakenFeed, ingest
from meters.completeness import refresh
from meters.tables import Meter, ServicePoint
from tests.web.people import People
from utility_crm.network.tables import Premise

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(days=1)
Days = list[tuple[str, date, list[object]]]


def put_meter(session: Session, code: str = "SP-1") -> None:
    """A meter where Margaret lives, exchanged a month ago."""
    premise = session.query(Premise).filter_by(code="P1").one()
    point = ServicePoint(code=code, premise_id=premise.id)
    session.add(point)
    session.flush()
    old = Meter(
        serial="E18-441276",
        service_point_id=point.id,
        installed_on=date(2019, 1, 1),
        removed_before=date(2026, 10, 20),
    )
    session.add_all(
        [old, Meter(serial="E26-900001", service_point_id=point.id, installed_on=date(2026, 10, 20))]
    )
    session.flush()


def days_before(count: int, code: str = "SP-1", value: object = 0.5) -> Days:
    """Whole days of half-hours, `count` of them until yesterday."""
    return [(code, TODAY - timedelta(days=back), [value] * 48) for back in range(count, 0, -1)]


@pytest.fixture
def meter(session: Session, people: People) -> People:
    put_meter(session)
    return people


@pytest.fixture
def sent(session: Session, tmp_path: Path) -> Callable[..., TakenFeed]:
    """`sent("a.csv", *days)`: a file of these days, taken in and counted."""

    def taken(name: str, *days: tuple[str, date, list[object]], **more: str) -> TakenFeed:
        feed = ingest(session, csv_file(tmp_path, name, *days, **more))
        refresh(session, TODAY, NOW)
        return feed

    return taken
