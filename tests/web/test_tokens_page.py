"""Tokens of machines on their page: one's own or everybody's, shown once, never more than one may oneself."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from utility_crm.auth.permissions import PERMISSIONS
from utility_crm.auth.tokens import NEEDS, SCOPES, bearer_of, make_token
from utility_crm.kit.clock import utc_now
from utility_crm.people.tokens import WHAT

WANTED = {"name": "Head-end", "scopes": ["readings:write"], "days": "90"}


def shown(page: str) -> str:
    return re.findall(r"<code>(ucrm_[\w-]+)</code>", page)[0]


def test_every_scope_asks_for_a_permission_and_has_words() -> None:
    assert set(NEEDS) == set(SCOPES) == set(WHAT) and set(NEEDS.values()) <= set(PERMISSIONS)


@pytest.mark.parametrize("role", ["agent", "supervisor", "marketer"])
def test_who_may_not_is_refused(make_client: MakeClient, role: str) -> None:
    client = make_client(role, installed=[])
    assert client.get("/tokens").status_code == 403
    assert client.post("/tokens", data=WANTED).status_code == 403
    assert client.post("/tokens/1/revoke").status_code == 403


@pytest.mark.parametrize("language", ["en", "ru"])
def test_one_is_made_shown_once_used_and_withdrawn(
    session: Session, make_client: MakeClient, language: str
) -> None:
    client = make_client("ops", language=language, installed=[])
    page = client.post("/tokens", data=WANTED)
    assert page.status_code == 200
    token = shown(page.text)
    assert token not in client.get("/tokens").text and token[:11] in client.get("/tokens").text
    found = bearer_of(session, token, utc_now())
    assert found is not None and found.scopes == ("readings:write",)
    assert client.post("/tokens", data=WANTED).status_code == 409
    asked = client.post(f"/tokens/{found.token_id}/revoke")
    assert asked.status_code == 200 and bearer_of(session, token, utc_now()) is not None
    (sure,) = re.findall(r'name="sure" value="(\w+)"', asked.text)
    assert client.post(f"/tokens/{found.token_id}/revoke", data={"sure": sure}).status_code == 303
    assert bearer_of(session, token, utc_now()) is None
    assert "Head-end" in client.get("/tokens?ask=gone").text
    events = session.scalars(
        text("select what from audit_log where kind = 'sign_in' and what like 'token%' order by id")
    )
    assert events.all() == ["token_made", "token_revoked"]
    assert token not in str(session.execute(text("select * from audit_log")).all())


def test_nobody_gives_a_machine_what_they_may_not_do(session: Session, make_client: MakeClient) -> None:
    client = make_client("ops", installed=[])
    offered = re.findall(r'name="scopes" value="([\w:]+)"', client.get("/tokens?ask=new").text)
    assert "readings:write" in offered and "telephony:write" not in offered
    for wrong in ({"scopes": ["telephony:write"]}, {"scopes": ["readings:write", "telephony:write"]},
                  {"scopes": []}, {"scopes": ["all"]}, {"days": "36500"}, {"name": " "}):  # fmt: skip
        assert client.post("/tokens", data=WANTED | wrong).status_code == 422
    assert session.scalar(text("select count(*) from api_tokens")) == 0


def test_others_are_neither_seen_nor_withdrawn_but_by_admins(
    session: Session, make_client: MakeClient
) -> None:
    ops = make_client("ops", installed=[])
    other = make_token(session, "By a command", ["readings:write"], utc_now())
    assert "By a command" not in ops.get("/tokens").text
    assert ops.post(f"/tokens/{other.id}/revoke").status_code == 404
    admin = make_client("admin", installed=[])
    assert "By a command" in admin.get("/tokens").text
    asked = admin.post(f"/tokens/{other.id}/revoke")
    (sure,) = re.findall(r'name="sure" value="(\w+)"', asked.text)
    assert admin.post(f"/tokens/{other.id}/revoke", data={"sure": sure}).status_code == 303
    assert bearer_of(session, other.token, utc_now()) is None


def test_whoever_sees_some_areas_only_makes_no_token(session: Session, make_client: MakeClient) -> None:
    """A machine sees every area."""
    client = make_client("ops", installed=[])
    session.execute(text("update users set area_ids = '{1}'"))
    assert client.get("/tokens").status_code == client.post("/tokens", data=WANTED).status_code == 403
