"""What every response forbids, what errors look like, who may enter where."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import psycopg
import pytest
from fastapi import APIRouter, FastAPI, Request
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, MakeClient
from tests.web.people import People
from utility_crm.app import create_app
from utility_crm.customers.tables import Contact
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.installation import SIMULATED, note
from utility_crm.kit.settings import settings
from utility_crm.web.posting import Posting
from utility_crm.web.security import MOST_BODY_BYTES
from utility_crm.web.visit import WrongRole, visit

KINDS = {"missing": NotFound, "clash": Conflict, "no": Refused, "odd": Invalid}
SAID = {"channel": "call", "topic": "bill", "note": "Wants to know why."}
trouble = APIRouter()


@trouble.get("/trouble/{kind}")
@trouble.get("/api/trouble/{kind}")
def raises(request: Request, kind: str) -> Response:
    if kind in KINDS:
        raise KINDS[kind](f"code_{kind}", "A sentence for a person.", "line 3")
    raise RuntimeError("a secret detail")


@trouble.post("/trouble/{customer_id}/then-fail")
def writes_then_fails(request: Request, customer_id: int) -> Response:
    with visit(request, "jobs.run") as v:
        v.session.add(Contact(customer_id=customer_id, channel="call", topic="lost"))
        v.session.flush()
        raise Refused("too_late", "After writing, this is refused.")


@trouble.post("/trouble/{state}/at-once")
def meets_another(request: Request, state: str, posted: Posting) -> Response:
    with visit(request, "jobs.run"):
        posted.text("note")
        raise OperationalError("update", {}, _FROM_SERVER[state]("the server's words"))


_FROM_SERVER: dict[str, type[psycopg.OperationalError]] = {
    "deadlock": psycopg.errors.DeadlockDetected,
    "serialization": psycopg.errors.SerializationFailure,
    "away": psycopg.errors.AdminShutdown,
}


def with_trouble(client: TestClient) -> TestClient:
    app = client.app
    assert isinstance(app, FastAPI)
    app.include_router(trouble)
    return client


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("clash", 409), ("no", 403), ("odd", 422)])
def test_kinds_become_statuses(make_client: MakeClient, kind: str, status: int) -> None:
    client = with_trouble(make_client("agent", installed=[]))
    page = client.get(f"/trouble/{kind}")
    assert page.status_code == status
    assert "A sentence for a person." in page.text and f"code_{kind}" in page.text
    assert "<html" in page.text
    fragment = client.get(f"/trouble/{kind}", headers={"HX-Request": "true"})
    assert fragment.status_code == status and "<html" not in fragment.text
    problem = client.get(f"/api/trouble/{kind}")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == f"code_{kind}" and problem.json()["where"] == "line 3"


def test_the_unexpected_is_logged_under_a_code_and_not_shown(
    make_client: MakeClient, may_fail: None, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_trouble(make_client(installed=[])).app
    client = TestClient(app, raise_server_exceptions=False)
    with caplog.at_level(logging.ERROR):
        page = client.get("/trouble/unknown")
    assert page.status_code == 500 and "a secret detail" not in page.text
    code = caplog.records[0].getMessage().split()[2]
    assert code in page.text


@pytest.mark.parametrize("state", ["deadlock", "serialization"])
def test_two_at_the_same_moment_are_told_so_and_may_send_it_again(
    make_client: MakeClient, state: str, may_fail: None
) -> None:
    client = with_trouble(make_client("ops", installed=[]))
    page = client.post(f"/trouble/{state}/at-once", data={"note": "A long note that took a while"})
    assert page.status_code == 409 and "at_the_same_moment" in page.text
    assert "Somebody else was at it at the same moment" in page.text
    assert "no_database" not in page.text and "data-until-well" not in page.text
    assert "A long note that took a while" in page.text and "the server&#39;s words" not in page.text
    fragment = client.post(f"/trouble/{state}/at-once", headers={"HX-Request": "true"}, data={"note": "x"})
    assert fragment.status_code == 409 and "Nothing was done: send it again." in fragment.text
    away = client.post("/trouble/away/at-once", data={"note": "A long note that took a while"})
    assert away.status_code == 503 and "no_database" in away.text and "data-until-well" in away.text


def test_what_fails_is_rolled_back(session: Session, make_client: MakeClient, people: People) -> None:
    client = with_trouble(make_client("ops", installed=[]))
    assert client.post(f"/trouble/{people.bakery}/then-fail").status_code == 403
    assert session.scalars(select(Contact).where(Contact.topic == "lost")).all() == []


def test_a_wrong_role_is_told_who_may(make_client: MakeClient, people: People) -> None:
    client = make_client("marketer", installed=[])
    answer = client.post(f"/customers/{people.margaret}/contacts", data=SAID)
    assert answer.status_code == 403
    assert "This page is for agents and supervisors; you are signed in as marketer." in answer.text
    answer = make_client("marketer", language="ru", installed=[]).post(answer.request.url.path)
    assert "Эта страница для операторов и руководителей смен; вы вошли как маркетолог." in answer.text


def test_several_roles_are_named_as_one_says_them() -> None:
    error = WrongRole("ops", ("agent", "marketer"))
    assert error.message == "This page is for agents and marketers; you are signed in as ops."
    assert "для операторов и маркетологов" in error.said("ru")


def test_an_admin_enters_everywhere(make_client: MakeClient, people: People) -> None:
    client = make_client("admin", installed=[])
    answer = client.post(f"/customers/{people.margaret}/contacts", data=SAID)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 303),
    ],
)
def test_writes_of_other_sites_are_refused(
    make_client: MakeClient, people: People, headers: dict[str, str], status: int
) -> None:
    client = make_client("agent", installed=[])
    form = SAID
    answer = client.post(f"/customers/{people.margaret}/contacts", data=form, headers=headers)
    assert answer.status_code == status


def form_of(size: int) -> bytes:
    """A sign-in form of so many bytes."""
    return b"login=nobody&password=".ljust(size, b"x")


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_strangers_body_may_be_a_megabyte(make_client: MakeClient) -> None:
    client = make_client(installed=[])
    assert client.post("/sign-in", content=form_of(MOST_BODY_BYTES), headers=FORM).status_code == 401
    refused = client.post("/sign-in", content=form_of(MOST_BODY_BYTES + 1), headers=FORM)
    assert refused.status_code == 413 and refused.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_does_not_say_its_length_is_counted(make_client: MakeClient) -> None:
    def in_pieces() -> Iterator[bytes]:
        yield form_of(MOST_BODY_BYTES)
        yield b"x"

    refused = make_client(installed=[]).post("/sign-in", content=in_pieces(), headers=FORM)
    assert "content-length" not in refused.request.headers
    assert refused.status_code == 413 and refused.headers["x-content-type-options"] == "nosniff"


def test_every_response_carries_the_policy(make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    for path in ("/", "/sign-in", "/nowhere", "/healthz", "/static/shell.css"):
        headers = client.get(path).headers
        assert "'unsafe" not in headers["content-security-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
    assert client.get("/").headers["cache-control"] == "no-store"


def test_health_says_whether_the_database_answers(make_client: MakeClient) -> None:
    assert make_client(installed=[]).get("/healthz").json() == {"status": "ok", "database": "ok"}
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    ill = TestClient(create_app(nowhere, installed=[], secret=SECRET)).get("/healthz")
    assert ill.status_code == 503 and ill.json()["status"] == "ill"


def test_a_page_without_a_database_says_so(may_fail: None, make_client: MakeClient) -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    app = create_app(nowhere, installed=[], secret=SECRET)
    client = TestClient(app, cookies={"utility_crm": app.state.sessions.issue("a sign-in")})
    page = client.get("/")
    assert page.status_code == 503 and "The database does not answer" in page.text


def test_a_simulated_database_says_so_on_every_page(
    session: Session, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, people: People
) -> None:
    monkeypatch.setenv("UTILITY_CRM_DEMO", "false")
    settings.cache_clear()
    real = make_client("agent", installed=[])
    assert "Simulated data" not in real.get("/").text + real.get("/sign-in").text
    note(session, SIMULATED, {"seed": 1})
    client = make_client("ops", installed=[])
    for path in ("/customers", f"/customers/{people.margaret}", "/nowhere"):
        assert "Simulated data" in client.get(path).text
    assert "Simulated data" in make_client(installed=[]).get("/sign-in").text
