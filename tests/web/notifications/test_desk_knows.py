"""What the desk knows of outages before anybody says a word, and that one press notes who called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from notifications.outages import incidents
from notifications.outages.incidents import By, Opening, open_incident
from notifications.outages.reached import notices, standing
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Contact
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


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    asked: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(bind, "before_cursor_execute", keep)


def off(session: Session, node: int, minutes: int, **more: datetime) -> int:
    return open_incident(session, Opening(node, NOW - timedelta(minutes=minutes), **more), By(), NOW)


def test_the_desk_says_where_since_when_until_when_and_how_many(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    agent = make_client("agent")
    for path in ("/", "/customers?q=zzz"):
        assert "Outage at" not in words(agent.get(path).text)
    outage = off(session, feeder, 37, estimated_at=NOW + HOUR)
    session.commit()
    for path in ("/", "/customers?q=zzz"):
        page = agent.get(path).text
        assert "Outage at Moorside 3" in words(page) and f'href="/outages/{outage}"' in page
        assert "since 14:05, expected back 15:42 · one customer" in words(page)
    russian = words(make_client("agent", language="ru").get("/").text)
    assert "Отключение: Moorside 3" in russian and "с 14:05, ждём к 15:42 · 1 клиент" in russian
    incidents.restore(session, outage, NOW, By(), NOW)
    session.commit()
    assert "Outage at" not in words(agent.get("/").text)


def test_in_a_storm_three_are_named_the_others_counted_in_as_many_statements(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    agent = make_client("agent")
    agent.get("/")
    off(session, feeder, 200)
    session.commit()
    with statements(session) as few:
        agent.get("/")
    for minutes in range(1, 9):
        off(session, feeder, minutes)
    session.commit()
    with statements(session) as many:
        page = words(agent.get("/").text)
    assert len(many) == len(few)
    assert page.count("Outage at Moorside 3") == 3 and "and 6 outages more" in page
    assert "since 14:41" in page and "since 11:22" not in page, "what they call about now comes first"


def test_one_press_notes_who_called_and_they_hear_the_end(
    session: Session, make_client: MakeClient, people: People, feeder: int
) -> None:
    agent, path = make_client("agent"), f"/customers/{people.margaret}"
    outage = off(session, feeder, 37)
    session.commit()
    page = agent.get(path).text
    where = f"/outages/{outage}/called/{people.margaret}"
    assert f'action="{where}"' in page and "one customer" in words(page)
    done = agent.post(where)
    assert done.status_code == 303 and done.headers["location"].startswith(path)
    kept = session.scalars(select(Contact).where(Contact.topic == "outage")).one()
    assert (kept.customer_id, kept.channel, kept.direction, kept.at) == (people.margaret, "call", "in", NOW)
    assert kept.note == "Called about the outage at Moorside 3."
    assert agent.post(where).status_code == 303
    assert len(session.scalars(select(Contact).where(Contact.topic == "outage")).all()) == 1
    assert f'action="{where}"' not in agent.get(path).text
    of_outage = words(agent.get(f"/outages/{outage}").text)
    assert "Who called about it" in of_outage and "Margaret Ashdown" in of_outage
    incidents.restore(session, outage, NOW, By(), NOW)
    told = notices(standing(session, outage, NOW), 99, NOW)
    assert [(one.notice, one.customer_id) for one in told] == [("outage_restored", people.margaret)]
    over = agent.post(f"/outages/{outage}/called/{people.bakery}")
    assert over.status_code == 409
    assert make_client("marketer").post(where).status_code == 403


def test_a_part_that_is_back_and_who_moved_out_are_not_counted(
    session: Session, make_client: MakeClient, feeder: int
) -> None:
    area = session.get_one(NetworkNode, feeder).parent_id
    assert area is not None
    outage = off(session, area, 60)
    session.commit()
    agent = make_client("agent")
    assert "one customer" in words(agent.get("/").text)
    session.execute(text("update occupancies set ends_before = '2026-11-01'"))
    session.commit()
    assert "0 customers" in words(agent.get("/").text)
    session.execute(text("update occupancies set ends_before = null"))
    incidents.split(session, outage, feeder, NOW - HOUR / 2, By(), NOW)
    session.commit()
    assert "0 customers" in words(agent.get("/").text)
