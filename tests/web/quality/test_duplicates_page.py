"""The page of customers kept twice: asked about in figures, kept, taken back; and where a stub leads."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.kit.clock import utc_now
from utility_crm.quality.finding import find_duplicates


@pytest.fixture
def twin(session: Session, people: People) -> int:
    """Margaret, kept a second time."""
    other = Customer(
        number="C900001", kind="person", name="Ashdown Margaret", segment="household", since=utc_now().date()
    )
    session.add(other)
    session.flush()
    session.add(
        ContactPoint(customer_id=other.id, kind="phone", value="07700 900418", normal="+447700900418")
    )
    session.flush()
    find_duplicates(session, utc_now())
    return other.id


@pytest.fixture
def supervisor(make_client: MakeClient) -> TestClient:
    return make_client("supervisor")


def merged_into(session: Session, customer_id: int) -> int | None:
    found: int | None = session.scalar(
        text("select merged_into_id from customers where id = :id"), {"id": customer_id}
    )
    return found


def test_two_are_shown_asked_about_and_made_one(
    session: Session, supervisor: TestClient, people: People, twin: int
) -> None:
    page = supervisor.get("/duplicates").text
    assert "C100001 and C900001: same telephone, same name." in page
    assert "One: keep C100001" in page and "One: keep C900001" in page
    typed = {"keep": str(people.margaret), "gone": str(twin)}
    asked = supervisor.post("/duplicates/merge", data=typed)
    assert asked.status_code == 200 and "C900001 becomes a stub of C100001" in asked.text
    assert "One row stays with the stub" in asked.text
    assert merged_into(session, twin) is None
    sure = re.search(r'name="sure" value="(\w+)"', asked.text)
    assert sure
    done = supervisor.post("/duplicates/merge", data={**typed, "sure": sure[1]})
    assert done.status_code == 303 and merged_into(session, twin) == people.margaret
    leads = supervisor.get(f"/customers/{twin}", params={"ask": "said"})
    assert leads.status_code == 303
    assert leads.headers["location"] == f"/customers/{people.margaret}?ask=said"


def test_it_is_taken_back_on_the_page(
    session: Session, supervisor: TestClient, people: People, twin: int
) -> None:
    typed = {"keep": str(people.margaret), "gone": str(twin)}
    for where, data in (("merge", typed), ("undo", {})):
        if where == "undo":
            listed = supervisor.get("/duplicates?ask=merged").text
            merge = re.search(r'name="merge" value="(\d+)"', listed)
            assert merge
            data = {"merge": merge[1]}
        asked = supervisor.post(f"/duplicates/{where}", data=data).text
        sure = re.search(r'name="sure" value="(\w+)"', asked)
        assert sure
        assert supervisor.post(f"/duplicates/{where}", data={**data, "sure": sure[1]}).status_code == 303
    assert merged_into(session, twin) is None
    assert "C100001 and C900001" in supervisor.get("/duplicates").text


def test_they_are_two_and_are_asked_about_again(supervisor: TestClient, people: People, twin: int) -> None:
    both = {"one": str(people.margaret), "other": str(twin)}
    assert supervisor.post("/duplicates/different", data=both).status_code == 303
    assert "Nobody seems to be kept twice." in supervisor.get("/duplicates").text
    assert "C900001" in supervisor.get("/duplicates?ask=different").text
    assert supervisor.post("/duplicates/again", data=both).status_code == 303
    assert "C900001" in supervisor.get("/duplicates").text


def test_an_agent_does_not_decide_it(make_client: MakeClient, people: People, twin: int) -> None:
    agent = make_client("agent")
    assert agent.get("/duplicates").status_code == 403
    typed = {"keep": str(people.margaret), "gone": str(twin)}
    assert agent.post("/duplicates/merge", data=typed).status_code == 403


def test_before_a_caller_is_verified_it_says_alike_and_shows_neither(
    verification: None, supervisor: TestClient, twin: int
) -> None:
    page = supervisor.get("/duplicates").text
    assert "the same" in page and "900418" not in page and "14 Tannery Row" not in page


def test_in_russian(make_client: MakeClient, twin: int) -> None:
    page = make_client("supervisor", language="ru").get("/duplicates").text
    assert "одинаковый телефон, одинаковое имя" in page
