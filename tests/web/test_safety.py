"""What a stranger, another site or a clumsy program may try; each by its requirement of the ASVS in
`docs/security.md`."""

from __future__ import annotations

import logging

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.tables import User
from utility_crm.customers.tables import Customer
from utility_crm.installed import modules

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
INJECTIONS = [
    "' or '1'='1",
    "'; drop table users; --",
    "%' and 1=1 --",
    "\\",
    "$(id)",
    "%s",
    "{0.__class__}",
    "*)(uid=*",
]
broken = APIRouter()


@broken.get("/broken/{what}")
def breaks(what: str) -> Response:
    raise RuntimeError(what)


def test_what_people_wrote_is_never_markup(session: Session, make_client: MakeClient, people: People) -> None:
    customer = session.get(Customer, people.margaret)
    assert customer is not None
    customer.name = HOSTILE
    session.flush()
    client = make_client("admin", installed=[])
    for path in (f"/customers/{people.margaret}", "/customers?q=C100001", "/customers/found?q=C100001"):
        page = client.get(path, follow_redirects=True).text
        assert "alert(1)" in page or "C100001" in page
        assert (
            "<script>alert" not in page
            and "<img src=x" not in page
            and "49" not in page.split("alert(1)")[-1][:9]
        )
    asked = client.get("/customers", params={"q": HOSTILE}, follow_redirects=True).text
    assert "<script>alert" not in asked and "&lt;script&gt;" in asked


@pytest.mark.parametrize("typed", INJECTIONS)
def test_what_is_typed_is_never_a_statement(
    session: Session, make_client: MakeClient, people: People, typed: str
) -> None:
    client = make_client("agent", installed=[])
    before = session.scalar(select(func.count()).select_from(Customer))
    for path in ("/customers", "/customers/found"):
        answer = client.get(path, params={"q": typed})
        assert answer.status_code == 200 and "Margaret" not in answer.text
    assert client.get(f"/customers/{people.margaret}", params={"ask": typed}).status_code == 200
    wrong = make_client(installed=[]).post("/sign-in", data={"login": typed, "password": typed})
    assert wrong.status_code == 401
    assert session.scalar(select(func.count()).select_from(Customer)) == before


def test_every_write_of_another_site_is_refused(make_client: MakeClient) -> None:
    """Each route that is no GET, whatever package it is of, but those whose address is the key itself."""
    client = make_client("admin")
    app = client.app
    assert isinstance(app, FastAPI)
    opened = tuple(path for module in modules() for path in module.open_posts)
    routes = [one for one in _routes(app) if one.methods - {"GET", "HEAD"}]
    asked = 0
    for route in routes:
        path = route.path.replace("{", "").replace("}", "").replace(":path", "")
        if opened and path.startswith(opened):
            continue
        for method in route.methods - {"GET", "HEAD"}:
            answer = client.request(method, path, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403 and "came from another site" in answer.text, (method, path)
            asked += 1
    assert asked > 60


def _routes(app: FastAPI) -> list[APIRoute]:
    found: list[APIRoute] = []
    queue = list(app.routes)
    while queue:
        one = queue.pop()
        if isinstance(one, APIRoute):
            found.append(one)
        queue.extend(getattr(getattr(one, "original_router", None), "routes", []))
    return found


def test_no_other_origin_may_read(make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        for answer in (client.get("/", headers=headers), client.options("/", headers=headers)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/sign-in", "text/html; charset=utf-8"),
        ("/nowhere", "text/html; charset=utf-8"),
        ("/static/shell.css", "text/css; charset=utf-8"),
        ("/static/shell.js", "text/javascript; charset=utf-8"),
        ("/healthz", "application/json"),
        ("/api/nowhere", "application/problem+json"),
    ],
)
def test_every_answer_says_what_it_is(make_client: MakeClient, path: str, kind: str) -> None:
    role = None if path == "/sign-in" else "agent"
    answer = make_client(role, installed=[]).get(path)
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/.git/config",
        "/.env",
        "/static/",
        "/static/vendor/",
        "/static/../app.py",
        "/metrics",
    ],
)
def test_nothing_is_shown_that_nobody_meant_to_show(make_client: MakeClient, path: str) -> None:
    assert make_client("agent").get(path).status_code == 404


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_odd_methods_are_not_taken(make_client: MakeClient, method: str) -> None:
    client = make_client("agent", installed=[])
    answer = client.request(method, "/", headers={"Sec-Fetch-Site": "same-origin", "X-Secret": "echo me"})
    assert answer.status_code == 405 and "echo me" not in answer.text


def test_an_address_does_not_forge_a_line_of_the_log(
    make_client: MakeClient, may_fail: None, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_client(installed=[]).app
    assert isinstance(app, FastAPI)
    app.include_router(broken)
    with caplog.at_level(logging.ERROR):
        page = TestClient(app, raise_server_exceptions=False).get("/broken/x%0aERROR%20forged%0d%1b[31m")
    assert page.status_code == 500 and "forged" not in page.text
    message = caplog.records[0].getMessage()
    assert message.isprintable() and "ERROR%20forged%1B" in message


def test_a_field_nobody_offered_changes_nothing(session: Session, make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    look = {"language": "en", "theme": "", "density": "", "extension": "", "letters": "yes"}
    more = {
        "role": "admin",
        "active": "false",
        "login": "root",
        "user_id": "1",
        "password_hash": "x",
        "area_ids": "1",
    }
    assert client.post("/me/look", data=look | more).status_code == 303
    user = session.scalars(select(User)).one()
    assert (user.role, user.login, user.active, user.area_ids) == ("agent", "agent.en", True, [])


def test_an_address_carries_no_password(session: Session, make_client: MakeClient) -> None:
    add_user(session, login="priya", name="Priya", role="agent", password="correct horse battery")
    client = make_client(installed=[])
    told = {"login": "priya", "password": "correct horse battery"}
    assert client.get("/sign-in", params=told).status_code == 200 and COOKIE not in client.cookies
    assert (
        client.post("/sign-in", params=told).status_code == 401
    )  # a form's fields are read from its body alone
    page = client.get("/sign-in").text
    assert 'method="post" action="/sign-in"' in page


def test_password_fields_hide_and_let_programs_fill_them(make_client: MakeClient) -> None:
    client = make_client("agent", installed=[])
    for path, kinds in (
        ("/sign-in", ["current-password"]),
        ("/me?ask=password", ["current-password", "new-password"]),
    ):
        page = (make_client(installed=[]) if path == "/sign-in" else client).get(path).text
        fields = [one for one in page.split("<input ") if 'type="password"' in one.split(">")[0]]
        assert len(fields) == len(kinds)
        for field, kind in zip(fields, kinds, strict=True):
            assert f'autocomplete="{kind}"' in field.split(">")[0] and "onpaste" not in field


def test_every_page_lets_one_sign_out(make_client: MakeClient, people: People) -> None:
    client = make_client("agent", installed=[])
    for path in ("/", "/customers", f"/customers/{people.margaret}", "/me"):
        assert 'action="/sign-out"' in client.get(path).text


def test_nobody_is_there_before_somebody_is_added(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(User)) == 0


def test_every_way_in_asks_the_same_door() -> None:
    """Cookies are issued in one place: whatever the way, what it waits for is decided there."""
    from pathlib import Path

    import utility_crm

    root = Path(utility_crm.__file__).parent
    issuing = [path.name for path in root.rglob("*.py") if "sessions.issue(" in path.read_text("utf-8")]
    assert issuing == ["sign_in.py"]


def test_a_body_in_two_lengths_is_refused() -> None:
    """Request smuggling: the server's parser decides (RFC 9112, 6.3)."""
    import socket
    import threading

    import uvicorn
    from sqlalchemy import create_engine

    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(create_app(nowhere, installed=[], secret="s"), log_level="critical")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        for lengths in (
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Content-Length: 5\r\nContent-Length: 6",
        ):
            with socket.create_connection(listening.getsockname(), timeout=120) as sent:
                head = f"POST /sign-in HTTP/1.1\r\nHost: x\r\n{lengths}\r\n\r\n"
                sent.sendall(head.encode() + b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                first = sent.recv(65536).split(b"\r\n")[0]
            assert first.startswith(b"HTTP/1.1 400"), first
    finally:
        server.should_exit = True
        thread.join(120)
        listening.close()
