"""The question of what we may send: its sentence, its table, and a word kept or taken back by the agent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import delete, event, func, select
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.outbox.queueing import queue
from notifications.tables import Consent, OutboxNotice
from notifications.types.payment_reminder import payment_reminder
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.tables import Account, ContactPoint

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
FORM = {"purpose": "marketing", "channel": "sms", "granted": "yes", "proof": " said on  the phone "}


@pytest.fixture(autouse=True)
def at_1442(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 14:42 on Friday 20 November 2026."""
    monkeypatch.setattr("utility_crm.web.visit.utc_now", lambda: NOW)


def words(page: str) -> str:
    """What a page says, without its marks."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def row_of(page: str, key: str) -> str:
    found = re.search(rf'<tr id="{key}".*?</tr>', page, re.S)
    assert found is not None
    return found[0]


def sentence(page: str) -> str:
    found = re.search(r"<blockquote.*?</blockquote>", page, re.S)
    assert found is not None
    return words(found[0]).strip()


def said(
    session: Session, customer: int, purpose: str, granted: bool, days_ago: int = 1, channel: str = "email"
) -> None:
    at = NOW - timedelta(days=days_ago)
    record_consent(session, customer, purpose, channel, granted=granted, now=at, proof="letter of theirs")


@pytest.mark.parametrize(
    ("service", "marketing", "answer", "spoken"),
    [
        (None, None, "service yes · marketing no", "about outages and bills, and send no offers"),
        (True, True, "service yes · marketing yes", "about outages and bills, and send you offers"),
        (False, True, "service no · marketing yes", "offers by email, and nothing about outages"),
        (False, False, "service no · marketing no", "nothing by email, neither about outages"),
    ],
)
def test_the_answer_and_the_sentence_follow_their_word(
    session: Session,
    make_client: MakeClient,
    people: People,
    service: bool | None,
    marketing: bool | None,
    answer: str,
    spoken: str,
) -> None:
    for purpose, granted in (("service", service), ("marketing", marketing)):
        if granted is not None:
            said(session, people.margaret, purpose, not granted, days_ago=9)
            said(session, people.margaret, purpose, granted)
    page = make_client("agent").get(f"/customers/{people.margaret}?ask=told").text
    assert answer in words(page)
    assert spoken in sentence(page)
    assert len(sentence(page).split()) <= 25


def test_without_an_address_it_asks_for_one(
    session: Session, make_client: MakeClient, people: People
) -> None:
    session.execute(delete(ContactPoint).where(ContactPoint.kind == "email"))
    page = make_client("agent").get(f"/customers/{people.margaret}?ask=told").text
    assert "We have no email address for you" in sentence(page)
    assert len(sentence(page).split()) <= 25


def test_the_table_says_since_when_and_how_we_know(
    session: Session, make_client: MakeClient, people: People
) -> None:
    said(session, people.margaret, "service", False)
    page = make_client("agent").get(f"/customers/{people.margaret}?ask=told").text
    withdrawn, silent = row_of(page, "service-email"), row_of(page, "service-sms")
    assert "no they said so 19 Nov 2026 letter of theirs" in words(withdrawn)
    assert ">Grant<" in withdrawn and ">Withdraw<" not in withdrawn
    assert "yes until they object nothing was said" in words(silent)
    assert ">Grant<" in silent and ">Withdraw<" in silent
    assert "no until they agree" in words(row_of(page, "marketing-letter"))
    assert page.count('name="proof"') == 12


def test_their_word_is_kept_with_its_proof_and_the_older_one_stays(
    session: Session, make_client: MakeClient, people: People
) -> None:
    said(session, people.margaret, "marketing", False, channel="sms")
    client, path = make_client("agent"), f"/customers/{people.margaret}"
    answer = client.post(f"{path}/consent", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{path}?ask=told&changed=marketing-sms",
    )
    kept = session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [(one.granted, one.proof) for one in kept] == [
        (False, "letter of theirs"),
        (True, "said on the phone"),
    ]
    assert (kept[1].customer_id, kept[1].at) == (people.margaret, NOW)
    page = client.get(answer.headers["location"]).text
    assert "They agreed: marketing: offers, by sms." in words(page)
    assert "yes they agreed 20 Nov 2026 said on the phone; taken by Priya Nair" in words(
        row_of(page, "marketing-sms")
    )
    client.post(f"{path}/consent", data={**FORM, "granted": "no"})
    page = client.get(answer.headers["location"]).text
    assert "They withdrew: marketing: offers, by sms." in words(page)
    history = words(page[page.index('id="history"') :])
    assert history.index("withdrew marketing") < history.index("agreed marketing")
    assert "letter of theirs" in history and "Priya Nair" in history


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"proof": "  "}, 422),
        ({"proof": "x" * 201}, 422),
        ({"purpose": "gossip"}, 422),
        ({"channel": "pigeon"}, 422),
        ({"granted": "perhaps"}, 422),
    ],
)
def test_what_cannot_be_kept_is_not(
    session: Session, make_client: MakeClient, people: People, changes: dict[str, str], status: int
) -> None:
    answer = make_client("agent").post(f"/customers/{people.margaret}/consent", data={**FORM, **changes})
    assert answer.status_code == status
    assert session.scalar(select(func.count(Consent.id))) == 0


def test_nobody_elses_word_and_nobody_elses_hand(
    session: Session, make_client: MakeClient, people: People
) -> None:
    assert make_client("agent").post("/customers/999999999/consent", data=FORM).status_code == 404
    client, path = make_client("marketer"), f"/customers/{people.margaret}"
    assert client.post(f"{path}/consent", data=FORM).status_code == 403
    assert 'name="proof"' not in client.get(f"{path}?ask=told").text
    assert session.scalar(select(func.count(Consent.id))) == 0
    assert make_client("admin").post(f"{path}/consent", data=FORM).status_code == 303


def test_what_we_wrote_says_why_it_went_or_did_not(
    session: Session, make_client: MakeClient, people: People
) -> None:
    account = session.scalars(select(Account).where(Account.customer_id == people.margaret)).one()
    for channel in ("email", "sms"):
        said(session, people.margaret, "service", False, channel=channel)
    for number in range(12):
        notice = payment_reminder(
            customer_id=people.margaret, account_id=account.id, account=account.number,
            bill=f"F-{number:06}", amount_minor=3152, currency="GBP", due_on=date(2026, 11, 6),
        )  # fmt: skip
        queue(session, notice, NOW - timedelta(hours=20 - number))
    last = session.scalars(select(OutboxNotice).where(OutboxNotice.about == "bill:F-000011")).one()
    last.state, last.reason, last.sent_at, last.subject = "sent", None, NOW, "Your bill is late"
    session.flush()
    page = make_client("agent").get(f"/customers/{people.margaret}?ask=told").text
    shown = words(page[page.index('id="sent"') : page.index("</table>", page.index('id="sent"'))])
    assert "F-000011 sent Your bill is late" in shown
    assert "F-000010 not sent the customer asked us not to write this way" in shown
    assert "F-000002" in shown and "F-000001" not in shown


def test_the_question_costs_one_statement(session: Session, make_client: MakeClient, people: People) -> None:
    """The notices are the timeline's own, the address is the page's."""
    client, sent = make_client("agent"), list[str]()
    said(session, people.margaret, "service", True)

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", note)
    for ask in ("reach", "told"):
        client.get(f"/customers/{people.margaret}?ask={ask}")
    event.remove(session.get_bind(), "before_cursor_execute", note)
    assert sum("from consents" in one for one in sent) == 2
    assert sum("from outbox left join customers" in one for one in sent) == 2


def test_it_is_said_in_russian(make_client: MakeClient, people: People) -> None:
    page = words(make_client("agent", language="ru").get(f"/customers/{people.margaret}?ask=told").text)
    assert "Что вы можете мне присылать?" in page
    assert "об услуге да · реклама нет" in page
