"""Programs bring messages: the supplier's website by a token, messengers by their signature."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from notifications.tables import OutboxNotice
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tokens import make_token
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.kit.signature import signed
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import add_message, set_status
from utility_crm.tickets.tables import Ticket, TicketMessage

SECRET = "between us and them"
ANN = {"id": "m-1", "from": "Ann.Hill", "name": "Ann Hill", "text": "Is there an outage?"}


@pytest.fixture
def provider(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests")
    monkeypatch.setenv("UTILITY_CRM_MESSENGER_SECRET", SECRET)
    settings.cache_clear()
    return make_client()


def tell(client: TestClient, *messages: dict[str, Any], secret: str = SECRET, late: int = 0) -> Any:
    body = json.dumps({"messages": list(messages)}).encode()
    heads = signed(body, secret, utc_now() - timedelta(minutes=late))
    return client.post("/api/v1/messenger/generic", content=body, headers=heads)


def texts(session: Session) -> list[str]:
    return list(session.scalars(select(TicketMessage.text).order_by(TicketMessage.id)))


def test_a_message_opens_a_ticket_and_the_next_goes_on_with_it(
    provider: TestClient, session: Session, people: People
) -> None:
    point = ContactPoint(customer_id=people.joseph, kind="messenger", value="Ann.Hill", normal="ann.hill")
    session.add(point)
    session.flush()
    assert tell(provider, ANN).json() == {"taken": 1, "known": 0}
    assert tell(provider, {**ANN, "id": "m-2", "text": "Hello?"}).json() == {"taken": 1, "known": 0}
    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.channel, texts(session)) == ("messenger", ["Is there an outage?", "Hello?"])
    assert session.scalars(select(Arrival.sender)).all() == ["ann.hill", "ann.hill"]
    assert ticket.customer_id == people.joseph


def test_a_message_told_twice_is_one(provider: TestClient, session: Session) -> None:
    tell(provider, ANN)
    assert tell(provider, ANN, {**ANN, "id": "m-2", "text": "Hello?"}).json() == {"taken": 1, "known": 1}
    assert texts(session) == ["Is there an outage?", "Hello?"]


@pytest.mark.parametrize(("secret", "late"), [("another", 0), (SECRET, 6), (SECRET, -6), ("", 0)])
def test_a_wrong_signature_or_a_replay_is_refused(
    provider: TestClient, session: Session, secret: str, late: int
) -> None:
    assert tell(provider, ANN, secret=secret, late=late).status_code == 401
    assert session.scalar(select(func.count(Arrival.id))) == 0


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ({**ANN, "text": ""}, "$.messages[0].text"),
        ({**ANN, "from": 7}, "$.messages[0].from"),
        ({**ANN, "at": "yesterday"}, "$.messages[0].at"),
        ({**ANN, "text": "\ud83d"}, "$.messages[0].text"),
        ({**ANN, "id": "x" * 201}, "$.messages[0].id"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(
    provider: TestClient, message: dict[str, Any], where: str
) -> None:
    answer = tell(provider, message)
    assert (answer.status_code, where in answer.text) == (422, True)


def test_a_messenger_brings_so_much_at_once(provider: TestClient, session: Session) -> None:
    long = [{**ANN, "id": f"m-{number}", "text": "x" * 9_000} for number in range(30)]
    answer = tell(provider, *long)
    assert answer.status_code == 413 and answer.headers["content-type"] == "application/problem+json"
    assert session.scalar(select(func.count(Arrival.id))) == 0
    assert tell(provider, *long[:20]).status_code == 200
    assert tell(provider, *[{**ANN, "id": f"n-{number}"} for number in range(101)]).status_code == 422
    assert tell(provider).status_code == 422


def test_an_unknown_messenger_is_not_found(provider: TestClient) -> None:
    assert provider.post("/api/v1/messenger/pigeon", content=b"{}").status_code == 404


def test_after_the_matter_is_solved_a_message_opens_it_anew(provider: TestClient, session: Session) -> None:
    tell(provider, ANN)
    ticket_id = session.scalars(select(Ticket.id)).one()
    set_status(session, ticket_id, "solved", now=utc_now())
    tell(provider, {**ANN, "id": "m-2", "text": "Another matter."})
    assert session.scalar(select(func.count(Ticket.id))) == 2


def test_an_answer_leaves_by_the_messenger(provider: TestClient, session: Session) -> None:
    tell(provider, ANN)
    ticket_id = session.scalars(select(Ticket.id)).one()
    add_message(session, ticket_id, direction="out", text="No.", channel="messenger", now=utc_now())
    notice = session.scalars(select(OutboxNotice).where(OutboxNotice.notice == "ticket_answer")).one()
    assert (notice.channel, notice.address, notice.state) == ("messenger", "ann.hill", "waiting")


def push(client: TestClient, token: str, key: str, document: dict[str, Any]) -> Any:
    heads = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return client.post("/api/v1/messages", json=document, headers=heads)


WRITTEN = {"id": "w-1", "email": "ann@home.example", "name": "Ann Hill", "text": "My bill", "kind": "billing"}


def test_the_suppliers_own_website_brings_a_message_once(provider: TestClient, session: Session) -> None:
    token = make_token(session, "website", ["messages:write"], utc_now()).token
    first = push(provider, token, "k1", WRITTEN)
    assert (first.status_code, first.json()["customer_known"]) == (201, False)
    assert push(provider, token, "k1", WRITTEN).json() == first.json()
    assert push(provider, token, "k2", WRITTEN).json() == first.json()
    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.number, ticket.kind, ticket.channel) == (first.json()["ticket"], "billing", "api")
    assert push(provider, token, "k3", {**WRITTEN, "id": "w-2", "kind": "root"}).status_code == 422
    assert push(provider, token, "k4", {**WRITTEN, "id": "w-3", "email": "x"}).status_code == 422
    slip = push(provider, token, "k5", {**WRITTEN, "id": "w-4", "subjct": "Bill"})
    assert (slip.status_code, slip.json()["where"]) == (422, "$.subjct")


def test_a_token_for_something_else_brings_none(provider: TestClient, session: Session) -> None:
    token = make_token(session, "meter", ["readings:write"], utc_now()).token
    assert push(provider, token, "k1", WRITTEN).status_code == 403
