"""The telephone system's door: by token or signature, each event once, one truth in any order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tables import User
from utility_crm.auth.tokens import make_token
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.kit.signature import signed
from utility_crm.network.tables import NetworkNode
from utility_crm.telephony.tables import Call

URL = "/api/v1/telephony/events"
RINGING = {"call": "c1", "event": "e1", "type": "ringing", "from": "07700 900418", "extension": "201"}


@pytest.fixture
def real_dates(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("UTILITY_CRM_AS_OF", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def agents(session: Session) -> dict[str, int]:
    rows = [
        User(
            login=f"a{extension}", name=f"A {extension}", role="agent", password_hash="-", extension=extension
        )
        for extension in ("201", "202")
    ]
    session.add_all(rows)
    session.flush()
    return {str(row.extension): row.id for row in rows}


@pytest.fixture
def system(session: Session, make_client: MakeClient) -> TestClient:
    client = make_client(None)
    made = make_token(session, "pbx", ["telephony:write"], utc_now())
    client.headers["Authorization"] = f"Bearer {made.token}"
    return client


def told(session: Session) -> list[tuple[list[int], str, dict[str, Any]]]:
    rows = session.execute(text("select user_ids, kind, payload from pushes order by id"))
    return [(users, kind, payload) for users, kind, payload in rows]


def test_ringing_opens_the_page_of_the_one_customer_for_that_agent_alone(
    session: Session, system: TestClient, people: People, agents: dict[str, int]
) -> None:
    answer = system.post(URL, json=RINGING)
    assert answer.status_code == 201
    call = answer.json()["call"]
    assert answer.json() == {"call": call, "state": "ringing", "known": False}
    [(users, kind, payload)] = told(session)
    assert (users, kind) == ([agents["201"]], "ringing")
    assert payload["href"] == f"/customers/{people.margaret}?call={call}"
    kept = session.execute(select(Call.number, Call.user_id, Call.customer_id)).one()
    assert kept == ("+447700900418", agents["201"], people.margaret)


def test_of_several_with_one_number_none_is_chosen(
    session: Session, system: TestClient, people: People, agents: dict[str, int]
) -> None:
    session.add(ContactPoint(customer_id=people.joseph, kind="phone", value="x", normal="+447700900418"))
    session.flush()
    call = system.post(URL, json=RINGING).json()["call"]
    assert told(session)[0][2]["href"] == f"/telephone/{call}"
    assert session.scalar(select(Call.customer_id)) is None


def test_an_event_told_twice_is_taken_once(
    session: Session, system: TestClient, people: People, agents: dict[str, int]
) -> None:
    first, again = system.post(URL, json=RINGING), system.post(URL, json=RINGING)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["known"]
    assert len(told(session)) == 1
    assert session.scalar(text("select count(*) from calls")) == 1


@pytest.mark.usefixtures("real_dates")
def test_events_in_any_order_end_in_one_truth(
    session: Session, system: TestClient, people: People, agents: dict[str, int]
) -> None:
    now = utc_now().replace(microsecond=0)
    kinds = [("ringing", 600), ("answered", 590), ("held", 500), ("ended", 400)]
    seen = set()
    for place, order in enumerate(permutations(kinds)):
        for kind, ago in order:
            event = {
                "call": f"c{place}", "event": kind, "type": kind, "from": "07700900418",
                "at": (now - timedelta(seconds=ago)).isoformat(), "extension": "201",
            }  # fmt: skip
            assert system.post(URL, json=event).status_code == 201
        columns = (
            Call.state, Call.user_id, Call.customer_id, Call.talked_seconds, Call.held_seconds,
            Call.began_at, Call.answered_at, Call.ended_at,
        )  # fmt: skip
        seen.add(tuple(session.execute(select(*columns).where(Call.provider_call == f"c{place}")).one()))
    assert len(seen) == 1
    [truth] = seen
    assert truth[:5] == ("ended", agents["201"], people.margaret, 90, 100)
    assert not told(session)  # all of it is minutes ago: nobody's page jumps


def test_that_it_was_answered_is_told_to_everyone_it_rang_at(
    session: Session, system: TestClient, people: People, agents: dict[str, int]
) -> None:
    system.post(URL, json=RINGING)
    system.post(URL, json=RINGING | {"event": "e2", "extension": "202"})
    system.post(URL, json=RINGING | {"event": "e3", "type": "answered", "extension": "202"})
    pushes = told(session)
    assert [(users, kind) for users, kind, _ in pushes[:2]] == [
        ([agents["201"]], "ringing"),
        ([agents["202"]], "ringing"),
    ]
    assert {(users[0], payload["mine"]) for users, _, payload in pushes[2:]} == {
        (agents["202"], True),
        (agents["201"], False),
    }


def test_who_may_tell(
    session: Session, make_client: MakeClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(None)
    assert client.post(URL, json=RINGING).status_code == 401
    other = make_token(session, "meter", ["readings:write"], utc_now())
    assert (
        client.post(URL, json=RINGING, headers={"Authorization": f"Bearer {other.token}"}).status_code == 403
    )
    monkeypatch.setenv("UTILITY_CRM_TELEPHONY_SECRET", "between us")
    settings.cache_clear()
    body = json.dumps(RINGING).encode()
    now = utc_now()
    assert client.post(URL, content=body, headers=signed(body, "between us", now)).status_code == 201
    assert client.post(URL, content=body, headers=signed(body, "between us", now)).status_code == 200
    old = signed(body, "between us", now - timedelta(minutes=6))
    assert client.post(URL, content=body, headers=old).status_code == 401
    assert client.post(URL, content=body, headers=signed(body, "a guess", now)).status_code == 401
    assert client.post(URL, content=body + b" ", headers=signed(body, "between us", now)).status_code == 401


def test_without_a_secret_nothing_is_signed(make_client: MakeClient) -> None:
    body = json.dumps(RINGING).encode()
    assert make_client(None).post(URL, content=body, headers=signed(body, "", utc_now())).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"), [(b"[]", 422), (b"{", 422), (b'{"call": "a"}', 422), (b" " * 20_000, 413)]
)
def test_what_is_no_event_is_a_problem_document(system: TestClient, body: bytes, status: int) -> None:
    answer = system.post(URL, content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_call_of_our_own_is_found_by_our_reference(
    session: Session, system: TestClient, people: People, agents: dict[str, int]
) -> None:
    session.add(
        Call(
            provider_call="ucrm-1", direction="out", state="dialling", number="+447700900418",
            user_id=agents["201"], began_at=utc_now(), customer_id=people.margaret,
        )
    )  # fmt: skip
    session.flush()
    event = {
        "call": "pbx-9", "reference": "ucrm-1", "event": "e1", "type": "answered", "direction": "out",
        "extension": "201",
    }  # fmt: skip
    assert system.post(URL, json=event).json()["state"] == "answered"
    row = session.execute(select(Call.provider_call, Call.number, Call.customer_id)).one()
    assert row == ("pbx-9", "+447700900418", people.margaret)


def test_a_withheld_number_is_nobodys(session: Session, system: TestClient, agents: dict[str, int]) -> None:
    assert system.post(URL, json=RINGING | {"from": "anonymous"}).status_code == 201
    assert session.execute(select(Call.number, Call.number_said)).one() == ("", "anonymous")


@pytest.mark.usefixtures("real_dates")
def test_a_caller_of_another_area_is_handed_over_and_nothing_of_them_is_shown(
    session: Session, system: TestClient, make_client: MakeClient, people: People
) -> None:
    """An agent who sees Lowvale only is rung by somebody of Moorside."""
    lowvale = NetworkNode(code="L", name="Lowvale", kind="area")
    session.add(lowvale)
    session.flush()
    moorside = session.scalars(select(NetworkNode.id).where(NetworkNode.code == "M")).one()
    rung = make_client("agent")
    greta = User(login="greta", name="Greta Moor", role="agent", password_hash="-", extension="202")
    greta.area_ids = [moorside]
    session.add(greta)
    me = session.scalars(select(User).where(User.login == "agent.en")).one()
    me.area_ids, me.extension = [lowvale.id], "201"
    session.flush()
    call = system.post(URL, json=RINGING).json()["call"]
    ((to, kind, payload),) = told(session)
    assert (to, kind, payload["href"]) == ([me.id], "ringing", f"/elsewhere/{call}")
    assert rung.get(f"/telephone/{call}").status_code == 404
    page = rung.get(f"/elsewhere/{call}")
    line = rung.get(f"/elsewhere/{call}/line", headers={"HX-Request": "true"})
    assert (page.status_code, line.status_code) == (200, 200)
    assert "Moorside" in page.text and "Greta Moor" in page.text and "202" in page.text
    for said in ("Ashdown", "900418", "4100227815", f"/customers/{people.margaret}"):
        assert said not in page.text + line.text
    assert make_client("agent", language="ru").get(f"/elsewhere/{call}").status_code == 404, "rang at another"
