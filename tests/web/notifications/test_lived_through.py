"""Outages lived through and consents, in the timeline of the customer page."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications.outages import incidents
from notifications.outages.incidents import By, Opening, open_incident
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.network.tables import NetworkNode

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


def line(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_past_outages_and_consents_are_told(
    session: Session, make_client: MakeClient, people: People
) -> None:
    node = session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3")).one()
    outage = open_incident(session, Opening(node, NOW - timedelta(hours=30), reason="a tree"), By(), NOW)
    incidents.restore(session, outage, NOW - timedelta(hours=28), By(), NOW)
    wrong = open_incident(session, Opening(node, NOW - timedelta(hours=9), reason="a mistake"), By(), NOW)
    session.execute(
        text("update outages set withdrawn_at = :now, state = 'closed' where id = :id"),
        {"id": wrong, "now": NOW},
    )
    session.execute(
        text(
            "insert into consents (customer_id, purpose, channel, granted, at, proof) values "
            "(:id, 'marketing', 'email', true, '2026-10-01 09:00Z', 'said on the telephone'), "
            "(:id, 'marketing', 'email', false, '2026-11-02 09:00Z', 'a letter')"
        ),
        {"id": people.margaret},
    )
    client = make_client("agent")
    found = line(client.get(f"/customers/{people.margaret}/timeline", headers=HX).text)
    assert "Outage back at 10:42" in found and "a tree" in found and "a mistake" not in found
    assert "Allowed: marketing by email" in found and "Not allowed: marketing by email" in found
    assert "said on the telephone" in found
    only = line(client.get(f"/customers/{people.margaret}/timeline?shown=Outages", headers=HX).text)
    assert "Outage back at" in only and "Allowed:" not in only


def test_who_lived_elsewhere_then_did_not_live_through_it(
    session: Session, make_client: MakeClient, people: People
) -> None:
    node = session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M3")).one()
    outage = open_incident(session, Opening(node, NOW - timedelta(days=9), reason="a tree"), By(), NOW)
    incidents.restore(session, outage, NOW - timedelta(days=8), By(), NOW)
    session.execute(text("update occupancies set starts_on = '2026-11-15'"))
    client = make_client("agent")
    assert "a tree" not in client.get(f"/customers/{people.margaret}/timeline", headers=HX).text
