"""Tickets in a real browser, by keyboard alone; two agents at one ticket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care, put_in
from tests.web.browsing import (
    PASSWORD,
    Chromium,
    arrive,
    axe_violations,
    complaining_page,
    focused,
    serving,
    sign_in,
)
from utility_crm.app import create_app
from utility_crm.auth.actions import set_password
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.tickets.domain.numbers import number_of

pytestmark = pytest.mark.browser


@dataclass
class Desk:
    """Where it is served, and the tickets there."""

    address: str
    bill: str
    meter: str


@pytest.fixture
def desk(fresh_database_url: str) -> Iterator[Desk]:
    load_tables()
    engine = make_engine(fresh_database_url, pool_size=8)
    with Session(engine) as session, session.begin():
        care: Care = put_in(session)
        for login in ("priya", "omar"):
            set_password(session, login, PASSWORD)
        bill = number_of(care.open(priority="high"))
        meter = number_of(care.open(kind="meter", subject="Fast meter", customer_id=care.bakery))
    with serving(create_app(engine, secret="for one test")) as address:
        yield Desk(address, bill, meter)
    engine.dispose()


def test_from_the_queue_to_a_sent_answer_by_keyboard_alone(chromium: Chromium, desk: Desk) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, desk.address, "priya")
    for key in ("g", "t"):
        page.keyboard.press(key)
    arrive(page, "**/tickets")
    page.keyboard.press("4")
    page.wait_for_selector('#main h2:text-is("Which are nobody\'s?")')
    page.keyboard.press("j")
    focused(page, "at.textContent === 'My bill'")
    page.keyboard.press("x")
    assert page.is_checked("tr:has(a:text-is('My bill')) input")
    assert "1" in page.inner_text("#many [data-chosen]")
    page.keyboard.press("Shift+X")
    assert page.locator("input[data-choose]:checked").count() == 2
    page.select_option("#f-many-priority", "low")  # what is wanted of many asks for no other list
    assert page.locator("input[data-choose]:checked").count() == 2 and "priority" not in page.url
    page.keyboard.press("b")
    focused(page, "at.id === 'f-many-assignee_id'")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".notice.ok:has-text('2 tickets changed.')")
    page.select_option("#f-look-order", "newest")
    page.wait_for_url("**order=newest**")
    page.focus("a[data-row]:text-is('My bill')")
    page.keyboard.press("Enter")
    arrive(page, f"**/tickets/{desk.bill}")
    page.keyboard.press("t")
    page.wait_for_selector(".notice.ok:has-text('It is yours.')")
    page.keyboard.press("r")
    focused(page, "at.id === 'f-answer-text'")
    page.keyboard.type("It was cold in October.")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".notice.ok:has-text('The answer is kept')")
    assert "It was cold in October." in page.inner_text("#conversation")
    page.keyboard.press("o")
    focused(page, "at.id === 'f-note-text'")
    page.keyboard.type("@omar have a look")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".msg.note:has-text('@omar have a look')")
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    arrive(page, "**/tickets")
    assert axe_violations(page) == []
    assert complaints == []


def test_two_agents_at_one_ticket_lose_nothing(chromium: Chromium, desk: Desk) -> None:
    priya, complaints = complaining_page(chromium)
    omar, _ = complaining_page(chromium)
    for page, login in ((priya, "priya"), (omar, "omar")):
        sign_in(page, desk.address, login)
        page.goto(f"{desk.address}/tickets/{desk.bill}")
        page.wait_for_selector("#f-answer-text")
    priya.keyboard.press("r")
    priya.keyboard.type("From Priya")
    omar.wait_for_selector("#here:has-text('Priya Nair is writing')")
    omar.keyboard.press("r")
    omar.keyboard.type("From Omar, with much thought")
    priya.keyboard.press("Control+Enter")
    priya.wait_for_selector(".notice.ok")
    omar.keyboard.press("Control+Enter")
    omar.wait_for_selector(".notice.bad:has-text('Priya Nair answered meanwhile')")
    assert omar.input_value("#f-answer-text") == "From Omar, with much thought"
    assert "From Priya" in omar.inner_text("#conversation")
    omar.focus("#f-answer-text")
    omar.keyboard.press("Control+Enter")
    omar.wait_for_selector(".notice.ok")
    said = omar.inner_text("#conversation")
    assert said.count("From Priya") == 1 and said.count("From Omar") == 1
    assert complaints == []
