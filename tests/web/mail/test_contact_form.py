"""Anybody writes to us by the form: a number at the end, and no way in for programs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from notifications.tables import OutboxNotice
from tests.web.conftest import MakeClient
from utility_crm.kit.clock import utc_now
from utility_crm.kit.runtime import secret_key
from utility_crm.kit.settings import settings
from utility_crm.mail.contact_pages import A_QUARTER_OF_AN_HOUR, LONGEST_TEXT
from utility_crm.mail.domain.form_stamp import stamp
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.tables import Ticket, TicketMessage

GIVEN = {
    "kind": "billing", "text": "My bill is too high.", "name": "Ann Hill", "email": "Ann@Home.example",
    "account": "A-77", "website": "", "language": "en",
}  # fmt: skip


@pytest.fixture
def anybody(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests")
    settings.cache_clear()
    return make_client()


def stamped(ago: timedelta = timedelta(minutes=2), nonce: str = "one") -> str:
    return stamp(secret_key(), utc_now() - ago, nonce)


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_message_gets_a_number_a_ticket_and_a_receipt(anybody: TestClient, session: Session) -> None:
    page = anybody.post("/contact", data={**GIVEN, "stamp": stamped()})
    assert page.status_code == 200
    number = re.search(r"T-\d{5,}", page.text)
    assert number
    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.number, ticket.kind, ticket.channel, ticket.language) == (
        number[0],
        "billing",
        "web",
        "en",
    )
    message = session.scalars(select(TicketMessage)).one()
    assert (message.text, message.sender) == ("My bill is too high.\n\n[A-77]", "ann@home.example")
    receipt = session.scalars(select(OutboxNotice)).one()
    assert (receipt.notice, receipt.address, receipt.customer_id) == (
        "ticket_received",
        "ann@home.example",
        None,
    )


def test_the_form_sent_twice_is_one_message(anybody: TestClient, session: Session) -> None:
    given = {**GIVEN, "stamp": stamped()}
    first, second = anybody.post("/contact", data=given), anybody.post("/contact", data=given)
    assert re.findall(r"T-\d{5,}", first.text) == re.findall(r"T-\d{5,}", second.text)
    assert count(session, TicketMessage) == 1


def test_who_goes_back_and_writes_something_else_is_heard(anybody: TestClient, session: Session) -> None:
    given = {**GIVEN, "stamp": stamped()}
    first = anybody.post("/contact", data=given)
    second = anybody.post("/contact", data={**given, "text": "And there is a smell of gas."})
    assert re.findall(r"T-\d{5,}", first.text) != re.findall(r"T-\d{5,}", second.text)
    said = session.scalars(select(TicketMessage.text).order_by(TicketMessage.id)).all()
    assert [one.partition("\n")[0] for one in said] == [GIVEN["text"], "And there is a smell of gas."]


@pytest.mark.parametrize(
    "by_program", [{"website": "https://spam.example"}, {"stamp": "at once"}], ids=["filled", "fast"]
)
def test_what_a_program_fills_in_is_kept_aside_and_the_program_hears_nothing_of_it(
    anybody: TestClient, session: Session, by_program: dict[str, str]
) -> None:
    given = {**GIVEN, "stamp": stamped(), **by_program}
    if by_program.get("stamp"):
        given["stamp"] = stamped(timedelta())
    page = anybody.post("/contact", data=given)
    assert page.status_code == 200
    assert (count(session, Ticket), count(session, OutboxNotice)) == (0, 0)
    assert session.scalars(select(Arrival.reason)).one() == "honeypot"


@pytest.mark.parametrize(
    "bad",
    ["", "1.one.forged", "x", stamp("another secret", utc_now(), "one")],
    ids=["none", "made up", "a letter", "of another secret"],  # the same in every process
)
def test_a_forged_stamp_is_refused_and_what_was_typed_stays(anybody: TestClient, bad: str) -> None:
    page = anybody.post("/contact", data={**GIVEN, "stamp": bad})
    assert page.status_code == 409
    assert "My bill is too high." in page.text


def test_an_old_form_is_sent_once_more(anybody: TestClient) -> None:
    page = anybody.post("/contact", data={**GIVEN, "stamp": stamped(timedelta(hours=25))})
    assert page.status_code == 409


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("email", "nobody", "is not an e-mail address"),
        ("email", "ann@home.example\r\nBcc: eve@far.example", "is not an e-mail address"),
        ("name", "", "Write your name"),
        ("text", "", "Write what it is about"),
        ("text", "x" * (LONGEST_TEXT + 1), "At most 5000 characters"),
        ("kind", "root", "Choose one of what is offered"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    anybody: TestClient, session: Session, field: str, typed: str, words: str
) -> None:
    page = anybody.post("/contact", data={**GIVEN, "stamp": stamped(), field: typed})
    assert page.status_code == 422
    assert words in page.text
    assert f'id="f-contact-{field}-d"' in page.text
    assert count(session, Arrival) == 0


def test_a_network_that_writes_too_often_waits(anybody: TestClient) -> None:
    for number in range(A_QUARTER_OF_AN_HOUR):
        page = anybody.post("/contact", data={**GIVEN, "stamp": stamped(nonce=str(number))})
        assert page.status_code == 200
    page = anybody.post("/contact", data={**GIVEN, "stamp": stamped(nonce="more")})
    assert page.status_code == 429


def test_the_form_speaks_the_browsers_language(anybody: TestClient) -> None:
    page = anybody.get("/contact", headers={"accept-language": "ru-RU,ru;q=0.9"})
    assert 'lang="ru"' in page.text
    assert "Напишите нам" in page.text
    assert "set-cookie" not in page.headers
    assert "Write to us" in anybody.get("/contact?language=en", headers={"accept-language": "ru"}).text


def test_the_form_may_be_sent_from_another_site(anybody: TestClient) -> None:
    heads = {"origin": "https://www.utility.example", "sec-fetch-site": "cross-site"}
    assert anybody.post("/contact", data={**GIVEN, "stamp": stamped()}, headers=heads).status_code == 200
