"""The pattern of every form, in a real browser and by keyboard alone: refused, asked back, done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from billing_world import NOW, World, flat, two_rate
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from tests.web.browsing import (
    PASSWORD,
    Chromium,
    at_address,
    axe_violations,
    complaining_page,
    focused,
    serving,
    sign_in,
)
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(fresh_database_url: str) -> Iterator[str]:
    """The address of a customer with October billed."""
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        world = World(session)
        world.tariff(two_rate())
        world.tariff(flat())
        one = world.supplied("night", name="Ada Example")
        world.random(one.channel_id, date(2026, 9, 30), 34, 11)
        issue_cycle(
            session, Month(2026, 10), 1, [one.account_id],
            issued_on=date(2026, 11, 3), known_at=NOW - timedelta(days=10), now=NOW,
        )  # fmt: skip
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
        add_user(session, login="tom", name="Tom Reed", role="agent", password=PASSWORD)
    with serving(create_app(engine, secret="for one test")) as address:
        yield f"{address}/customers/{one.customer_id}"
    engine.dispose()


def test_a_call_is_logged_and_a_contact_edited_by_keyboard_alone(chromium: Chromium, customer: str) -> None:
    page, _ = complaining_page(chromium)
    sign_in(page, customer, "priya")
    page.goto(f"{customer}?ask=owe")
    page.keyboard.press("l")
    focused(page, "at.id === 'f-act-contact-note'")
    page.keyboard.type("called about the bill")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".notice.ok")
    assert "called about the bill" in page.inner_text("aside.side")
    page.keyboard.press("e")
    focused(page, "at.id === 'f-act-reach-value'")


def test_a_slider_keeps_every_step_however_quickly_it_is_moved(chromium: Chromium, customer: str) -> None:
    page, _ = complaining_page(chromium)
    sign_in(page, customer, "priya")
    page.goto(f"{customer}?ask=tariff")
    page.focus("#f-shift")
    for _press in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_selector("output:text-is('30 %')")
    assert page.input_value("#f-shift") == "30"
    focused(page, "at.id === 'f-shift'")


def test_a_form_is_refused_asked_back_and_done_by_keyboard_alone(chromium: Chromium, customer: str) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, customer, "priya")
    page.goto(f"{customer}?ask=why")
    page.keyboard.press("r")
    focused(page, "at.id === 'f-act-payment-amount'")
    for key in ("ten", "Tab", "card-1", "Tab", "Tab", "Enter"):
        page.keyboard.type(key) if key in ("ten", "card-1") else page.keyboard.press(key)
    page.wait_for_selector("text=Not done")
    focused(page, "at.id === 'f-act-payment-amount'")  # the cursor is where the mistake is
    assert (
        page.input_value("#f-act-payment-amount") == "ten"
        and page.input_value("#f-act-payment-reference") == "card-1"
    )
    assert "is no amount such as" in page.inner_text("#f-act-payment-amount-d")
    assert "is no amount such as" in page.inner_text("#spoken")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") > 100  # below the strip
    assert not axe_violations(page)

    page.keyboard.press("Control+a")
    page.keyboard.type("9000")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Are you sure?")
    focused(page, "at.id === 'ask-act-payment'")
    assert "of £9,000.00 would be kept for bills to come" in page.inner_text("#ask-act-payment")
    assert not axe_violations(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Book it all the same"
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Payment of £9,000.00 taken")
    at_address(page, f"{customer}?ask=why")  # over the question where it was asked for
    assert "is held for them" in page.inner_text("#spoken")
    assert page.evaluate("Object.keys(sessionStorage).filter((one) => one.startsWith('draft '))") == []
    page.reload()
    assert not page.is_visible("text=Payment of £9,000.00 taken")
    assert [one for one in complaints if "status of 422" not in one] == []  # a page of its own status


def test_what_one_has_typed_is_not_shown_to_who_signs_in_next_in_the_same_tab(
    chromium: Chromium, customer: str
) -> None:
    page, _ = complaining_page(chromium)

    def amount_of(login: str) -> str:
        page.context.clear_cookies()  # the session ended by itself: nothing told the browser to forget
        sign_in(page, f"{customer}?ask=why", login)
        page.keyboard.press("r")
        focused(page, "at.id === 'f-act-payment-amount'")
        return str(page.input_value("#f-act-payment-amount"))

    first = amount_of("priya")
    page.keyboard.press("Control+a")
    page.keyboard.type("12.34")
    page.wait_for_function("() => Object.values(sessionStorage).some((one) => one.includes('12.34'))")
    assert amount_of("tom") == first != "12.34"
    assert amount_of("priya") == "12.34"
