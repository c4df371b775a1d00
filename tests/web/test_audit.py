"""Every look and every change is written down as it happens, by whom, of whom, and what it was before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.web.conftest import MakeClient
from utility_crm.auth.audit import Acting, acts, note_change
from utility_crm.auth.tables import AuditRow, User
from utility_crm.auth.tokens import make_token

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


def rows(session: Session) -> list[AuditRow]:
    return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def last(session: Session) -> AuditRow:
    return rows(session)[-1]


def test_a_look_at_a_customer(session, make_client: MakeClient, people) -> None:
    client = make_client("agent")
    client.get(f"/customers/{people.margaret}")
    row = last(session)
    priya = session.scalar(select(User.id))
    assert (row.user_id, row.token_id, row.kind, row.outcome) == (priya, None, "view", "done")
    assert (row.what, row.customer_id) == ("GET /customers/{customer_id}", people.margaret)
    assert (row.subject_kind, row.subject, row.address) == ("customer", str(people.margaret), "testclient")
    assert len(row.request_id) == 16


def test_each_part_of_the_page_that_is_asked_for_is_a_look(session, make_client: MakeClient, people) -> None:
    client = make_client("agent")
    client.get(f"/customers/{people.margaret}?ask=reach", headers={"HX-Request": "true"})
    assert [row.kind for row in rows(session)] == ["view"]


def test_nobody_who_is_not_there_was_looked_at(session, make_client: MakeClient, people) -> None:
    make_client("agent").get("/customers/987654321")
    assert rows(session) == []


def test_a_search_says_what_was_looked_for(session, make_client: MakeClient, people) -> None:
    make_client("agent").get("/customers/found", params={"q": "ashdown"})
    assert (last(session).kind, last(session).subject) == ("search", "ashdown")


def test_a_change_and_what_it_was_before(session, make_client: MakeClient, people) -> None:
    client = make_client("agent")
    client.post(f"/customers/{people.margaret}/reach", data={"kind": "phone", "value": "07700 900123"})
    detail, change = rows(session)
    assert (change.kind, change.outcome, change.customer_id) == ("change", "done", people.margaret)
    assert (detail.kind, detail.what, detail.customer_id) == ("detail", "way to reach", people.margaret)
    assert detail.before is None
    assert detail.after == {"kind": "phone", "value": "+44 7700 900123", "label": ""}
    assert detail.request_id == change.request_id and detail.user_id == change.user_id


def test_a_form_that_was_refused_changed_nothing(session, make_client: MakeClient, people) -> None:
    client = make_client("agent")
    answer = client.post(f"/customers/{people.margaret}/reach", data={"kind": "phone", "value": "abc"})
    assert answer.status_code == 422
    assert [(row.kind, row.outcome) for row in rows(session)] == [("change", "not_done")]


def test_who_may_not_enter_is_written_down(session, make_client: MakeClient, people) -> None:
    client = make_client("marketer")
    assert client.post(f"/customers/{people.margaret}/contacts", data={}).status_code == 403
    row = last(session)
    assert (row.kind, row.outcome, row.customer_id) == ("change", "refused", people.margaret)


def test_what_shows_nobody_is_not_written_down(session, make_client: MakeClient) -> None:
    client = make_client("ops")
    assert client.get("/jobs").status_code == 200
    assert rows(session) == []


def test_a_machine_leaves_its_token(session, make_app, people) -> None:
    made = make_token(session, "app", ["notices:read"], NOW)
    client = TestClient(make_app(), headers={"Authorization": f"Bearer {made.token}"})
    assert client.get("/api/v1/customers/C100001/notices").status_code == 200
    assert client.get("/api/v1/accounts/4100227815/answers").status_code == 403
    assert client.post("/api/v1/payments", json={}).status_code == 403
    found = [(row.token_id, row.kind, row.customer_id, row.outcome) for row in rows(session)]
    assert found == [
        (made.id, "view", people.margaret, "done"),
        (made.id, "view", people.margaret, "refused"),
        (made.id, "change", None, "refused"),
    ]


@pytest.mark.parametrize(("kind", "wait"), [("view", "off"), ("change", "on")])
def test_a_look_does_not_wait_for_the_disk_and_a_change_does(
    session, make_client: MakeClient, people, kind, wait
) -> None:
    client = make_client("agent")
    session.execute(text("set local synchronous_commit = on"))
    if kind == "view":
        client.get(f"/customers/{people.margaret}")
    else:
        said = {"channel": "call", "topic": "bill", "note": "they called"}
        assert client.post(f"/customers/{people.margaret}/contacts", data=said).status_code == 303
    assert session.scalar(text("show synchronous_commit")) == wait


def test_what_is_alike_before_and_after_is_left_out(session, people) -> None:
    note_change(session, people.margaret, "account", {"day": NOW.date(), "n": 1}, {"day": NOW.date(), "n": 1})
    assert rows(session) == []
    acts(session, Acting(NOW, "job", token_id=3))
    note_change(session, people.margaret, "account", {"day": NOW.date(), "n": 1}, {"day": NOW.date(), "n": 2})
    row = last(session)
    assert (row.before, row.after, row.token_id, row.user_id) == ({"n": 1}, {"n": 2}, 3, None)
