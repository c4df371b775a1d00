"""Somebody calls who is no customer, and speaks for one: an organisation's people, third parties."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tables import User
from utility_crm.customers.reach import number_in
from utility_crm.telephony.actions import take_event
from utility_crm.telephony.domain.calls import CallEvent, Kind
from utility_crm.telephony.reading import ToldEvent
from utility_crm.telephony.tables import Call
from utility_crm.web.visit import present

NUMBER = "07700 900555"


@pytest.fixture
def agent(session: Session, make_client: MakeClient) -> TestClient:
    client = make_client("agent")
    session.execute(update(User).values(extension="201"))
    return client


def rings(session: Session, number: str = NUMBER, call: str = "c1", kind: Kind = "ringing") -> int:
    happened = CallEvent(f"{call}-{kind}", kind, present(), "201", number)
    return take_event(session, ToldEvent(call, "in", "", happened), country="GB", now=present()).call_id


def keep(agent: TestClient, customer: int, **said: str) -> None:
    form = {
        "kind": "speaks_for",
        "name": "Daniel Example",
        "reach": "mobile 07700 900555",
        "proof": "a letter",
    }
    assert agent.post(f"/customers/{customer}/relations", data=form | said).status_code == 303


def test_who_speaks_for_one_customer_opens_their_page_and_is_named(
    session: Session, agent: TestClient, people: People
) -> None:
    keep(agent, people.bakery)
    call = rings(session)
    kept = session.execute(select(Call.customer_id, Call.relation_id)).one()
    assert kept.customer_id == people.bakery and kept.relation_id is not None
    said = "Daniel Example may speak for Thornbury Bakery Ltd, +44 7700 900555"
    assert said in agent.get(f"/customers/{people.bakery}").text
    assert said in agent.get(f"/telephone/{call}/line").text
    rings(session, kind="answered")
    assert (
        "Daniel Example may speak for Thornbury Bakery Ltd, since"
        in agent.get(f"/telephone/{call}/line").text
    )


def test_of_several_the_choice_says_who_may_call_for_whom(
    session: Session, agent: TestClient, people: People
) -> None:
    keep(agent, people.bakery, kind="works_for")
    keep(agent, people.margaret)
    call = rings(session)
    page = agent.get(f"/telephone/{call}").text
    assert "This number may be calling for 2 customers." in page
    assert "Daniel Example works for Thornbury Bakery Ltd" in page
    assert "Daniel Example may speak for Margaret Ashdown" in page
    agent.post(f"/telephone/{call}/customer", data={"customer": people.margaret})
    assert "Daniel Example may speak for Margaret Ashdown" in agent.get(f"/customers/{people.margaret}").text


def test_a_number_of_their_own_is_the_customer_and_what_has_ended_is_nobody(
    session: Session, agent: TestClient, people: People
) -> None:
    keep(agent, people.margaret, reach="07700 900418")  # hers
    rings(session, "07700 900418")
    assert session.execute(select(Call.customer_id, Call.relation_id)).one() == (people.margaret, None)
    keep(agent, people.bakery)
    moved = text(
        "update relations set starts_on = starts_on - 9, ends_before = :today where reach_number = :n"
    )
    session.execute(moved, {"today": present().date(), "n": "+447700900555"})
    rings(session, call="c2")
    assert session.scalar(select(Call.customer_id).where(Call.provider_call == "c2")) is None


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("mobile 07700 900555", "+447700900555"), ("+44 7700 900555, evenings", "+447700900555"),
        ("d2000@mail.example", ""), ("by the neighbour", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_number_in_what_was_noted(said: str, number: str) -> None:
    assert number_in(said, "GB") == number
