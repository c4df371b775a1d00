"""Answers for machines: a token with its scope, and the document of docs/answers.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from billing_world import Supplied
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.answers.registry import answers
from utility_crm.auth.tokens import make_token
from utility_crm.kit.clock import utc_now

MakeApp = Callable[..., FastAPI]


@pytest.fixture
def machine(make_app: MakeApp, session: Session) -> TestClient:
    made = make_token(session, "portal", ["answers:read"], utc_now())
    return TestClient(make_app(), headers={"Authorization": f"Bearer {made.token}"})


def test_a_machine_asks(machine: TestClient, billed: Supplied) -> None:
    path = f"/api/v1/accounts/{billed.account}/answers"
    listed = machine.get(path).json()["questions"]
    assert [one["question"] for one in listed] == [one.key for one in answers()]
    assert listed[0]["takes"] == ["bill", "against"]
    found = machine.get(f"{path}/why", params={"language": "ru"})
    assert found.status_code == 200 and found.json()["adds_up"]["left_over"] == "0.00"
    assert any("а" <= letter <= "я" for letter in found.json()["sentence"])


def test_refusals_are_problem_documents(machine: TestClient, billed: Supplied, make_app: MakeApp) -> None:
    path = f"/api/v1/accounts/{billed.account}/answers"
    assert machine.get(f"{path}/weather").status_code == 404
    assert machine.get("/api/v1/accounts/none/answers/why").status_code == 404
    assert machine.get(f"{path}/why", params={"language": "xx"}).status_code == 422
    for wrong in ({"bill": "XX"}, {"shift": "10"}):
        refused = machine.get(f"{path}/why", params=wrong)
        assert refused.status_code == 422 and next(iter(wrong)) in refused.json()["detail"]
    assert TestClient(make_app()).get(f"{path}/why").status_code == 401


def test_another_scope_may_not(make_app: MakeApp, session: Session, billed: Supplied) -> None:
    made = make_token(session, "head-end", ["readings:write"], utc_now())
    client = TestClient(make_app(), headers={"Authorization": f"Bearer {made.token}"})
    assert client.get(f"/api/v1/accounts/{billed.account}/answers/why").status_code == 403
