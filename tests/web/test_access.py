"""The table of docs/access.md, asked of every route as every role, and of people with limits.

What a request names is not there (numbers nobody has): who may is answered 404 or about what was sent, who
may not is refused before anything is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web import access_table
from tests.web.access_table import (
    ANYBODY,
    NOTHING,
    OPEN,
    THEIRS,
    declared,
    limited_of,
    rows_of,
    written,
)
from tests.web.conftest import SECRET, make_user
from utility_crm.app import create_app
from utility_crm.auth.cookies import COOKIE
from utility_crm.auth.permissions import ROLES, may
from utility_crm.auth.sign_ins import begin_sign_in
from utility_crm.auth.tables import User
from utility_crm.auth.tokens import SCOPES, make_token
from utility_crm.kit.clock import utc_now
from utility_crm.network.tables import NetworkNode
from utility_crm.web.openapi import routes_of

pytestmark = pytest.mark.usefixtures("may_fail")  # a page may say in the log that what was sent cannot be
STREAMS = ("/live",)
"""They answer for as long as somebody listens."""
NOBODY = "987654321"
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
Answered = Callable[[APIRoute, str, TestClient, str], tuple[int, str]]


@pytest.fixture
def app(session: Session) -> FastAPI:
    return create_app(session.connection(), secret=SECRET)


@pytest.fixture
def enter(session: Session, app: FastAPI) -> Callable[..., TestClient]:
    """A client of a role, "" nobody; `limited` to an area with nobody in it."""

    def entered(role: str, **given: Any) -> TestClient:
        client = TestClient(
            app, base_url="http://testserver", follow_redirects=False, raise_server_exceptions=False
        )
        if role:
            user = make_user(session, role, language="en", name=role)
            for name, value in given.items():
                setattr(user, name, value)
            session.flush()
            token = begin_sign_in(session, user.id, utc_now())
            client.cookies.set(COOKIE, app.state.sessions.issue(token))
        return client

    return entered


@pytest.fixture
def ask(session: Session, app: FastAPI) -> Iterator[Answered]:
    """Asks a route by a method, and undoes what came of it: the status, and the page or the address it leads
    to."""
    connection: Connection = session.connection()

    def asked(route: APIRoute, method: str, client: TestClient, value: str = NOBODY) -> tuple[int, str]:
        path = _PARAMETER.sub(value, route.path)
        query = {one.alias: "1" for one in route.dependant.query_params if one.field_info.is_required()}
        body = {one.alias: "1" for one in route.dependant.body_params if one.field_info.is_required()}
        undone = connection.begin_nested()
        try:
            sent: dict[str, Any] = {"data": body or {"nothing": ""}} if method == "POST" else {}
            answer = client.request(method, path, params=query, **sent)
        finally:
            undone.rollback()
            session.expire_all()
        return answer.status_code, answer.headers.get("location", "") + answer.text

    yield asked


def every(app: FastAPI) -> list[tuple[APIRoute, str, str]]:
    """Each route, a method of it, and what the document says it asks for."""
    rows = declared()
    return [
        (route, method, rows[method, route.path].asks)
        for route in routes_of(app)
        for method in sorted(route.methods - {"HEAD"})
        if route.path not in STREAMS and (method, route.path) in rows
    ]


def test_every_route_has_its_row_and_every_row_its_route(app: FastAPI) -> None:
    there, told = rows_of(app), declared()
    missing = "\n".join(there[key].line() for key in sorted(there.keys() - told.keys(), key=str))
    assert not missing, f"docs/access.md lacks (python -m tests.web.access_table adds them):\n{missing}"
    assert sorted(told.keys() - there.keys()) == []
    assert {row.asks for row in told.values()} >= {"`customers.read`", "anybody"}
    wrong = [key for key, row in told.items() if row.limited != limited_of(app.state.whose, key[1], row.asks)]
    assert wrong == []
    assert written(told.values()) in access_table.DOCUMENT.read_text()


def refused(status: int, said: str) -> bool:
    return status == 403 and "(wrong_role)" in said


@pytest.mark.parametrize("role", ROLES)
def test_every_route_lets_in_a_role_as_the_table_says(app: FastAPI, enter, ask, role: str) -> None:
    client, wrong, asked = enter(role), [], 0
    cookies = dict(client.cookies)
    for route, method, asks in every(app):
        if not asks.startswith("`"):
            continue
        client.cookies.clear()
        client.cookies.update(cookies)
        status, said = ask(route, method, client)
        asked += 1
        turned_away = refused(status, said)
        astray = status == 500 or said.startswith("/sign-in?")
        if astray or turned_away is may(role, asks.strip("`")):
            wrong.append((method, route.path, asks, status))
    assert wrong == [] and asked > 100


def test_nobody_gets_further_than_the_door(app: FastAPI, enter, ask) -> None:
    client, wrong = enter(""), []
    for route, method, asks in every(app):
        status, said = ask(route, method, client)
        at_the_door = status == 401 or (status == 303 and said.startswith("/sign-in"))
        if asks.startswith(("`", "token ")) and not at_the_door:
            wrong.append((method, route.path, status))
        if not asks.startswith(("`", "token ")):
            assert asks in OPEN, asks
            if asks == ANYBODY and at_the_door and route.path not in ("/sign-in", "/sign-out"):
                wrong.append((method, route.path, asks, status))
            if refused(status, said):
                wrong.append((method, route.path, status))
    assert wrong == []


def test_a_token_opens_what_its_scopes_say_and_no_page(app: FastAPI, session, ask) -> None:
    wrong = []
    tokens = {
        scope: make_token(session, scope, [scope], datetime(2026, 11, 20, tzinfo=UTC)).token
        for scope in SCOPES
    }
    for route, method, asks in every(app):
        for scope, token in tokens.items():
            client = TestClient(app, headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)
            if asks.startswith("token "):
                status, said = ask(route, method, client)
                lacks = status == 403 and "scope_missing" in said
                if lacks is (asks == f"token `{scope}`"):
                    wrong.append((method, route.path, scope, status))
            elif asks.startswith("`") and scope == SCOPES[0]:
                status, said = ask(route, method, client)
                if status != 401 and not said.startswith("/sign-in"):
                    wrong.append((method, route.path, scope, status))
    assert wrong == []


# People with limits ------------------------------------------------------------------------------------

MADE: dict[str, str] = {
    "customer": "select cast(:customer as text)",
    "account": "select number from accounts where customer_id = :customer",
    "bill": """insert into bills (number, account_id, starts_on, ends_before, issued_on, due_on, total_minor,
        open_minor, micro_kwh, currency, known_at) values ('B' || :customer, :account, '2026-10-01',
        '2026-11-01', '2026-11-02', '2026-11-16', 100, 100, 1000000, 'GBP', now()) returning number""",
    "service point": """insert into service_points (code, premise_id, fuel)
        values ('SP' || :customer, :premise, 'electricity') returning code""",
    "notice": "",
    "call": "",
    "ticket": """insert into tickets (kind, subject, channel, customer_id, opened_at, updated_at)
        values ('other', 'A', 'call', :customer, now(), now()) returning cast(id as text)""",
    "task": "",
}
"""SQL that makes a thing of a customer and names it, by the kind an Owner has; of kinds that are not here, or
have none, a number nobody has stands for one that is foreign: to who asks it must look the same."""


@pytest.fixture
def two(session: Session) -> dict[str, dict[str, int]]:
    """A customer here and one elsewhere, each with an account and a premise in an area of their own."""
    found = {}
    for place, code in (("here", "AA"), ("elsewhere", "BB")):
        area = NetworkNode(code=code, name=place, kind="area")
        session.add(area)
        session.flush()
        row = session.execute(
            text(
                """
                with c as (insert into customers (number, kind, name, segment, since)
                           values (:code, 'person', :code, 'household', '2020-01-01') returning id),
                a as (insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
                      select '4' || :code, id, id, 1, 'GBP', '2020-01-01' from c returning id),
                p as (insert into premises (code, node_id, address, timezone)
                      values (:code, :area, :code, 'Europe/London') returning id),
                o as (insert into occupancies (account_id, premise_id, starts_on)
                      select a.id, p.id, '2020-01-01' from a, p)
                select c.id as customer, a.id as account, p.id as premise from c, a, p
                """
            ),
            {"code": code, "area": area.id},
        ).one()
        found[place] = {**row._mapping, "area": area.id}
    return found


def named(session: Session, kind: str, whose: dict[str, int]) -> str | None:
    """How a thing of this kind is named that is made for a customer; None where none can be made here."""
    sql = MADE.get(kind, "")
    return str(session.scalar(text(sql), whose)) if sql else None


def test_another_regions_customer_is_nowhere(app: FastAPI, session, enter, ask, two) -> None:
    """Every route that names a thing of a customer, asked by somebody who may do everything, here."""
    client, free = enter("admin", area_ids=[two["here"]["area"]]), enter("agent")
    session.execute(text("update users set role = 'admin'"))
    cookies, wrong, kinds = dict(client.cookies), [], set()
    values: dict[str, tuple[str | None, str | None]] = {}
    for route, method, asks in every(app):
        client.cookies.clear()
        client.cookies.update(cookies)
        limited = limited_of(app.state.whose, route.path, asks)
        if limited == NOTHING:
            status, said = ask(route, method, client)
            if status != 403 or "(whole_utility)" not in said:
                wrong.append((method, route.path, status))
        if limited != THEIRS or not asks.startswith("`"):
            continue
        kind = app.state.whose.of_route(route.path)[0][1].kind
        kinds.add(kind)
        if kind not in values:
            values[kind] = named(session, kind, two["here"]), named(session, kind, two["elsewhere"])
        own, foreign = values[kind]
        status, said = ask(route, method, client, foreign or NOBODY)
        if status != 404 or ("(not_here)" not in said and foreign):
            wrong.append((method, route.path, "foreign", status))
        if own is not None and ask(route, method, client, own)[0] != ask(route, method, free, own)[0]:
            wrong.append((method, route.path, "own"))
    assert wrong == []
    assert kinds >= {"customer", "account", "bill", "service point", "notice"}


def test_another_teams_ticket_is_nowhere(app: FastAPI, session, enter, ask, two) -> None:
    client = enter("agent")
    me = session.query(User.id).filter(User.login == "agent.en").scalar()
    team = session.scalar(text("insert into teams (name) values ('Others') returning id"))
    own, foreign = (named(session, "ticket", two[place]) for place in ("here", "elsewhere"))
    session.execute(
        text("update tickets set team_id = :team, assignee_id = case when id = :own then :me end"),
        {"team": team, "own": int(own or 0), "me": me},
    )
    wrong = []
    for route, method, asks in every(app):
        owners = app.state.whose.of_route(route.path)
        if not asks.startswith("`") or not owners or owners[0][1].kind != "ticket":
            continue
        if not may("agent", asks.strip("`")):
            continue
        status, said = ask(route, method, client, str(foreign))
        if status != 404 or "(not_here)" not in said:
            wrong.append((method, route.path, "foreign", status))
        if "(not_here)" in ask(route, method, client, str(own))[1] and route.path.count("{") == 1:
            wrong.append((method, route.path, "own"))
    assert wrong == []


def test_what_hangs_on_a_customer_is_not_reached_by_another(session, enter, two) -> None:
    """A way to reach somebody elsewhere, asked for below the address of a customer here."""
    client = enter("agent", area_ids=[two["here"]["area"]])
    point = session.scalar(
        text(
            "insert into contact_points (customer_id, kind, value, normal) "
            "values (:customer, 'phone', '1', '1') returning id"
        ),
        two["elsewhere"],
    )
    here = two["here"]["customer"]
    assert client.post(f"/customers/{here}/reach/{point}/remove").status_code == 404
    assert session.scalar(text("select count(*) from contact_points")) == 1
