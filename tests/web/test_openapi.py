"""Whatever is asked, nothing breaks: every route, machines' and people's, asked by schemathesis."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tokens import SCOPES, make_token
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings as known_settings
from utility_crm.kit.signature import signed
from utility_crm.web.openapi import openapi_of, routes_of

SECRET = "signed with this"
MACHINES, PAGES = 20, 4
"""Examples of a route. Pages have only their addresses; machines' documents have more to go wrong."""
LEFT_OUT = {
    "/sign-out",  # whoever asks is signed out, and the rest would be asked by nobody
    "/live",  # does not end
}


@pytest.fixture
def admin(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Somebody who may everything; what a route raises becomes a 500 instead of ending the test."""
    for name in ("GATEWAY_SECRET", "MESSENGER_SECRET", "TELEPHONY_SECRET"):
        monkeypatch.setenv(f"UTILITY_CRM_{name}", SECRET)
    known_settings.cache_clear()
    signed_in = make_client("admin")
    return TestClient(
        signed_in.app, "http://testserver", raise_server_exceptions=False, cookies=signed_in.cookies,
        follow_redirects=False,
    )  # fmt: skip


@pytest.fixture
def app(admin: TestClient) -> FastAPI:
    assert isinstance(admin.app, FastAPI)
    return admin.app


def operations(document: dict[str, Any]) -> list[Any]:
    """Every operation that schemathesis finds in a document."""
    config = schemathesis.Config.from_dict({"generation": {"mode": "all"}})
    schema = schemathesis.openapi.from_dict(document, config=config)
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) == sum(
        method in ("get", "post", "put", "patch", "delete") for path in document["paths"].values()
        for method in path
    )  # fmt: skip
    return [one for one in found if one.path not in LEFT_OUT]


def asked(operation: Any, examples: int, ask: Callable[[Any, st.DataObject], int]) -> list[tuple[str, int]]:
    """What was answered with 500 or more: the address and the status."""
    broken: list[tuple[str, int]] = []

    @seed(20261120)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(), st.data())
    def each(case: Any, data: st.DataObject) -> None:
        status = ask(case, data)
        if status >= 500:
            broken.append((f"{case.method} {case.formatted_path} {case.query} {case.body!r}"[:300], status))

    each()
    return broken


def sent(client: TestClient, case: Any, headers: dict[str, str]) -> int:
    """The request as schemathesis made it, with our headers over its own; its status."""
    given_headers = {name: str(value) for name, value in dict(case.headers or {}).items()}
    sendable = {
        name: value for name, value in (given_headers | headers).items()
        if value.isprintable() and value.isascii() and name.isascii()
    }  # fmt: skip
    content = _body(case)
    answer = client.request(
        case.method, case.formatted_path, params=dict(case.query or {}), content=content, headers=sendable,
        follow_redirects=False,
    )  # fmt: skip
    return int(answer.status_code)


def _body(case: Any) -> bytes | None:
    body = case.body
    if type(body).__name__ == "NotSet":
        return None
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def test_no_document_of_a_machine_breaks_a_route(app: FastAPI, session: Session, people: People) -> None:
    made = make_token(session, "fuzzed", SCOPES, utc_now())
    client = TestClient(app, raise_server_exceptions=False)
    accounts = st.sampled_from(["4100227815", "4100227816", "C100001"])

    def ask(case: Any, data: st.DataObject) -> int:
        if case.path_parameters and data.draw(st.booleans()):
            case.path_parameters.update(
                (name, data.draw(accounts)) for name in ("account", "number") if name in case.path_parameters
            )
        body = _body(case) or b""
        if isinstance(case.body, dict) and "account" in case.body and data.draw(st.booleans()):
            case.body["account"] = data.draw(accounts)
            body = _body(case) or b""
        headers = {"Content-Type": "application/json"}
        if case.path.endswith(("{provider}", "{name}")):
            case.path_parameters = {key: data.draw(st.sampled_from(["generic", "gateway", "messenger"]))
                                    for key in case.path_parameters}  # fmt: skip
            headers |= signed(body, SECRET, utc_now())
        else:
            headers["Authorization"] = f"Bearer {made.token}"
        return sent(client, case, headers)

    assert len(openapi_of(app)["paths"]) > 10
    broken = [fault for one in operations(openapi_of(app)) for fault in asked(one, MACHINES, ask)]
    assert broken == []


@pytest.mark.usefixtures("may_fail")
def test_no_address_breaks_a_page(app: FastAPI, admin: TestClient, people: People) -> None:
    known = st.sampled_from([people.margaret, people.bakery, people.complaint, 1, 2, 3])
    texts = st.sampled_from(["4100227815", "C100001", "P1", "T-1", "flat", "2026-10", "-1", "%00", "a b"])

    def ask(case: Any, data: st.DataObject) -> int:
        for name, value in list((case.path_parameters or {}).items()):
            if data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(known if isinstance(value, int) else texts)
        return sent(admin, case, {"Content-Type": "application/x-www-form-urlencoded"})

    document = app.openapi()
    document["paths"] = {
        path: methods for path, methods in document["paths"].items() if not path.startswith("/api/")
    }
    assert len(document["paths"]) > 100
    broken = [fault for one in operations(document) for fault in asked(one, PAGES, ask)]
    assert broken == []


def test_the_document_of_machines_names_every_route_and_who_may(app: FastAPI) -> None:
    document = TestClient(app).get("/api/v1/openapi.json").json()
    routes = {one.path for one in routes_of(app)}
    ours = {path for path in routes if path.startswith("/api/v1/")} - {"/api/v1/openapi.json"}
    assert set(document["paths"]) == ours
    assert {"/api/v1/tickets", "/api/v1/messages", "/api/v1/telephony/events"} <= ours
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told["security"], (method, path)
            for way in told["security"]:
                assert set(way.get("token", ())) <= set(SCOPES), (method, path)
            assert method != "post" or "requestBody" in told or path.endswith("/read"), path
            assert {"401", "422"} <= set(told["responses"])
