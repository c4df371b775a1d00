"""The door for a gateway: signed, safe to repeat, and as many statements for any batch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Account
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import settings
from utility_crm.kit.signature import signed

URL = "/api/v1/receipts/gateway"
SECRET = "a secret of the tests"


@pytest.fixture(autouse=True)
def shared_secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("UTILITY_CRM_GATEWAY_SECRET", SECRET)
    settings.cache_clear()
    yield
    settings.cache_clear()


def told(keys: list[str], kind: str = "delivered") -> bytes:
    at = utc_now().isoformat()
    events = [{"event": f"e-{kind}-{key}", "key": key, "kind": kind, "at": at} for key in keys]
    return json.dumps({"events": events}).encode()


def sent(session: Session, people: People, count: int) -> list[str]:
    """Notices that went out; their keys at the gateway."""
    account = session.query(Account).filter_by(customer_id=people.margaret).one()
    notices = [
        payment_reminder(
            customer_id=people.margaret, account_id=account.id, account=account.number, bill=f"F-{number}",
            amount_minor=4512, currency="GBP", due_on=utc_now().date(),
        )
        for number in range(count)
    ]  # fmt: skip
    queue_all(session, notices, utc_now())
    session.execute(text("update outbox set state = 'sent', sent_at = now(), reason = null"))
    return list(session.scalars(text("select message_id from outbox order by id")))


def test_what_the_gateway_tells_is_kept_once(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, keys = make_client(), sent(session, people, 2)
    body = told([*keys, "<of nobody>"])
    for answer in ({"taken": 2, "known": 0, "of_no_notice": 1}, {"taken": 0, "known": 3, "of_no_notice": 0}):
        found = client.post(URL, content=body, headers=signed(body, SECRET, utc_now()))
        assert (found.status_code, found.json()) == (200, answer)
    assert set(session.scalars(text("select receipt from outbox"))) == {"delivered"}


@pytest.mark.parametrize("wrong", ["secret", "time", "body", "none"])
def test_a_wrong_signature_is_refused_and_nothing_is_kept(
    session: Session, make_client: MakeClient, people: People, wrong: str
) -> None:
    body, headers = told(sent(session, people, 1)), dict[str, str]()
    if wrong != "none":
        at = utc_now() - timedelta(minutes=6) if wrong == "time" else utc_now()
        headers = signed(b"{}" if wrong == "body" else body, "other" if wrong == "secret" else SECRET, at)
    answer = make_client().post(URL, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert session.scalar(text("select count(*) from receipts")) == 0


def test_without_a_secret_nobody_is_believed(
    make_client: MakeClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UTILITY_CRM_GATEWAY_SECRET")
    settings.cache_clear()
    body = told(["<k>"])
    assert make_client().post(URL, content=body, headers=signed(body, "", utc_now())).status_code == 401
    assert make_client().post(URL + "-of-nobody", content=body).status_code == 404


def test_a_body_that_cannot_be_read_names_the_place(make_client: MakeClient, people: People) -> None:
    body = told(["<k>", "<k2>"]).replace(b'"delivered", "at": "', b'"delivered", "at": "yesterday ', 2)
    answer = make_client().post(URL, content=body, headers=signed(body, SECRET, utc_now()))
    assert (answer.status_code, answer.json()["where"]) == (422, "$.events[0].at")


def test_five_hundred_cost_as_many_statements_as_two(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, keys, counts = make_client(), sent(session, people, 502), list[int]()
    for batch in (keys[:2], keys[2:]):
        body, seen = told(batch, "bounced"), list[Any]()

        def note(_c: object, _cur: object, statement: str, *_: object, into: list[Any] = seen) -> None:
            into.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        answer = client.post(URL, content=body, headers=signed(body, SECRET, utc_now()))
        event.remove(session.get_bind(), "before_cursor_execute", note)
        assert answer.json()["taken"] == len(batch)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert session.scalar(text("select count(*) from suppressions")) == 1
