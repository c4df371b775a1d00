"""The public status page, and the figures of reliability."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from notifications.outages import incidents
from notifications.outages.figures import reliability_by_month
from notifications.outages.incidents import By, Opening, open_incident
from notifications.outages.status import network_status
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


@pytest.fixture
def feeder(session: Session, people: People) -> int:
    return session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3")).one()


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_anybody_sees_it_and_nobody_is_in_it(
    session: Session, make_client: MakeClient, feeder: int, people: People
) -> None:
    client = make_client(None)
    assert "Everybody has electricity" in words(client.get("/status").text)
    open_incident(session, Opening(feeder, NOW - HOUR, estimated_at=NOW + HOUR, reason="secret"), By(), NOW)
    session.commit()
    seen = client.get("/status")
    assert seen.status_code == 200 and "off in one area" in words(seen.text)
    assert seen.headers["cache-control"] == "public, max-age=30" and "set-cookie" not in seen.headers
    assert "Margaret" not in seen.text and "secret" not in seen.text
    assert "Где нет электричества" in client.get("/status?language=ru").text
    assert "Где нет электричества" in client.get("/status", headers={"Accept-Language": "ru"}).text


def test_a_report_is_not_shown_and_two_statements_do_for_any_number(session: Session, feeder: int) -> None:
    asked: list[str] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *given: asked.append(given[2]))
    outage = open_incident(session, Opening(feeder, NOW - HOUR, incidents.State.REPORTED), By(), NOW)
    asked.clear()
    assert {one.state for one in network_status(session, NOW)} == {"on"}
    assert len(asked) == 2
    incidents.confirm(session, outage, By(), NOW)
    for node in session.scalars(select(NetworkNode.id)).all():
        open_incident(session, Opening(node, NOW - HOUR), By(), NOW)
    asked.clear()
    assert {one.state for one in network_status(session, NOW)} == {"off"}
    assert len(asked) == 2


def test_a_part_that_is_back_is_a_part(session: Session, feeder: int) -> None:
    area = session.get_one(NetworkNode, feeder).parent_id
    assert area is not None
    outage = open_incident(session, Opening(area, NOW - HOUR), By(), NOW)

    def states() -> tuple[str, str]:
        tiles = {one.name: one for one in network_status(session, NOW)}
        one = tiles[session.get_one(NetworkNode, area).name]
        name = session.get_one(NetworkNode, feeder).name
        return one.state, next(below.state for below in one.feeders if below.name == name)

    assert states() == ("off", "off")
    incidents.split(session, outage, feeder, NOW - HOUR / 2, By(), NOW)
    assert states() == ("part", "on")


def test_figures_follow_what_was(session: Session, make_client: MakeClient, feeder: int) -> None:
    outage = open_incident(session, Opening(feeder, NOW - HOUR), By(), NOW)
    incidents.restore(session, outage, NOW, By(), NOW)
    (row,) = [one for one in reliability_by_month(session, NOW) if one.interruptions]
    assert (row.planned, row.month.isoformat()) == (False, "2026-11-01")
    assert row.minutes == 60 * row.interruptions and row.caidi == 60
    session.commit()
    ops = make_client("ops")
    assert "60.0" in words(ops.get("/outages/reliability").text)
    lines = ops.get("/outages/reliability.csv").text.splitlines()
    assert lines[0].startswith("area,month,planned,") and "2026-11,unplanned" in lines[1]


def test_a_split_counts_each_part_for_its_time(session: Session, feeder: int) -> None:
    area = session.get_one(NetworkNode, feeder).parent_id
    assert area is not None
    outage = open_incident(session, Opening(area, NOW - 2 * HOUR), By(), NOW)
    incidents.split(session, outage, feeder, NOW - HOUR, By(), NOW)
    incidents.restore(session, outage, NOW, By(), NOW)
    whole = open_incident(session, Opening(feeder, NOW - timedelta(minutes=5)), By(), NOW)
    incidents.restore(session, whole, NOW, By(), NOW)  # five minutes are not sustained
    (row,) = [one for one in reliability_by_month(session, NOW) if one.interruptions]
    assert 0 < row.interruptions <= row.served
    assert row.minutes < 120 * row.interruptions
