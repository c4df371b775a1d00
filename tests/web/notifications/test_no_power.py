"""A caller has no power where no outage is known: the agent keeps it, ops sees several at one transformer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Account, Contact, Occupancy
from utility_crm.network.tables import NetworkNode, Premise
from utility_crm.tickets.tables import Ticket

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def neighbour(session: Session, people: People) -> int:
    """The bakery is supplied from the transformer of Margaret."""
    node = session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3T7")).one()
    place = Premise(code="P2", node_id=node, address="2 Tannery Row", city="K", timezone="Europe/London")
    session.add(place)
    session.flush()
    account = session.scalars(select(Account.id).where(Account.customer_id == people.bakery)).one()
    session.add(Occupancy(account_id=account, premise_id=place.id, starts_on=datetime(2021, 1, 15).date()))
    session.flush()
    return place.id


def test_ops_sees_several_at_one_transformer_until_the_outage_is_kept(
    session: Session, make_client: MakeClient, people: People, neighbour: int
) -> None:
    agent, ops = make_client("agent"), make_client("ops")
    hers = session.scalars(select(Premise.id).where(Premise.code == "P1")).one()
    form = {"place": hers, "said": "the street is dark, too", "form_key": "k1"}
    assert 'data-open="act-i"' in agent.get(f"/customers/{people.margaret}").text
    for _ in range(2):
        assert agent.post(f"/customers/{people.margaret}/no-power", data=form).status_code == 303
    panel = words(agent.get(f"/customers/{people.bakery}/acts/i", headers=HX).text)
    assert "one customer says so at Moorside 3/7" in panel
    told = {"place": neighbour, "form_key": "k2"}
    assert agent.post(f"/customers/{people.bakery}/no-power", data=told).status_code == 303
    tickets = session.execute(select(Ticket.kind, Ticket.subject, Ticket.priority).order_by(Ticket.id)).all()
    assert tickets == [
        ("outage", "No power at Moorside 3/7", "urgent"),  # she depends on the supply
        ("outage", "No power at Moorside 3/7", "high"),
    ]
    pushed = session.execute(text("select count(*) from pushes where kind = 'outage'")).scalar()
    assert pushed == 2
    said = "2 customers, since 14:42, not looked at yet · somebody there depends on the supply"
    assert said in words(ops.get("/outages/heard").text)
    assert "No power reported at Moorside 3/7 since 14:42, not looked at yet · 2 customers" in words(
        agent.get("/").text
    )
    page = ops.get("/outages").text
    node = session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3T7")).one()
    assert "Said by customers, not looked at yet" in page and f"/outages/report?node={node}" in page
    report = ops.get(f"/outages/report?node={node}").text
    assert 'value="2026-11-20T14:42"' in report and f'value="{node}" selected' in report
    kept = {"node": node, "starts": "2026-11-20T14:40", "ends": "", "state": "reported", "reason": ""}
    assert ops.post("/outages/report", data=kept).status_code == 303
    assert "not looked at yet" not in ops.get("/outages?ask=now").text
    assert 'data-open="act-i"' not in agent.get(f"/customers/{people.margaret}").text
    assert session.scalars(select(Contact.note).where(Contact.topic == "outage")).all()


def test_agents_report_no_outage_and_no_place_of_others(
    session: Session, make_client: MakeClient, people: People, neighbour: int
) -> None:
    agent = make_client("agent")
    assert agent.get("/outages/heard").status_code == 403
    assert agent.get("/outages/report").status_code == 403
    path = f"/customers/{people.margaret}/no-power"
    assert agent.post(path, data={"place": neighbour, "form_key": "k"}).status_code == 422
    assert session.scalars(select(Ticket.id)).all() == []
    russian = make_client("agent", language="ru").get(f"/customers/{people.margaret}/acts/i", headers=HX).text
    assert "Нет света, а отключение там не известно" in russian
