"""Incidents as ops and agents see them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications.outages.calls import calls, follow_calls
from notifications.outages.reached import standing
from notifications.tables import Outage, OutageEvent
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
FORM = {"starts": "2026-11-20T14:05", "ends": "", "state": "confirmed", "reason": "a fallen tree"}


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 14:42 on Friday 20 November 2026."""
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


@pytest.fixture
def feeder(session: Session, people: People) -> int:
    """Where Margaret, who has a medical need, lives."""
    return session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3")).one()


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_an_outage_lives_on_screen(session: Session, make_client: MakeClient, feeder: int) -> None:
    ops = make_client("ops")
    assert "report an outage" in words(ops.get("/outages").text)
    made = ops.post("/outages/report", data={"node": feeder, **FORM})
    assert made.status_code == 303, words(made.text)
    row = session.scalars(select(Outage)).one()
    said = words(ops.get(f"/outages/{row.id}").text)
    assert "Nobody knows yet when the supply will be back." in said and "being told" in said
    step = f"/outages/{row.id}/"
    assert ops.post(step + "estimate", data={"ends": "2026-11-20T17:00"}).status_code == 303
    assert "expected back at about 17:00" in words(ops.get(f"/outages/{row.id}").text)
    wrong = ops.post(step + "estimate", data={"ends": "2026-11-20T13:00"})
    assert wrong.status_code == 422 and "say a time that is yet to come" in words(wrong.text)
    assert ops.post(step + "restore", data={"restored": "2026-11-20T14:40"}).status_code == 303
    assert ops.post(step + "close").status_code == 303
    assert "The supply came back at 14:40" in words(ops.get(f"/outages/{row.id}").text)
    assert ops.post(step + "restore", data={"restored": "2026-11-20T14:41"}).status_code == 409
    kinds = session.scalars(select(OutageEvent.kind).order_by(OutageEvent.id)).all()
    assert kinds == ["confirmed", "estimated", "restored", "closed"]


def test_a_mistake_asks_back_where_somebody_was_told(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    ops = make_client("ops")
    ops.post("/outages/report", data={"node": feeder, **FORM})
    row = session.scalars(select(Outage)).one()
    assert ops.post(f"/outages/{row.id}/withdraw").status_code == 303
    session.expire_all()
    assert session.scalars(select(Outage.withdrawn_at)).one() == NOW
    assert "told by mistake" in words(ops.get(f"/outages/{row.id}").text)


def test_a_call_is_taken_and_ended(session: Session, make_client: MakeClient, feeder: int) -> None:
    make_client("ops").post("/outages/report", data={"node": feeder, **FORM})
    outage_id = session.scalars(select(Outage.id)).one()
    follow_calls(session, standing(session, outage_id, NOW), NOW)
    session.commit()
    (call,) = calls(session, waiting=True)
    agent = make_client("agent")
    assert "waits for a call" in words(agent.get("/outages/calls").text)
    page = agent.get(f"/customers/{call.customer_id}").text
    assert f"/outages/{outage_id}#call-{call.id}" in page
    assert agent.post(f"/calls/{call.id}/take").status_code == 303
    empty = agent.post(f"/calls/{call.id}/end", data={"outcome": " "})
    assert empty.status_code == 422 and "Say in a few words" in words(empty.text)
    assert agent.post(f"/calls/{call.id}/end", data={"outcome": "has a battery"}).status_code == 303
    assert "has a battery" in words(agent.get(f"/outages/{outage_id}").text)
    assert calls(session, waiting=True) == []


def test_agents_look_and_ops_act(session: Session, make_client: MakeClient, feeder: int) -> None:
    make_client("ops").post("/outages/report", data={"node": feeder, **FORM})
    outage_id = session.scalars(select(Outage.id)).one()
    agent = make_client("agent")
    assert agent.get("/outages/report").status_code == 403
    assert agent.post(f"/outages/{outage_id}/close").status_code == 403
    assert "What is known now" not in words(agent.get(f"/outages/{outage_id}").text)
    assert session.scalar(text("select state from outages")) == "confirmed"
