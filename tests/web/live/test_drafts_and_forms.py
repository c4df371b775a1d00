"""Drafts over the web, forms sent twice, open customers as tabs."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Contact, Customer

KEY = "customer-{}-log"


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    return make_client("agent")


def note(people: People, **more: str) -> dict[str, str]:
    return {"channel": "call", "topic": "bill", "note": "why October is dearer", "once": "a1", **more}


def test_a_draft_is_kept_and_goes_with_its_form(session: Session, agent: TestClient, people: People) -> None:
    key = KEY.format(people.margaret)
    told = agent.post("/drafts", json={"key": key, "text": "why Oct", "version": 0})
    assert told.status_code == 200
    version = told.json()["version"]
    assert agent.get("/drafts", params={"key": [key, "other"]}).json()[key]["text"] == "why Oct"
    other = agent.post("/drafts", json={"key": key, "text": "another page", "version": 0})
    assert (other.status_code, other.json()["text"]) == (409, "why Oct")
    assert 'class="draft" data-kept' in agent.get(f"/customers/{people.margaret}").text
    path = f"/customers/{people.margaret}/contacts"
    refused = agent.post(path, data=note(people, note="", draft=f"{key}@{version}"))
    assert refused.status_code == 422
    assert agent.get("/drafts", params={"key": key}).json()[key]["text"] == "why Oct"
    assert agent.post(path, data=note(people, draft=f"{key}@{version}")).status_code == 303
    assert agent.get("/drafts", params={"key": key}).json()[key]["text"] == ""
    assert 'class="draft" data-kept' not in agent.get(f"/customers/{people.margaret}").text


def test_a_form_sent_again_is_not_done_twice(session: Session, agent: TestClient, people: People) -> None:
    path = f"/customers/{people.margaret}/reach"
    form = {"kind": "phone", "value": "07700 900111", "label": "", "once": "b2"}
    first, again = agent.post(path, data=form), agent.post(path, data=form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["location"] == first.headers["location"]
    assert "nothing was done twice" in agent.get(again.headers["location"]).text
    assert agent.post(path, data=form | {"once": "b3"}).status_code == 409  # another form, the same number
    assert agent.post(path, data=form | {"value": "07700 900112"}).status_code == 303


def test_a_refused_form_may_be_sent_again(session: Session, agent: TestClient, people: People) -> None:
    path = f"/customers/{people.margaret}/contacts"
    assert agent.post(path, data=note(people, topic="nonsense")).status_code == 422
    assert agent.post(path, data=note(people, topic="nonsense")).status_code == 422
    assert agent.post(path, data=note(people)).status_code == 303
    notes = select(func.count()).select_from(Contact).where(Contact.note == "why October is dearer")
    assert session.scalar(notes) == 1


def test_every_form_has_a_token_of_its_own(agent: TestClient, people: People) -> None:
    address = f"/customers/{people.margaret}?ask=reach&do=l"
    tokens = re.findall(r'name="once" value="(\w+)"', agent.get(address).text + agent.get(address).text)
    assert len(tokens) >= 4 and len(set(tokens)) == len(tokens)


def test_drafts_are_ones_own(make_client: MakeClient, people: People) -> None:
    assert make_client(None).get("/drafts?key=a").status_code == 401
    assert make_client(None).post("/drafts", json={"key": "a", "text": "b", "version": 0}).status_code == 401
    make_client("agent").post("/drafts", json={"key": "a", "text": "b", "version": 0})
    assert make_client("supervisor").get("/drafts?key=a").json() == {}


@pytest.mark.parametrize(
    "told", [{}, {"key": "a", "text": "b", "version": -1}, {"key": "", "text": "b", "version": 0}, {"key": 1}]
)
def test_what_is_no_draft_is_refused(agent: TestClient, told: dict[str, object]) -> None:
    assert agent.post("/drafts", json=told).status_code == 422


def tabs(page: str) -> list[str]:
    nav = page[page.index('<nav class="tabs"') :]
    return re.findall(r'<a href="/customers/(\d+)"', nav[: nav.index("</nav>")])


def test_tabs_stay_in_their_order_wherever_one_signs_in(
    session: Session, agent: TestClient, people: People
) -> None:
    ids = [str(one) for one in (people.margaret, people.bakery, people.joseph)]
    for one in [*ids, ids[0]]:
        page = agent.get(f"/customers/{one}").text
    assert tabs(page) == ids
    del agent.cookies["recent"]
    assert tabs(agent.get(f"/customers/{ids[1]}").text) == ids
    closed = agent.post(f"/customers/{ids[1]}/close")
    assert closed.headers["location"] == f"/customers/{ids[2]}"
    assert tabs(agent.get(closed.headers["location"]).text) == [ids[0], ids[2]]
    agent.post(f"/customers/{ids[2]}/close")
    assert agent.post(f"/customers/{ids[0]}/close").headers["location"] == "/"


def test_a_tenth_tab_closes_the_oldest_without_a_draft(
    session: Session, agent: TestClient, people: People
) -> None:
    more = [
        Customer(number=f"T{n}", kind="person", name=f"T {n}", segment="household", since="2020-01-01")
        for n in range(9)
    ]
    session.add_all(more)
    session.flush()
    key = KEY.format(people.margaret)
    agent.post("/drafts", json={"key": key, "text": "unsent", "version": 0})
    ids = [people.margaret, *(one.id for one in more)]
    for one in ids:
        page = agent.get(f"/customers/{one}").text
    assert tabs(page) == [str(one) for one in [ids[0], *ids[2:]]]
