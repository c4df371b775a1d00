"""The room of privacy: a request noted, approved by another, refused; holds; archives; months; who was
erased."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.sealing import Sealer
from utility_crm.customers.tables import Contact, ContactPoint, Customer
from utility_crm.privacy.ending import erase
from utility_crm.privacy.exports import make_next
from utility_crm.web.visit import present

TODAY = date(2026, 11, 20)


@pytest.fixture
def lead(make_client: MakeClient) -> TestClient:
    return make_client("supervisor")


@pytest.fixture
def other(make_client: MakeClient) -> TestClient:
    return make_client("admin")


@pytest.fixture
def gone(session: Session) -> int:
    """Somebody who was never supplied: nothing stands in the way."""
    one = Customer(
        number="C990001", kind="person", name="Edda Vanished", segment="household", language="en", since=TODAY
    )
    session.add(one)
    session.flush()
    session.add(
        ContactPoint(customer_id=one.id, kind="email", value="edda@v.example", normal="edda@v.example")
    )
    session.add(
        Contact(customer_id=one.id, channel="call", topic="bill", note="Edda Vanished asked for a tariff")
    )
    session.flush()
    return one.id


def asked(client: TestClient, customer: int, kind: str = "erasure") -> str:
    answer = client.post(
        f"/privacy/customers/{customer}/requests",
        data={"kind": kind, "channel": "letter", "received_on": "2026-11-18", "proof": "signed letter"},
    )
    assert answer.status_code == 303, answer.text
    page = client.get(f"/privacy/customers/{customer}").text
    found = re.search(r"/privacy/requests/(\d+)/withdraw", page)
    assert found
    return found[1]


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def sure(page: str) -> str:
    found = re.search(r'name="sure" value="(\w+)"', page)
    assert found, page
    return found[1]


def test_what_stands_in_the_way_is_listed_and_nothing_can_be_approved(
    session: Session, lead: TestClient, other: TestClient, people: People
) -> None:
    session.execute(
        text("""insert into tickets (kind, subject, channel, customer_id, opened_at, updated_at)
                values ('billing', 'Too high', 'call', :id, now(), now())"""),
        {"id": people.margaret},
    )
    page = lead.get(f"/privacy/customers/{people.margaret}").text
    assert "Not now: something stands in the way." in page and "1 tickets are open: T-" in page
    request = asked(lead, people.margaret)
    refused = other.post(f"/privacy/requests/{request}/approve")
    assert refused.status_code == 409 and "Something stands in the way" in refused.text


def test_two_people_erase_one(
    session: Session, lead: TestClient, other: TestClient, gone: int, make_client: MakeClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    request = asked(lead, gone)
    assert "somebody else approves it" in lead.get(f"/privacy/customers/{gone}").text
    own = lead.post(f"/privacy/requests/{request}/approve")
    assert own.status_code == 409 and "somebody else has to approve it" in own.text
    question = other.post(f"/privacy/requests/{request}/approve")
    assert question.status_code == 200 and "It cannot be undone." in question.text
    assert (
        session.scalar(text("select state from privacy_requests where id = :id"), {"id": request}) == "open"
    )
    done = other.post(f"/privacy/requests/{request}/approve", data={"sure": sure(question.text)})
    assert done.status_code == 303
    erase(session, int(request), Sealer("s"), now=present(), today=TODAY, country="GB")
    agent = make_client("agent")
    for path in (f"/customers/{gone}", f"/customers/{gone}?ask=said"):
        assert agent.get(path).headers["location"] == f"/privacy/erased/{gone}"
    page = agent.get(f"/privacy/erased/{gone}").text
    assert "Erased on 20 Nov 2026. Nothing is kept." in page and 'action="/' not in main_of(page)
    assert "Edda" not in agent.get("/customers?q=vanished").text
    said = {"channel": "call", "topic": "bill", "note": "hello"}
    log = agent.post(f"/customers/{gone}/contacts", data=said)
    assert log.status_code == 409 and "was erased" in log.text
    let_in = text("select null where cast(:value as text) is null")
    monkeypatch.setattr("utility_crm.customers.whose._erased", lambda _owner: let_in)
    late = agent.post(f"/customers/{gone}/contacts", data=said)  # as if it had come before
    assert late.status_code == 409 and "This customer was erased on 20 Nov 2026" in late.text
    assert f"X{gone}" in other.get("/privacy?ask=erased").text


def test_a_request_is_refused_with_a_reason_and_withdrawn(lead: TestClient, people: People) -> None:
    request = asked(lead, people.margaret)
    empty = lead.post(f"/privacy/requests/{request}/refuse", data={"because": " "})
    assert empty.status_code == 422
    longer = lead.post(f"/privacy/requests/{request}/extend", data={"because": "eleven years of supply"})
    assert longer.status_code == 303
    assert "18 Feb 2027" in lead.get("/privacy").text
    assert (
        lead.post(f"/privacy/requests/{request}/withdraw", data={"because": "changed her mind"}).status_code
        == 303
    )
    assert "changed her mind" in lead.get("/privacy").text
    assert lead.post(f"/privacy/requests/{request}/sing", data={"because": "x"}).status_code in (404, 405)


def test_a_hold_is_placed_and_lifted(lead: TestClient, gone: int) -> None:
    past = lead.post(f"/privacy/customers/{gone}/holds", data={"reason": "court", "review_on": "2026-11-01"})
    assert past.status_code == 422 and "a day to come" in past.text
    placed = lead.post(
        f"/privacy/customers/{gone}/holds", data={"reason": "in court", "review_on": "2027-02-01"}
    )
    assert placed.status_code == 303
    page = lead.get(f"/privacy/customers/{gone}").text
    assert "Not now" in page and "in court" in page and "in court" in lead.get("/privacy?ask=holds").text
    found = re.search(r"/privacy/holds/(\d+)/lift", page)
    assert found
    assert lead.post(f"/privacy/holds/{found[1]}/lift", data={"because": "settled"}).status_code == 303
    assert "Yes, and nothing of them is kept." in lead.get(f"/privacy/customers/{gone}").text


def test_an_archive_is_taken_once_a_sign_in(session: Session, lead: TestClient, other: TestClient, gone: int,
                                            make_client: MakeClient) -> None:  # fmt: skip
    assert lead.post(f"/privacy/customers/{gone}/exports").status_code == 303
    export = make_next(session, now=present(), today=TODAY, kept_days=7)
    taken = lead.get(f"/privacy/exports/{export}.zip")
    assert taken.status_code == 200 and taken.headers["content-type"] == "application/zip"
    assert "Edda Vanished" in ZipFile(BytesIO(taken.content)).read("data/customers.csv").decode()
    assert lead.get(f"/privacy/exports/{export}.zip").status_code == 409
    assert other.get(f"/privacy/exports/{export}.zip").status_code == 200
    assert make_client("agent").get(f"/privacy/exports/{export}.zip").status_code == 403
    kinds = session.scalars(
        text("select kind from audit_log where subject_kind = 'archive' and outcome = 'done'")
    ).all()
    assert kinds.count("export") == 2
    assert "Archives" in lead.get("/privacy?ask=archives").text


def test_months_are_changed_after_a_question_in_figures(
    session: Session, other: TestClient, make_client: MakeClient, gone: int
) -> None:
    session.execute(text("update contacts set at = '2019-01-01' where customer_id = :id"), {"id": gone})
    page = other.get("/privacy?ask=retention&kind=contacts.note").text
    assert "Notes of what was said" in page and "Keep it so long" in page
    given = {"months": "48", "because": "the limitation of our country"}
    question = other.post("/privacy/retention/contacts.note", data=given)
    assert question.status_code == 200 and "1 rows are older than that" in question.text
    done = other.post("/privacy/retention/contacts.note", data={**given, "sure": sure(question.text)})
    assert done.status_code == 303
    assert "the limitation of our country" in other.get("/privacy?ask=retention").text
    low = other.post("/privacy/retention/audit", data={"months": "1", "because": "less"})
    assert low.status_code == 422 and "at least 3 months" in low.text
    assert make_client("ops").post("/privacy/retention/audit", data=given).status_code == 403


def test_agents_see_no_button_and_no_room(make_client: MakeClient, people: People, lead: TestClient) -> None:
    agent = make_client("agent")
    assert "Their data" not in agent.get(f"/customers/{people.margaret}").text
    assert agent.get("/privacy").status_code == 403
    assert "Their data" in lead.get(f"/customers/{people.margaret}").text


def test_it_is_said_in_russian(make_client: MakeClient, people: People) -> None:
    client = make_client("supervisor", language="ru")
    page = client.get(f"/privacy/customers/{people.margaret}").text
    assert "Можно ли стереть клиента?" in page and "Как с вами связаться" in page
    for ask in ("requests", "holds", "archives", "erased", "retention"):
        assert client.get(f"/privacy?ask={ask}").status_code == 200
