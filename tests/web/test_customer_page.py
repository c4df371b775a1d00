"""The customer page: who it is about, the questions, the sheet, what lies around, and what can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, event, select, update
from sqlalchemy.orm import Session

from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.card import customer_card
from utility_crm.customers.tables import Account, Contact, ContactPoint, CustomerFlag
from utility_crm.kit.errors import NotFound
from utility_crm.kit.module import Module

HX = {"HX-Request": "true"}


@contextmanager
def counted(connection: Connection) -> Iterator[list[str]]:
    """The statements sent while the block runs, savepoints apart."""
    sent: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        if not statement.upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield sent
    event.remove(connection, "before_cursor_execute", note)


def test_the_strip_says_who_it_is(make_client: MakeClient, people: People, sample: Module) -> None:
    page = make_client("agent", installed=[sample]).get(f"/customers/{people.margaret}").text
    strip = page[page.index('<section class="strip"') : page.index("</section>", page.index("strip-who"))]
    for words in (
        "Margaret Ashdown", "Household, English, customer since March 2019", "14 Tannery Row", "KB4 2TN",
        "Moorside", "4100227815", "Medical need", "dialysis at home", "Complaint", "since 11 Nov",
        "07700 900418", "Pays by card", "solar soon", "Balance", "£167.86", "Planned outage here",
    ):  # fmt: skip
        assert words in strip
    assert "Simulated data" in page


def test_the_page_costs_a_constant_five_queries(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent", installed=[])
    client.get(f"/customers/{people.bakery}")
    for n in range(30):
        session.add(Contact(customer_id=people.margaret, channel="call", topic="bill", note=str(n)))
    session.flush()
    with counted(session.connection()) as sent:
        assert client.get(f"/customers/{people.margaret}").status_code == 200
    assert len(sent) <= 5, sent


def test_questions_are_numbered_answered_and_the_first_is_chosen(
    make_client: MakeClient, people: People, sample: Module
) -> None:
    client = make_client("agent", installed=[sample])
    page = client.get(f"/customers/{people.margaret}").text
    ask = page[page.index('<nav class="ask"') : page.index("<main")]
    titles = re.findall(r'<kbd>(\d)</kbd><span class="q">([^<]+)', ask)
    assert titles == [
        ("1", "Why is it different?"), ("2", "What do I owe?"),
        ("3", "How do we reach you?"), ("4", "Who may speak for them?"), ("5", "What did we say last time?"),
            ("6", "What do you know about me?"),
    ]  # fmt: skip
    assert "+£31.52 <i>on September</i>" in ask
    assert ask.count("aria-current") == 1 and ask.index("aria-current") < ask.index("What do I owe?")
    assert "£31.52 more" in page


def test_a_chosen_sheet_is_the_same_in_the_page_and_alone(
    make_client: MakeClient, people: People, sample: Module
) -> None:
    client = make_client("agent", installed=[sample])
    address = f"/customers/{people.margaret}?ask=why&against=October+last+year"
    page, alone = client.get(address), client.get(address, headers=HX)
    assert alone.text.strip() in page.text
    assert "<html" not in alone.text and "October last year" in alone.text
    restored = client.get(address, headers=HX | {"HX-History-Restore-Request": "true"})
    assert "<html" in restored.text


def test_a_part_that_fails_says_so_in_its_place(
    make_client: MakeClient, people: People, sample: Module, may_fail: None, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Module(name="sample", customer="sample:BROKEN_ROOM")
    page = make_client("agent", installed=[broken]).get(f"/customers/{people.margaret}")
    assert page.status_code == 200
    code = caplog.records[0].getMessage().split()[-1]
    assert f"not now <i>{code}</i>" in page.text
    for words in ("£31.52 more", "07700 900418", "Answer the complaint"):  # what comes after it still works
        assert words in page.text
    assert "no_such_column" not in page.text and "no_such_column" in caplog.text


def test_nobody_of_that_number(make_client: MakeClient, session: Session) -> None:
    answer = make_client("agent", installed=[]).get("/customers/999999999")
    assert answer.status_code == 404 and "There is no customer" in answer.text
    with pytest.raises(NotFound):
        customer_card(session, 999999999)


def test_the_payer_and_the_holder_are_both_named(session: Session, people: People) -> None:
    bakery, joseph = customer_card(session, people.bakery), customer_card(session, people.joseph)
    assert bakery.account is not None and joseph.account is not None
    assert (bakery.account.holds, bakery.account.other) == (True, "Joseph Okafor")
    assert (joseph.account.holds, joseph.account.other) == (False, "Thornbury Bakery Ltd")
    assert bakery.account.number == joseph.account.number == "4100227816"


def test_logging_a_contact_keeps_it_and_comes_back(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client = make_client("agent", installed=[])
    form = {
        "channel": "call",
        "topic": "bill",
        "note": "asked about <October>",
        "complaint": "yes",
        "ask": "why",
    }
    answer = client.post(f"/customers/{people.joseph}/contacts", data=form)
    assert answer.headers["location"] == f"/customers/{people.joseph}?ask=why"
    kept = session.scalars(select(Contact).where(Contact.customer_id == people.joseph)).one()
    assert (kept.channel, kept.topic, kept.complaint, kept.note) == (
        "call",
        "bill",
        True,
        "asked about <October>",
    )
    assert kept.author_id is not None and kept.at.date().isoformat() == "2026-11-20"
    page = client.get(answer.headers["location"]).text
    assert "The complaint is kept; from now on it waits for our answer." in page
    assert "asked about &lt;October&gt;" in page and "<October>" not in page
    assert "Answer the complaint" in page
    refused = client.post(f"/customers/{people.joseph}/contacts", data={"channel": "pigeon", "topic": "bill"})
    assert refused.status_code == 422


def test_a_complaint_is_answered_once(session: Session, make_client: MakeClient, people: People) -> None:
    client = make_client("agent", installed=[])
    address = f"/customers/{people.margaret}/contacts/{people.complaint}/answer"
    assert client.post(address, data={"outcome": " "}).status_code == 422
    answer = client.post(address, data={"outcome": "explained, £3.36 given back"})
    assert answer.status_code == 303
    contact = session.get(Contact, people.complaint)
    assert contact is not None
    session.refresh(contact)
    assert contact.answered_at is not None and contact.outcome == "explained, £3.36 given back"
    assert client.post(address, data={"outcome": "again"}).status_code == 404
    page = client.get(f"/customers/{people.margaret}?ask=said").text
    assert "Answer the complaint" not in page and "answered 20 Nov" in page


@pytest.mark.parametrize(("days", "hurries"), [(None, True), (90, True), (91, False)])
def test_a_complaint_of_one_long_gone_is_owed_without_alarm(
    session: Session, make_client: MakeClient, people: People, days: int | None, hurries: bool
) -> None:
    if days is not None:
        account = session.scalars(select(Account).where(Account.customer_id == people.margaret)).one()
        account.closed_on = date(2026, 11, 20) - timedelta(days=days)
        session.flush()
    page = make_client("agent", installed=[]).get(f"/customers/{people.margaret}").text
    todo = page[page.index('<section aria-labelledby="bye">') :]
    todo = todo[: todo.index("</section>")]
    assert "Answer the complaint" in todo
    assert ('<span class="st bad">Answer the complaint</span>' in todo) == hurries


def test_ways_to_reach_are_added_preferred_and_removed(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}/reach"
    assert client.post(path, data={"kind": "phone", "value": "07700 900419"}).status_code == 303
    refused = client.post(path, data={"kind": "phone", "value": "7"})
    assert refused.status_code == 422 and "is not a phone number" in refused.text
    assert 'value="7"' in refused.text and 'aria-invalid="true"' in refused.text
    again = client.post(path, data={"kind": "email", "value": "M.Ashdown@mail.example"})
    assert again.status_code == 409 and "is already here" in again.text
    assert "is not an e-mail address" in client.post(path, data={"kind": "email", "value": "x@"}).text
    points = {
        point.normal: point
        for point in session.scalars(
            select(ContactPoint)
            .where(ContactPoint.customer_id == people.margaret)
            .execution_options(populate_existing=True)
        )
    }
    new = points["+447700900419"]
    assert client.post(f"{path}/{new.id}/prefer").status_code == 303
    preferred = [point.value for point in customer_card(session, people.margaret).points if point.preferred]
    assert preferred == ["+44 7700 900419"]
    assert client.post(f"{path}/{points['+447700900418'].id}/remove").status_code == 303
    assert len(customer_card(session, people.margaret).points) == 2
    assert client.post(f"/customers/{people.joseph}/reach/{new.id}/remove").status_code == 404
    assert client.post(f"{path}/{new.id}/burn").status_code == 422


def test_opened_customers_become_tabs(make_client: MakeClient, people: People) -> None:
    client = make_client("agent", installed=[])
    for one in (people.margaret, people.bakery, people.joseph):
        client.get(f"/customers/{one}")
    page = client.get(f"/customers/{people.bakery}").text
    tabs = page[page.index('<nav class="tabs"') : page.index("</nav>", page.index('<nav class="tabs"'))]
    named = re.findall(r">([^<>]+?) ?<(?:/a|span)", tabs)
    assert named == ["Margaret Ashdown", "Thornbury Bakery Ltd", "Joseph Okafor"]
    client.cookies.set("recent", "abc.99999999999999999999.5;drop")
    assert client.get("/customers").status_code == 200


def test_the_search_box_finds_while_typing(make_client: MakeClient, people: People) -> None:
    client = make_client("agent", installed=[])
    found = client.get("/customers/found?q=ashd", headers=HX).text
    assert f'data-href="/customers/{people.margaret}"' in found and "4100227815" in found
    assert "Nobody found for “xyzzy &lt;b&gt;”" in client.get("/customers/found?q=xyzzy+<b>", headers=HX).text
    assert client.get("/customers/found?q=a", headers=HX).text.strip() == ""
    assert client.get("/customers?q=ashdown").headers["location"] == f"/customers/{people.margaret}"
    several = client.get("/customers?q=o").text + client.get("/customers?q=C10000").text
    assert "Nobody found" in several


def test_the_desk_counts_what_needs_us(make_client: MakeClient, people: People) -> None:
    client = make_client("agent", installed=[])
    said = {"channel": "call", "topic": "moving", "note": "moves in May"}
    client.post(f"/customers/{people.joseph}/contacts", data=said)
    desk = client.get("/").text
    said = re.sub(r"\d\d:\d\d", "12:00", desk)
    assert "to us was Joseph Okafor, on Friday 20 November at 12:00, about a move." in said
    complaints = client.get("/?ask=complaints", headers=HX).text
    assert "One complaint waits for an answer, since Wednesday 11 November 2026." in complaints
    assert "complaint, 9 days" in complaints
    assert "One consent is due for review within 30 days." in client.get("/?ask=care").text
    assert "You kept one contact today." in client.get("/?ask=mine").text


@pytest.mark.parametrize("ask", ["last", "complaints", "care", "mine"])
def test_an_empty_desk_says_so(make_client: MakeClient, ask: str) -> None:
    assert make_client("agent", installed=[]).get(f"/?ask={ask}").status_code == 200


def test_others_begin_in_their_own_room(make_client: MakeClient) -> None:
    assert make_client("ops", installed=[]).get("/").headers["location"] == "/customers"


def test_a_need_whose_review_is_past_is_late_and_to_be_asked_about(
    session: Session, make_client: MakeClient, people: People
) -> None:
    client, path = make_client("agent", installed=[]), f"/customers/{people.margaret}?ask=reach"
    assert "Review their medical need" not in client.get(path).text
    session.execute(update(CustomerFlag).values(review_on=date(2026, 10, 1)))
    shown = client.get(path).text
    assert "Review their medical need" in shown and "late since 1 Oct 2026" in shown
