"""Calls on the customer page, a caller nobody knows, calling by a click."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tables import User
from utility_crm.customers.search import find
from utility_crm.customers.tables import Contact, ContactPoint, Customer
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.kit.signature import is_signed
from utility_crm.network.tables import NetworkNode
from utility_crm.telephony import pages
from utility_crm.telephony.actions import take_event
from utility_crm.telephony.domain.calls import CallEvent, Kind
from utility_crm.telephony.reading import ToldEvent
from utility_crm.telephony.tables import Call
from utility_crm.web.visit import present

SECRET = "between us"


@pytest.fixture
def agent(session: Session, make_client: MakeClient) -> TestClient:
    client = make_client("agent")
    session.execute(update(User).values(extension="201"))
    return client


def tell(session: Session, kind: Kind, ago: int = 0, number: str = "07700 900418", call: str = "c1") -> int:
    at = present() - timedelta(seconds=ago)
    happened = CallEvent(f"{kind}{ago}", kind, at, "201", number, recording="https://rec.example/1")
    return take_event(session, ToldEvent(call, "in", "", happened), country="GB", now=present()).call_id


def test_from_ringing_to_logged_on_the_customer_page(
    session: Session, agent: TestClient, people: People
) -> None:
    path = f"/customers/{people.margaret}"
    call = tell(session, "ringing", 200)
    page = agent.get(path).text
    assert f'data-banner="call-{call}"' in page and "They ring" in page
    tell(session, "answered", 190)
    assert "On the line" in agent.get(path).text
    tell(session, "ended", 0)
    page = agent.get(path).text
    assert "It took 3 min 10 s. What was said is not kept yet." in page
    assert "nothing was logged" in page
    told = {"channel": "call", "topic": "bill", "note": "why October is dearer", "do": "l", "ask": "reach"}
    assert agent.post(f"{path}/contacts", data=told).status_code == 303
    contact = session.scalar(select(Contact.id).where(Contact.note == "why October is dearer"))
    assert session.scalar(select(Call.contact_id).where(Call.id == call)) == contact
    page = agent.get(path).text
    assert "not kept yet" not in page and "nothing was logged" not in page


def test_a_recording_is_for_those_who_may_listen(
    session: Session, agent: TestClient, make_client: MakeClient, people: People
) -> None:
    tell(session, "ringing", 200)
    call = tell(session, "ended", 100)
    address = f"/telephone/{call}/recording"
    assert address not in agent.get(f"/customers/{people.margaret}").text
    assert agent.get(address).status_code == 403
    supervisor = make_client("supervisor")
    assert address in supervisor.get(f"/customers/{people.margaret}").text
    answer = supervisor.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, "https://rec.example/1")


def test_of_several_the_agent_chooses(session: Session, agent: TestClient, people: People) -> None:
    session.add(ContactPoint(customer_id=people.joseph, kind="phone", value="x", normal="+447700900418"))
    session.flush()
    call = tell(session, "ringing")
    page = agent.get(f"/telephone/{call}").text
    assert "2 customers have this number" in page
    assert "Margaret Ashdown" in page and "Joseph Okafor" in page
    chosen = agent.post(f"/telephone/{call}/customer", data={"customer": people.joseph})
    assert chosen.headers["location"] == f"/customers/{people.joseph}?call={call}"
    assert agent.get(f"/telephone/{call}").headers["location"] == chosen.headers["location"]
    assert agent.post(f"/telephone/{call}/customer", data={"customer": "10000000"}).status_code == 422


def test_of_none_the_search_is_filled_in_and_who_called_is_noted(
    session: Session, agent: TestClient, people: People
) -> None:
    call = tell(session, "ringing", number="07700 900999")
    page = agent.get(f"/telephone/{call}").text
    assert 'value="07700 900999"' in page and "Ask for the name or the address" in page
    assert "Margaret Ashdown" in agent.get(f"/telephone/{call}?q=ashdow").text
    empty = agent.post(f"/telephone/{call}/caller", data={"caller": "", "note": ""})
    assert empty.status_code == 422 and "Say who it was" in empty.text
    assert agent.post(f"/telephone/{call}/caller", data={"caller": "A neighbour"}).status_code == 303
    assert "A neighbour" in agent.get("/telephone?ask=unknown").text


@pytest.mark.parametrize("ask", ["now", "unlogged", "missed", "unknown"])
def test_the_calls_page_answers(session: Session, agent: TestClient, people: People, ask: str) -> None:
    for place, kinds in enumerate((["ringing"], ["ringing", "ended"], ["answered", "ended"])):
        for step, kind in enumerate(kinds):
            tell(session, kind, 50 - 10 * step, call=f"c{place}", number="" if place == 1 else "07700 900418")  # type: ignore[arg-type]
    page = agent.get(f"/telephone?ask={ask}").text
    assert page.count("data-row") == 1
    assert ('<span class="a">1' in page) or ('<span class="a is-bad">1' in page)


class System(http.server.BaseHTTPRequestHandler):
    """A telephone system that keeps what it was asked."""

    asked: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"call": "pbx-7"}')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[System]]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), System)
    System.asked, System.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("UTILITY_CRM_TELEPHONY_URL", f"http://127.0.0.1:{server.server_port}/dial")
    monkeypatch.setenv("UTILITY_CRM_TELEPHONY_SECRET", SECRET)
    settings.cache_clear()
    yield System
    server.shutdown()
    server.server_close()


def test_a_click_calls_through_the_telephone_system(
    session: Session, agent: TestClient, people: People, system: type[System]
) -> None:
    assert 'action="/telephone"' in agent.get(f"/customers/{people.margaret}?ask=reach").text
    answer = agent.post("/telephone", data={"number": "07700 900418", "customer": people.margaret})
    assert answer.status_code == 303
    [(headers, body)] = system.asked
    assert is_signed(body, headers, SECRET, utc_now())
    asked = json.loads(body)
    assert (asked["extension"], asked["number"]) == ("201", "+447700900418")
    row = session.execute(select(Call.provider_call, Call.direction, Call.state, Call.customer_id)).one()
    assert row == ("pbx-7", "out", "dialling", people.margaret)


def test_an_event_that_comes_before_the_answer_is_of_the_same_call(
    session: Session, agent: TestClient, people: People, system: type[System]
) -> None:
    """The telephone rings at once; the provider may say so, under its own name, before it answers us."""
    rang = tell(session, "ringing", call="pbx-7", number="07700 900777")
    answer = agent.post("/telephone", data={"number": "07700 900777", "customer": people.margaret})
    assert answer.status_code == 303 and f"call={rang}" in answer.headers["location"]
    row = session.execute(select(Call.id, Call.provider_call, Call.direction, Call.customer_id)).one()
    assert row == (rang, "pbx-7", "out", people.margaret)


def test_a_reference_names_a_call_of_ours_alone(session: Session, agent: TestClient, people: People) -> None:
    tell(session, "ringing", call="theirs")
    happened = CallEvent("r2", "ringing", present(), "201", "07700 900555", recording="")
    take_event(session, ToldEvent("mine", "in", "theirs", happened), country="GB", now=present())
    assert sorted(session.scalars(select(Call.provider_call))) == ["mine", "theirs"]


def test_a_telephone_system_that_refuses_is_said_and_kept(
    session: Session, agent: TestClient, people: People, system: type[System]
) -> None:
    system.status = 500
    answer = agent.post("/telephone", data={"number": "07700 900418", "customer": people.margaret})
    assert answer.status_code == 403 and "Dial +447700900418 by hand" in answer.text
    assert session.scalar(select(Call.state)) == "ended"


def test_without_a_telephone_system_the_browser_calls(agent: TestClient, people: People) -> None:
    assert 'href="tel:07700900418"' in agent.get(f"/customers/{people.margaret}?ask=reach").text


def test_a_click_sent_again_leads_to_its_call_and_rings_nobody_twice(
    session: Session,
    agent: TestClient,
    people: People,
    system: type[System],
    monkeypatch: pytest.MonkeyPatch,
    may_fail: None,
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    page = agent.get(f"/customers/{people.margaret}?ask=reach").text
    found = re.search(
        r'action="/telephone" class="inline"><input type="hidden" name="once" value="(\w+)"', page
    )
    assert found is not None
    click = {"number": "07700 900418", "customer": str(people.margaret), "once": found[1]}
    with monkeypatch.context() as broken:
        broken.setattr(pages, "name_call", away)
        assert agent.post("/telephone", data=click).status_code == 503
    again = agent.post("/telephone", data=click)
    call = session.scalars(select(Call.id)).one()
    assert again.headers["location"] == f"/customers/{people.margaret}?call={call}"
    assert "nothing was done twice" in agent.get(again.headers["location"]).text
    assert len(system.asked) == 1
    assert agent.post("/telephone", data=click | {"once": "another"}).status_code == 303
    assert len(system.asked) == 2


def test_a_call_that_the_telephone_system_refused_may_be_tried_again(
    session: Session, agent: TestClient, people: People, system: type[System]
) -> None:
    click = {"number": "07700 900418", "customer": str(people.margaret), "once": "a1"}
    system.status = 500
    assert agent.post("/telephone", data=click).status_code == 403
    system.status = 200
    assert agent.post("/telephone", data=click).status_code == 303
    assert len(system.asked) == 2
    assert sorted(session.scalars(select(Call.state))) == ["dialling", "ended"]


def test_who_sees_one_area_finds_its_people_behind_many_of_others(
    session: Session, agent: TestClient, people: People
) -> None:
    session.add_all(
        Customer(number=f"X{n}", kind="person", name="Ashdown", segment="household", since=date(2020, 1, 1))
        for n in range(30)
    )
    session.flush()
    first = find(session, "ashdown", 12, country="GB", finders=agent.app.state.searches)  # type: ignore[attr-defined]
    assert people.margaret not in [hit.customer_id for hit in first]
    moorside = session.scalar(select(NetworkNode.id).where(NetworkNode.code == "M"))
    session.execute(update(User).values(area_ids=[moorside]))
    call = tell(session, "ringing", number="07700 900999")
    assert "Margaret Ashdown" in agent.get(f"/telephone/{call}?q=ashdown").text
