"""The room of webhooks: made, watched, turned, switched off; and nobody but admins."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from utility_crm.announcing.telling import announce
from utility_crm.kit.clock import utc_now
from utility_crm.webhooks.kinds import kinds

WANTED = {
    "name": "Warehouse",
    "url": "https://warehouse.example/in",
    "events": ["ticket.opened", "bill.issued"],
}


def made(client: Any, **more: Any) -> tuple[int, str]:
    """One listener: its id and its secret."""
    page = client.post("/webhooks", data=WANTED | more)
    assert page.status_code == 200, page.text
    (secret,) = re.findall(r"<code>(whsec_[\w+/=]+)</code>", page.text)
    (number,) = set(re.findall(r'action="/webhooks/(\d+)/secret"', page.text))
    return int(number), secret


@pytest.mark.parametrize("role", ["agent", "supervisor", "marketer", "ops"])
def test_only_admins_come_in(make_client: MakeClient, role: str) -> None:
    client = make_client(role)
    assert client.get("/webhooks").status_code == client.get("/webhooks/1").status_code == 403
    assert client.post("/webhooks", data=WANTED).status_code == 403


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_question_opens(make_client: MakeClient, language: str) -> None:
    client = make_client("admin", language=language)
    for ask in ("who", "dead", "kinds", "new", "nonsense"):
        assert client.get("/webhooks", params={"ask": ask}).status_code == 200
    number, _ = made(client)
    for ask in ("sent", "hears", "secret"):
        assert client.get(f"/webhooks/{number}", params={"ask": ask}).status_code == 200
    assert client.get("/webhooks/999999").status_code == 404


def test_the_secret_is_shown_once_and_kept_sealed(session: Session, make_client: MakeClient) -> None:
    client = make_client("admin")
    number, secret = made(client)
    assert secret not in client.get(f"/webhooks/{number}?ask=secret").text
    kept = session.scalar(text("select secret from webhook_subscriptions"))
    assert kept and secret not in kept and secret.removeprefix("whsec_") not in kept
    turned = client.post(f"/webhooks/{number}/secret")
    (other,) = re.findall(r"<code>(whsec_[\w+/=]+)</code>", turned.text)
    assert other != secret and "Two secrets sign" in client.get(f"/webhooks/{number}?ask=secret").text
    details = session.execute(text("select before, after from audit_log where kind = 'detail'")).all()
    assert len(details) == 2 and "whsec" not in str(details)


def test_what_is_wrong_is_said_beside_its_field(session: Session, make_client: MakeClient) -> None:
    client = make_client("admin")
    for wrong in (
        {"name": ""}, {"url": "http://warehouse.example/"}, {"url": "https://127.0.0.1/"},
        {"url": "https://169.254.169.254/latest/meta-data"}, {"url": "https://intranet/"}, {"events": []},
        {"events": ["no.such"]},
    ):  # fmt: skip
        page = client.post("/webhooks", data=WANTED | wrong)
        assert (page.status_code == 422 and 'aria-invalid="true"' in page.text) or "form-add" in page.text, (
            wrong
        )
        assert page.status_code == 422
    assert session.scalar(text("select count(*) from webhook_subscriptions")) == 0
    made(client)
    assert client.post("/webhooks", data=WANTED).status_code == 409


def test_it_is_changed_paused_switched_off_and_forgotten(session: Session, make_client: MakeClient) -> None:
    client = make_client("admin")
    number, _ = made(client)
    path = f"/webhooks/{number}"
    changed = WANTED | {"url": "https://other.example/", "events": ["bill.issued"], "personal": "yes"}
    assert client.post(path, data=changed).status_code == 303
    row = session.execute(text("select url, events, personal, state from webhook_subscriptions")).one()
    assert tuple(row) == ("https://other.example/", ["bill.issued"], True, "on")
    assert client.post(f"{path}/state", data={"state": "paused"}).status_code == 303
    asked = client.post(f"{path}/state", data={"state": "off"})
    assert asked.status_code == 200 and "is not kept for it" in asked.text
    (token,) = re.findall(r'name="sure" value="(\w+)"', asked.text)
    assert client.post(f"{path}/state", data={"state": "off", "sure": token}).status_code == 303
    assert client.post(f"{path}/test").status_code == 409  # nothing is sent to it now
    asked = client.post(f"{path}/remove")
    (token,) = re.findall(r'name="sure" value="(\w+)"', asked.text)
    assert client.post(f"{path}/remove", data={"sure": token}).headers["location"] == "/webhooks"
    assert session.scalar(text("select count(*) from webhook_subscriptions")) == 0


def test_what_was_sent_is_listed_without_what_is_personal(session: Session, make_client: MakeClient) -> None:
    client = make_client("admin")
    number, _ = made(client, personal="yes")
    announce(session, "ticket.opened", utc_now(), {"ticket": "T-77"}, personal={"subject": "Secret wish"})
    assert client.post(f"/webhooks/{number}/test").status_code == 303
    page = client.get(f"/webhooks/{number}").text
    (delivery,) = re.findall(r'href="/webhooks/\d+\?delivery=(\d+)" data-row>A ticket was opened', page)
    one = client.get(f"/webhooks/{number}?delivery={delivery}").text
    assert "T-77" in one and "Secret wish" not in one and "not shown here" in one
    session.execute(text("update webhook_deliveries set state = 'dead', attempts = 10, ended_at = now()"))
    assert "T-77" not in client.get("/webhooks?ask=dead").text
    assert "ticket.opened" in client.get("/webhooks?ask=dead").text
    assert client.post(f"/webhooks/{number}/again", data={"delivery": delivery}).status_code == 303
    states = "select state from webhook_deliveries order by id"
    assert session.scalars(text(states)).all() == ["waiting", "dead"]
    other, _ = made(client, name="Another")
    foreign = client.post(f"/webhooks/{other}/again", data={"delivery": delivery})
    assert foreign.status_code == 404  # of another listener
    assert client.post(f"/webhooks/{number}/again").status_code == 303
    assert session.scalars(text(states)).all() == ["waiting", "waiting"]


def test_examples_are_shown_of_every_kind(make_client: MakeClient) -> None:
    page = make_client("admin").get("/webhooks?ask=kinds").text
    assert all(f'class="mono">{kind}</th>' in page for kind in kinds())


def test_a_constant_number_of_statements(session: Session, make_client: MakeClient) -> None:
    from sqlalchemy import event

    client = make_client("admin")
    counts = []
    for count in (1, 12):
        for place in range(count):
            made(client, name=f"L{count}-{place}")
        announce(session, "ticket.opened", utc_now(), {"ticket": "T-1"})
        seen: list[str] = []

        def note(_c: Any, _u: Any, statement: str, *_rest: Any, into: list[str] = seen) -> None:
            into.append(statement)

        event.listen(session.connection(), "before_cursor_execute", note)
        client.get("/webhooks")
        client.get("/webhooks?ask=dead")
        event.remove(session.connection(), "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] < 20
