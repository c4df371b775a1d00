"""The supplier's own app: a customer's notices, and the word that one was read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from notifications.outbox.queueing import queue
from notifications.types.payment_reminder import payment_reminder
from tests.conftest import NOW
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.auth.tokens import make_token
from utility_crm.customers.tables import Account


@pytest.fixture
def app(session: Session, make_client: MakeClient, people: People) -> TestClient:
    """The app's server."""
    made = make_token(session, "app", ["notices:read", "notices:write"], NOW)
    client = make_client()
    client.headers["authorization"] = f"Bearer {made.token}"
    return client


def sent(session: Session, people: People, count: int = 1) -> list[int]:
    """Reminders that went out to Margaret, oldest first."""
    account = session.query(Account).filter_by(customer_id=people.margaret).one()
    for number in range(count):
        queue(
            session,
            payment_reminder(
                customer_id=people.margaret, account_id=account.id, account=account.number,
                bill=f"F-{number}", amount_minor=4512, currency="GBP", due_on=NOW.date(),
            ),
            NOW,
        )  # fmt: skip
    session.execute(text("update outbox set state = 'sent', sent_at = :now, reason = null"), {"now": NOW})
    return list(session.scalars(text("select id from outbox order by id")))


def test_a_notice_is_shown_in_words_and_read_once_and_the_timeline_says_so(
    session: Session, app: TestClient, people: People, make_client: MakeClient
) -> None:
    (notice,) = sent(session, people)
    session.execute(text("update outbox set fall_back_at = :at"), {"at": NOW + timedelta(days=1)})
    found = app.get("/api/v1/customers/C100001/notices").json()
    (shown,) = found["notices"]
    assert (found["unread"], found["next_before"], shown["read_at"]) == (1, None, None)
    assert shown["subject"] == "£45.12 of bill F-0 is late" and "Margaret Ashdown" in shown["text"]
    address = f"/api/v1/customers/C100001/notices/{notice}/read"
    assert app.post(address).json() == {"notice": notice, "read": True, "known": False}
    assert app.post(address).json() == {"notice": notice, "read": True, "known": True}
    found = app.get("/api/v1/customers/C100001/notices").json()
    assert found["unread"] == 0 and found["notices"][0]["read_at"].startswith("2026-11-20")
    assert session.scalar(text("select fall_back_at from outbox")) is None, "it need go no other way"
    page = make_client("agent").get(f"/customers/{people.margaret}?ask=told").text
    assert "read Fri 20 Nov" in page


def test_pages_lead_on_and_cost_as_many_statements_for_any_number(
    session: Session, app: TestClient, people: People
) -> None:
    ids = sent(session, people, 5)
    first = app.get("/api/v1/customers/C100001/notices?limit=3").json()
    rest = app.get(f"/api/v1/customers/C100001/notices?limit=3&before={first['next_before']}").json()
    both = [one["notice"] for found in (first, rest) for one in found["notices"]]
    assert both == ids[::-1] and rest["next_before"] is None
    counts = []
    for limit in (1, 5):
        seen = list[Any]()

        def note(_c: object, _cur: object, statement: str, *_: object, into: list[Any] = seen) -> None:
            into.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        app.get(f"/api/v1/customers/C100001/notices?limit={limit}")
        event.remove(session.get_bind(), "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_nobody_reads_what_is_another_s_or_never_went_out(
    session: Session, app: TestClient, people: People
) -> None:
    (notice,) = sent(session, people)
    refused = app.post(f"/api/v1/customers/C100003/notices/{notice}/read")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_such_notice")
    session.execute(text("update outbox set state = 'waiting', sent_at = null"))
    refused = app.post(f"/api/v1/customers/C100001/notices/{notice}/read")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_sent")
    assert app.get("/api/v1/customers/C100001/notices").json()["notices"] == []
    assert app.get("/api/v1/customers/C9/notices").status_code == 404
    assert app.get("/api/v1/customers/C100001/notices?limit=0").status_code == 422
    assert session.scalar(text("select count(*) from receipts")) == 0


def test_a_token_needs_the_scope(session: Session, make_client: MakeClient, people: People) -> None:
    (notice,) = sent(session, people)
    client = make_client()
    client.headers["authorization"] = f"Bearer {make_token(session, 'x', ['notices:read'], NOW).token}"
    assert client.get("/api/v1/customers/C100001/notices").status_code == 200
    assert client.post(f"/api/v1/customers/C100001/notices/{notice}/read").status_code == 403
    del client.headers["authorization"]
    assert client.get("/api/v1/customers/C100001/notices").status_code == 401
