"""In a real browser: by keyboard alone, readable for everyone, nothing blocked by our own policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from tests.web.browsing import (
    PASSWORD,
    Chromium,
    arrive,
    at_address,
    complaining_page,
    focused,
    serving,
    sign_in,
    violations_in,
)
from tests.web.people import People, put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.module import Module

pytestmark = pytest.mark.browser
LOOKS = (("light", 1280), ("dark", 1280), ("light", 390))
SMALL = ({"width": 390, "height": 844}, {"width": 640, "height": 360})  # the last is 1280 x 720 at 200 %


@dataclass
class Served:
    """The application on a port of its own, over a database of its own."""

    address: str
    people: People


@pytest.fixture
def served(fresh_database_url: str, sample: Module) -> Iterator[Served]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        people = put_in(session)
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
    with serving(create_app(engine, installed=[sample], secret="for one test")) as address:
        yield Served(address, people)
    engine.dispose()


def test_from_sign_in_to_the_answer_by_keyboard_alone(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.keyboard.press("Control+k")
    page.keyboard.type("ashdo", delay=20)
    page.wait_for_selector("#found [aria-selected=true]")
    page.keyboard.press("Enter")
    arrive(page, f"**/customers/{served.people.margaret}")
    assert page.title() == "Margaret Ashdown, Northmoor Energy"
    assert "£31.52 more" in page.inner_text("blockquote")

    page.keyboard.press("2")
    page.wait_for_selector("#sheet-h:has-text('What do I owe?')")
    at_address(page, "**?ask=owe")
    chosen = page.evaluate(
        "document.activeElement.getAttribute('aria-current') + document.activeElement.innerText"
    )
    assert chosen.startswith("true") and "What do I owe?" in chosen
    assert "£43.17" in page.inner_text("#spoken")
    page.keyboard.press("j")
    focused(page, "at.innerText === 'Oct 2026'")
    page.go_back()
    page.wait_for_selector("#sheet-h:has-text('Why is it different?')")
    assert complaints == []


def test_a_call_is_logged_by_keyboard_alone(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.goto(f"{served.address}/customers/{served.people.joseph}?ask=reach")
    page.keyboard.press("l")
    focused(page, "at.name === 'note'")
    page.keyboard.type("wants his meter moved; l and 1 are letters here")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("m")  # the first: a list forgets what was typed a second ago
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("v")  # visit
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=What was said is kept, on top of the timeline.")
    assert page.inner_text(".tl li:not(.day)").startswith("14:") or "Visit" in page.inner_text(".tl")
    assert "wants his meter moved" in page.inner_text(".tl")
    at_address(page, "**ask=reach")
    page.keyboard.press("l")
    focused(page, "at.name === 'note'")
    page.keyboard.press("Escape")
    page.wait_for_selector("#act-l", state="hidden")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_selector("text=What needs us")
    assert complaints == []


def test_help_lists_the_keys_and_letters_can_be_switched_off(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    listed = page.inner_text("#help")
    for words in ("Send this answer", "Log", "Edit", "find a customer", "Desk", "all keys",
                  "Why is it different?", "What do I owe?", "down, up in a list"):  # fmt: skip
        assert words in listed
    works = page.eval_on_selector_all(
        "[data-key]", "each => each.filter(one => one.getClientRects().length).map(one => one.dataset.key)"
    )
    works = [f"Shift {key}" if key.isupper() else key for key in works]
    told = page.eval_on_selector_all("#help dt kbd", "caps => caps.map(cap => cap.textContent)")
    assert set(works) <= set(told) and len(works) > 4
    page.uncheck("[data-letters]")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    assert page.is_hidden("#act-l")
    page.reload()
    page.keyboard.press("2")
    assert page.inner_text("#sheet-h") == "Why is it different?"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "q"
    assert complaints == []


def test_the_timeline_is_filtered_and_grows(chromium: Chromium, served: Served) -> None:
    page, _complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    seen = ".tl [data-kind]:visible"
    assert page.locator(seen).count() == 20
    page.click("text=4 older")
    page.wait_for_selector("[data-older]", state="detached")
    assert page.locator(seen).count() == 24
    page.click(".chips >> text=Payments 11")
    page.wait_for_selector("text=11 of 24 shown, only Payments.")
    assert page.locator(seen).count() == 11 and page.locator(".tl .day:visible").count() == 11
    at_address(page, "**shown=**")
    shared = page.url
    page.click(".chips >> text=All 24")
    page.wait_for_selector(".chips [aria-current] >> text=All 24")
    page.keyboard.press("/")
    focused(page, "at.id === 'f-tl-find'")
    page.keyboard.type("bill 124.69")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=12 of 24 shown, with “bill 124.69”.")
    page.goto(shared)  # an address that was handed on shows the same
    assert page.locator(seen).count() == 11


def test_the_timeline_works_without_script(chromium: Chromium, served: Served) -> None:
    page, _complaints = complaining_page(chromium, java_script_enabled=False)
    page.goto(f"{served.address}/sign-in")
    page.fill("#login", "priya")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.goto(f"{served.address}/customers/{served.people.margaret}?ask=owe")
    page.click("text=4 older")
    assert page.locator(".tl [data-kind]").count() == 4 and page.inner_text("#sheet-h") == "What do I owe?"
    page.click(".chips >> text=Bills 12")
    assert page.locator(".tl [data-kind]").count() == 12
    page.fill("#f-tl-upto", "2026-06-30")
    page.click("#tl button[type=submit]")
    assert "only Bills, up to 30 Jun 2026" in page.inner_text("#tl")


def test_the_chosen_theme_is_painted_by_the_server(chromium: Chromium, served: Served) -> None:
    page, _complaints = complaining_page(chromium, color_scheme="light")
    page.goto(served.address)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(246, 245, 241)"
    page.click("text=Dark")
    assert page.evaluate(paper) == "rgb(15, 21, 20)"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate(paper) == "rgb(15, 21, 20)"


def test_axe_finds_nothing(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)

    def check(path: str) -> None:
        page.goto(served.address + path)
        assert violations_in(page, LOOKS) == [], path

    check("/sign-in")
    sign_in(page, served.address, "priya")
    customer = f"/customers/{served.people.margaret}"
    for path in ("/", "/?ask=complaints", "/?ask=care", "/customers", "/customers?q=o", customer,
                 f"{customer}?ask=owe", f"{customer}?ask=reach", f"{customer}?ask=said"):  # fmt: skip
        check(path)
    page.keyboard.press("l")
    focused(page, "at.name === 'note'")
    page.keyboard.press("Control+k")
    focused(page, "at.id === 'q'")
    page.keyboard.type("ash")
    page.wait_for_selector("#found [aria-selected=true]")
    assert violations_in(page, LOOKS) == []
    assert complaints == []


def test_letters_act_with_alt_and_under_a_key_of_ones_own(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    asked = f"{served.address}/customers/{served.people.margaret}"
    page.goto(f"{served.address}/me")
    page.fill("[name=own_keys]", "q=l")
    page.click("text=Keep it")
    page.wait_for_selector("[data-announce]")
    page.goto(asked)
    assert page.inner_text("[data-open=act-l] kbd") == "q"
    page.keyboard.press("q")
    page.wait_for_selector("#act-l:not([hidden])")
    page.goto(f"{served.address}/me")
    page.select_option("[name=letters]", "alt")
    page.click("text=Keep it")
    page.wait_for_selector("[data-announce]")
    page.goto(asked)
    page.keyboard.press("q")
    page.keyboard.press("2")
    assert page.is_hidden("#act-l") and page.inner_text("#sheet-h") == "Why is it different?"
    page.keyboard.press("Alt+2")
    page.wait_for_selector("#sheet-h:text-is('What do I owe?')")
    page.keyboard.press("Alt+q")
    page.wait_for_selector("#act-l:not([hidden])")
    assert complaints == []


def test_small_screens_and_200_percent_never_scroll_sideways(chromium: Chromium, served: Served) -> None:
    page, _complaints = complaining_page(chromium, SMALL[0], device_scale_factor=2)
    customer = f"/customers/{served.people.margaret}"
    paths = ["/", "/customers?q=o", customer, f"{customer}?ask=reach", f"{customer}?ask=said", "/nowhere"]

    def fits(path: str) -> None:
        page.goto(served.address + path)
        for viewport in SMALL:
            page.set_viewport_size(viewport)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, viewport)

    fits("/sign-in")
    sign_in(page, served.address, "priya")
    for path in paths:
        fits(path)


def test_a_server_that_does_not_answer_is_said_in_place(chromium: Chromium, served: Served) -> None:
    page, _complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.wait_for_selector("#main >> text=The server does not answer")
    assert "£31.52 more" in page.inner_text("#main")  # the old answer is still there


def test_questions_after_the_ninth_are_reached_by_a_zero(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    page.evaluate(
        """() => {
            const list = document.querySelector(".ask ol");
            while (list.children.length < 12) {
                const made = document.createElement("li");
                const next = list.children.length + 1;
                const key = next < 10 ? next : `0${next - 9}`;
                made.innerHTML = `<a href="#asked-${next}" data-key="${key}"><kbd>${key}</kbd>more</a>`;
                list.append(made);
            }
        }"""
    )
    page.keyboard.press("0")
    page.keyboard.press("3")
    assert page.evaluate("location.hash") == "#asked-12"
    page.keyboard.press("9")
    assert page.evaluate("location.hash") == "#asked-9"
    page.keyboard.press("?")
    assert page.eval_on_selector_all("#help dt", "all => all.map(one => one.innerText)").count("03") == 1
    assert complaints == []
