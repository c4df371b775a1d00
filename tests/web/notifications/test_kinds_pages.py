"""The kinds of notices as people see them, and their words with four eyes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue
from notifications.tables import NoticeVersion, OutboxNotice
from notifications.types import notice_types
from notifications.types.payment_reminder import payment_reminder
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.installation import SIMULATED, note
from utility_crm.kit.settings import settings

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def reminded(session: Session, people: People) -> str:
    """The number of a customer who was reminded of a bill; her name has marks in it."""
    account = session.scalars(select(Account).where(Account.customer_id == people.margaret)).first()
    assert account is not None
    customer = session.get_one(Customer, people.margaret)
    customer.name = "Margaret <b>&Co"
    session.flush()
    notice = payment_reminder(
        customer_id=people.margaret, account_id=account.id, account=account.number, bill="F-9",
        amount_minor=7788, currency="GBP", due_on=NOW.date(),
    )  # fmt: skip
    queue(session, notice, NOW)
    return customer.number


def test_all_kinds_are_listed_with_what_went_out(
    session: Session, make_client: MakeClient, reminded: str
) -> None:
    row = session.scalars(select(OutboxNotice)).one()
    row.state, row.sent_at, row.not_before = "sent", NOW, NOW
    session.flush()
    page = make_client("ops").get("/notices/kinds").text
    for kind in notice_types().values():
        assert f'href="/notices/kinds/{kind.name}"' in page
    assert "Payment reminder goes out most: 1 in 30 days." in words(page)
    assert reminded not in page


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_kind_shows_its_example(make_client: MakeClient, language: str) -> None:
    client = make_client("agent", language=language)
    for kind in notice_types():
        for ask in ("email-en", "sms-ru", "versions", "change"):
            answer = client.get(f"/notices/kinds/{kind}", params={"ask": ask})
            assert answer.status_code == 200
            assert "cannot be written" not in answer.text and "нельзя написать" not in answer.text


def test_real_data_of_a_customer_is_shown_and_safely(make_client: MakeClient, reminded: str) -> None:
    client = make_client("ops")
    page = client.get("/notices/kinds/payment_reminder", params={"customer": reminded}).text
    assert "As it would be written to Margaret <b>&Co now" in words(page)
    assert "£77.88 of bill F-9" in words(page)
    assert 'sandbox=""' in page
    inside = re.search(r'srcdoc="([^"]*)"', page)
    assert inside is not None
    assert "Dear Margaret &lt;b&gt;&amp;Co," in unescape(inside[1])  # escaped for the letter, and again here
    other = client.get("/notices/kinds/bill_ready", params={"customer": reminded}).text
    assert "had no such notice yet" in words(other)
    nobody = client.get("/notices/kinds/bill_ready", params={"customer": "C-NOBODY"}).text
    assert "There is no customer C-NOBODY." in words(nobody)
    short = client.get("/notices/kinds/payment_reminder", params={"customer": reminded, "ask": "sms-ru"}).text
    assert "UCS-2" in short


def test_what_is_missing_is_said(session: Session, make_client: MakeClient, reminded: str) -> None:
    row = session.scalars(select(OutboxNotice)).one()
    row.context = {**row.context, "account": None}
    session.flush()
    page = make_client("ops").get("/notices/kinds/payment_reminder", params={"customer": reminded}).text
    assert "This cannot be sent" in page
    assert "en/text.txt, en/body.html) cannot be written without account" in words(page)


def test_words_are_written_by_one_and_approved_by_another(session: Session, make_client: MakeClient) -> None:
    author, other = make_client("ops"), make_client("admin")
    given = {"language": "en", "part": "subject.txt", "text": "Late: {{ amount }}"}
    here = "/notices/kinds/payment_reminder"
    assert author.post(f"{here}/words", data=given).status_code == 303
    draft = session.scalars(select(NoticeVersion)).one()
    assert "who wrote it does not approve it" in author.get(f"{here}?ask=versions").text
    assert "One draft waits" in author.get("/notices/kinds?ask=drafts").text
    refused = author.post(f"{here}/versions/{draft.id}/approve")
    assert refused.status_code == 409 and "another person does" in refused.text
    assert other.post(f"{here}/versions/{draft.id}/approve").status_code == 303
    assert "Late: £45.12" in author.get(here).text
    again = other.post(f"{here}/versions/{draft.id}/approve")
    assert again.status_code == 409


def test_a_draft_that_does_not_render_comes_back_with_what_was_typed(
    session: Session, make_client: MakeClient
) -> None:
    given = {"language": "ru", "part": "sms.txt", "text": "Счёт\n{{ surname }}"}
    answer = make_client("ops").post("/notices/kinds/payment_reminder/words", data=given)
    assert answer.status_code == 422
    assert "ru/sms.txt, line 2" in answer.text and "{{ surname }}" in answer.text
    assert session.scalars(select(NoticeVersion)).first() is None


def test_agents_look_and_do_not_write(make_client: MakeClient) -> None:
    client = make_client("agent")
    assert client.get("/notices/kinds/bill_ready?ask=change").status_code == 200
    assert client.post("/notices/kinds/bill_ready/words", data={"text": "x"}).status_code == 403
    assert client.get("/notices/kinds/birthday").status_code == 404


def test_a_draft_can_be_laid_aside(session: Session, make_client: MakeClient) -> None:
    author = make_client("ops")
    given = {"language": "en", "part": "sms.txt", "text": "{{ amount }} is late"}
    author.post("/notices/kinds/payment_reminder/words", data=given)
    draft = session.scalars(select(NoticeVersion)).one()
    assert author.post(f"/notices/kinds/payment_reminder/versions/{draft.id}/drop").status_code == 303
    assert "laid aside" in author.get("/notices/kinds/payment_reminder?ask=versions").text


def test_a_preview_in_a_demo_says_that_it_is_simulated(
    session: Session, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its web process has no setting of it: `up --demo` notes it in the database."""
    monkeypatch.setenv("UTILITY_CRM_DEMO", "false")
    settings.cache_clear()
    line = "This utility and its customers are simulated"
    client = make_client("ops")
    assert line not in words(client.get("/notices/kinds/payment_reminder").text)
    note(session, SIMULATED, {"as_of": "2026-11-20"})
    assert line in words(client.get("/notices/kinds/payment_reminder").text)
