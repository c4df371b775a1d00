"""No key is lost: pressed before the page's scripts run, while a sheet is on its way, between two pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.web.browsing import (
    PASSWORD,
    Chromium,
    Page,
    arrive,
    at_address,
    complaining_page,
    focused,
    serving,
    sign_in,
)
from tests.web.people import People, put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.module import Module

pytestmark = pytest.mark.browser


@pytest.fixture
def served(fresh_database_url: str, sample: Module) -> Iterator[tuple[str, People]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        people = put_in(session)
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
    with serving(create_app(engine, installed=[sample], secret="for one test")) as address:
        yield address, people
    engine.dispose()


class Held:
    """Requests that wait until they are let go."""

    def __init__(self) -> None:
        self.routes: list[Any] = []

    def come(self, page: Page) -> Any:
        """The next one."""
        for _turn in range(9_000):
            if self.routes:
                return self.routes.pop(0)
            page.wait_for_timeout(10)  # lets the browser's messages in
        raise AssertionError("nothing was asked for")


@contextmanager
def holding(page: Page, pattern: str) -> Iterator[Held]:
    held = Held()
    page.route(pattern, lambda route: held.routes.append(route))
    yield held
    page.unroute(pattern)


def test_keys_before_the_scripts_are_kept_in_order(chromium: Chromium, served: tuple[str, People]) -> None:
    address, people = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    with holding(page, "**/keys.js*") as held:
        page.goto(f"{address}/customers/{people.joseph}?ask=reach", wait_until="commit")
        page.wait_for_selector("[data-help]")
        script = held.come(page)
        page.keyboard.press("l")
        page.keyboard.type("wants 1 l")
        assert page.is_hidden("#act-l")
        script.continue_()
        page.wait_for_selector("#act-l:not([hidden])")
        page.wait_for_function("document.querySelector('[name=note]').value === 'wants 1 l'")
    assert complaints == []


def test_typing_before_the_cursor_is_in_its_field(chromium: Chromium, served: tuple[str, People]) -> None:
    page, complaints = complaining_page(chromium)
    with holding(page, "**/keys.js*") as held:
        page.goto(served[0], wait_until="commit")
        page.wait_for_selector("#login")
        script = held.come(page)
        page.evaluate("document.activeElement.blur()")  # as on a page whose cursor has not come yet
        page.keyboard.type("priya")
        page.keyboard.press("Tab")
        script.continue_()
        focused(page, "at.name === 'password' && document.querySelector('#login').value === 'priya'")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    arrive(page, lambda now: "sign-in" not in now)
    assert complaints == []


def test_a_key_while_a_sheet_is_on_its_way_acts_on_the_new_one(
    chromium: Chromium, served: tuple[str, People]
) -> None:
    address, people = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.goto(f"{address}/customers/{people.margaret}")
    with holding(page, "**/customers/*?ask=owe*") as held:
        page.keyboard.press("2")
        sheet = held.come(page)
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.dataset.key") == "2", "it waits"
        sheet.continue_()
        focused(page, "at.matches('#main [data-row]') && at.innerText === 'Oct 2026'")
    assert page.title() == "What do I owe? Margaret Ashdown, Northmoor Energy"
    assert page.input_value("#act-l input[name=ask]") == "owe", "what is logged leads back to this question"
    assert complaints == []


def test_of_two_questions_the_last_is_answered(chromium: Chromium, served: tuple[str, People]) -> None:
    address, people = served
    page, _complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.goto(f"{address}/customers/{people.margaret}?ask=said")
    with holding(page, "**/customers/*?ask=owe*") as held:
        page.keyboard.press("2")
        slow = held.come(page)
        page.keyboard.press("1")
        page.wait_for_selector("#sheet-h:has-text('Why is it different?')")
        slow.abort()
    page.keyboard.press("2")
    page.wait_for_selector("#sheet-h:has-text('What do I owe?')")
    assert page.title().startswith("What do I owe?")


def test_keys_between_two_pages_belong_to_the_next(chromium: Chromium, served: tuple[str, People]) -> None:
    address, people = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.goto(f"{address}/customers/{people.margaret}")
    with holding(page, f"{address}/customers") as held:
        page.keyboard.press("g")
        assert page.get_attribute("html", "data-going") is not None
        page.keyboard.press("c")
        room = held.come(page)
        page.keyboard.press("?")
        room.continue_()
        page.wait_for_selector("#help[open]")
    at_address(page, "**/customers")
    assert complaints == []


def test_a_key_of_the_page_before_never_sends_a_form(chromium: Chromium, served: tuple[str, People]) -> None:
    address, people = served
    page, _complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.evaluate(
        "sessionStorage.setItem('typeahead', JSON.stringify([{key: 'x', code: 'KeyX', at: Date.now()}]))"
    )
    add = "<form method=post action=/sign-out><button data-key=x>x</button></form><main"
    page.route(
        f"**/customers/{people.margaret}",
        lambda route: route.fulfill(
            body=route.fetch().text().replace("<main", add, 1), content_type="text/html"
        ),
    )
    page.goto(f"{address}/customers/{people.margaret}")
    focused(page, "at.dataset.key === 'x'")
    page.keyboard.press("x")
    page.wait_for_selector("#login")  # pressed on this page it does


def test_enter_waits_for_who_is_found(chromium: Chromium, served: tuple[str, People]) -> None:
    address, people = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.keyboard.press("Control+k")
    page.keyboard.type("ashdown")
    page.keyboard.press("Enter")  # faster than the list
    arrive(page, f"**/customers/{people.margaret}")
    page.keyboard.press("Control+k")
    page.keyboard.type("nobody of that name")
    page.keyboard.press("Enter")
    arrive(page, "**/customers?q=nobody*")
    assert complaints == []


def test_letters_are_found_on_a_russian_keyboard(chromium: Chromium, served: tuple[str, People]) -> None:
    address, people = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.goto(f"{address}/customers/{people.margaret}")
    russian = {"type": "keyDown", "key": "д", "code": "KeyL", "text": "д", "windowsVirtualKeyCode": 76}
    page.context.new_cdp_session(page).send("Input.dispatchKeyEvent", russian)
    focused(page, "at.name === 'note'")
    assert complaints == []
