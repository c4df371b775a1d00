"""The links in letters: double opt-in and one-click unsubscribe, by people who are not signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.consents.tokens import Leaving, unsubscription
from notifications.tables import Consent, OutboxNotice
from tests.web.conftest import MakeClient
from tests.web.notifications.test_what_may_be_sent import words
from tests.web.people import People
from utility_crm.customers.tables import ContactPoint
from utility_crm.kit.settings import settings

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
KEY = "a key of the tests"
ASK = {"purpose": "marketing", "channel": "email", "granted": "yes", "proof": "said on the phone"}


class Time:
    """What time it is, for every page."""

    now = NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Time]]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", KEY)
    monkeypatch.setenv("UTILITY_CRM_PUBLIC_URL", "https://care.example/")
    monkeypatch.delenv("UTILITY_CRM_AS_OF")
    settings.cache_clear()
    Time.now = NOW
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: Time.now)
    yield Time
    settings.cache_clear()


def marketing(session: Session) -> list[tuple[bool, str]]:
    rows = session.execute(
        select(Consent.granted, Consent.channel).where(Consent.purpose == "marketing").order_by(Consent.id)
    )
    return [(row.granted, row.channel) for row in rows]


def asked(session: Session, make_client: MakeClient, people: People) -> str:
    """Margaret is asked to confirm; the path of the link in her letter."""
    answer = make_client("agent").post(f"/customers/{people.margaret}/consent", data=ASK)
    assert answer.status_code == 303
    notice = session.scalars(select(OutboxNotice)).one()
    assert (notice.notice, notice.purpose, notice.address) == (
        "confirm_consent",
        "service",
        "m.ashdown@mail.example",
    )
    found = re.fullmatch(r"https://care\.example(/confirm/\S+)", notice.context["link"])
    assert found is not None
    return found[1]


def test_offers_by_email_are_allowed_by_the_link_and_by_nothing_else(
    session: Session, make_client: MakeClient, people: People
) -> None:
    path, anybody = asked(session, make_client, people), make_client()
    assert marketing(session) == []
    page = anybody.get(path)
    assert "Shall we send you offers by email?" in words(page.text)
    assert marketing(session) == [], "looking does nothing"
    for _ in range(2):
        page = anybody.post(path)
        assert "Thank you, it is confirmed" in words(page.text)
        assert "set-cookie" not in page.headers
    kept = session.scalars(select(Consent)).one()
    assert (kept.granted, kept.at, kept.address) == (True, NOW, "m.ashdown@mail.example")
    assert len(kept.token_digest) == 64 and path.rpartition("/")[2] not in kept.proof
    sheet = words(make_client("admin").get(f"/customers/{people.margaret}?ask=told").text)
    assert "confirmed by the link we sent, m.ashdown@mail.example" in sheet


def test_a_link_that_was_used_gives_nothing_after_the_word_was_taken_back(
    session: Session, make_client: MakeClient, people: People, clock: type[Time]
) -> None:
    path, anybody = asked(session, make_client, people), make_client()
    anybody.post(path)
    clock.now = NOW + timedelta(minutes=5)
    record_consent(session, people.margaret, "marketing", "email", granted=False, now=clock.now, proof="call")
    clock.now = NOW + timedelta(minutes=6)
    assert anybody.post(path).status_code == 410
    assert marketing(session) == [(True, "email"), (False, "email")]


def test_a_link_ends_after_a_week_and_with_the_address(
    session: Session, make_client: MakeClient, people: People, clock: type[Time]
) -> None:
    path, anybody = asked(session, make_client, people), make_client()
    clock.now = NOW + timedelta(days=7)
    assert anybody.post(path).status_code == 410
    clock.now = NOW
    session.query(ContactPoint).filter_by(kind="email").update({"value": "else@mail.example"})
    assert "This link no longer works" in words(anybody.post(path).text)
    assert anybody.post("/confirm/made-up.token").status_code == 404
    assert anybody.get(f"{path}x").status_code == 404
    assert marketing(session) == []


def test_the_question_goes_once_a_day_and_staff_cannot_follow_its_link(
    session: Session, make_client: MakeClient, people: People
) -> None:
    path = asked(session, make_client, people)
    client = make_client("admin")
    assert client.post(f"/customers/{people.margaret}/consent", data=ASK).status_code == 303
    assert session.scalar(text("select count(*) from outbox")) == 1
    notice = session.scalars(select(OutboxNotice)).one()
    page = client.get(f"/notices/{notice.id}").text
    assert "https://care.example/confirm/..." in page and path.rpartition("/")[2] not in page
    assert "asked to confirm" in words(client.get(f"/customers/{people.margaret}?ask=told").text)
    answer = client.post(f"/customers/{people.joseph}/consent", data=ASK)
    assert answer.status_code == 409 and "There is no email address" in words(answer.text)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://webmail.example", "Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
)
def test_one_click_withdraws_at_once_and_again_it_changes_nothing(
    session: Session, make_client: MakeClient, people: People, headers: dict[str, str]
) -> None:
    record_consent(
        session, people.margaret, "marketing", "email", granted=True, now=NOW - timedelta(1), proof="x"
    )
    path = f"/unsubscribe/{unsubscription(KEY, Leaving(people.margaret, 'email', 7))}"
    anybody = make_client()
    assert "No more offers?" in words(anybody.get(path).text)
    assert marketing(session) == [(True, "email")], "looking does nothing"
    body = b"List-Unsubscribe=One-Click"
    if "multipart" in headers.get("Content-Type", ""):
        body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    else:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    for _ in range(3):
        answer = anybody.post(path, content=body, headers=headers)
        assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert marketing(session) == [(True, "email"), (False, "email")]
    assert session.scalars(select(Consent.proof).order_by(Consent.id.desc())).first() == (
        "unsubscribed by the link in our letter"
    )


def test_the_page_offers_to_end_every_way(session: Session, make_client: MakeClient, people: People) -> None:
    path = f"/unsubscribe/{unsubscription(KEY, Leaving(people.margaret, 'email', 7))}"
    page = make_client().post(path, data={"what": "everywhere"})
    assert "No more by any way." in words(page.text)
    assert {channel for granted, channel in marketing(session) if not granted} == {
        "email", "sms", "messenger", "push", "letter", "call",
    }  # fmt: skip
    assert make_client().post("/unsubscribe/nobodys").status_code == 404
    other = {"Origin": "https://webmail.example", "Sec-Fetch-Site": "cross-site"}
    assert make_client().post("/confirm/x", headers=other).status_code == 403


def test_the_pages_speak_the_customers_language(
    session: Session, make_client: MakeClient, people: People
) -> None:
    session.execute(text("update customers set language = 'ru'"))
    path = f"/unsubscribe/{unsubscription(KEY, Leaving(people.margaret, 'email', 7))}"
    page: Any = make_client().get(path)
    assert '<html lang="ru"' in page.text and "Больше не присылать предложений?" in words(page.text)
