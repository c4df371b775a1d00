"""In a real browser: by keyboard alone, readable for everyone, nothing blocked by our own policy."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from sqlalchemy.orm import Session

from tests.web.people import People, put_in
from utility_crm.app import create_app, load_tables
from utility_crm.auth.actions import add_user
from utility_crm.kit.database import make_engine
from utility_crm.kit.module import Module

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytestmark = pytest.mark.browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
PASSWORD = "correct horse battery"
DESKTOP = {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


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
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(engine, installed=[sample], secret="for one test")
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", people)
    server.should_exit = True
    thread.join(10)
    listening.close()
    engine.dispose()


@pytest.fixture
def complaints(chromium: playwright.Browser) -> list[str]:
    """What the browser complains of in its console (a blocked style, an unknown name, a failed script)."""
    return []


def open_page(
    chromium: playwright.Browser,
    complaints: list[str],
    viewport: dict[str, int] | None = None,
    **options: object,
) -> playwright.Page:
    page = chromium.new_context(viewport=viewport or DESKTOP, **options).new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def sign_in(page: playwright.Page, served: Served) -> None:
    """The cursor waits in the first field."""
    page.goto(served.address)
    page.keyboard.type("priya")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What needs us")


def test_from_sign_in_to_the_answer_by_keyboard_alone(
    chromium: playwright.Browser, served: Served, complaints: list[str]
) -> None:
    page = open_page(chromium, complaints)
    sign_in(page, served)
    page.keyboard.press("Control+k")
    page.keyboard.type("ashdo", delay=20)
    page.wait_for_selector("#found [aria-selected=true]")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{served.people.margaret}")
    assert page.title() == "Margaret Ashdown, Northmoor Energy"
    assert "£31.52 more" in page.inner_text("blockquote")

    page.keyboard.press("2")
    page.wait_for_selector("#sheet-h:has-text('What do I owe?')")
    assert page.url.endswith("?ask=owe")
    focused = page.evaluate(
        "document.activeElement.getAttribute('aria-current') + document.activeElement.innerText"
    )
    assert focused.startswith("true") and "What do I owe?" in focused
    assert "£43.17" in page.inner_text("#spoken")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.innerText") == "Oct 2026"
    page.go_back()
    page.wait_for_selector("#sheet-h:has-text('Why is it different?')")
    assert complaints == []


def test_a_call_is_logged_by_keyboard_alone(
    chromium: playwright.Browser, served: Served, complaints: list[str]
) -> None:
    page = open_page(chromium, complaints)
    sign_in(page, served)
    page.goto(f"{served.address}/customers/{served.people.joseph}?ask=reach")
    page.keyboard.press("l")
    page.keyboard.type("v")  # visit
    page.keyboard.press("Tab")
    page.keyboard.type("met")  # meter
    page.keyboard.press("Tab")
    page.keyboard.type("wants his meter moved; l and 1 are letters here")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=what was said, on top of the timeline")
    assert page.inner_text(".tl li:not(.day)").startswith("14:") or "Visit" in page.inner_text(".tl")
    assert "wants his meter moved" in page.inner_text(".tl")
    assert page.url.endswith("ask=reach&kept=contact")
    page.keyboard.press("l")
    page.keyboard.press("Escape")
    assert page.is_hidden("#log")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_selector("text=What needs us")
    assert complaints == []


def test_help_lists_the_keys_and_letters_can_be_switched_off(
    chromium: playwright.Browser, served: Served, complaints: list[str]
) -> None:
    page = open_page(chromium, complaints)
    sign_in(page, served)
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    page.keyboard.press("?")
    listed = page.inner_text("#help")
    for words in ("Send this answer", "Log the call", "Edit contact", "find a customer", "Desk"):
        assert words in listed
    page.uncheck("[data-letters]")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    assert page.is_hidden("#log")
    page.reload()
    page.keyboard.press("2")
    assert page.inner_text("#sheet-h") == "Why is it different?"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "q"
    assert complaints == []


def test_the_timeline_is_filtered_and_grows(
    chromium: playwright.Browser, served: Served, complaints: list[str]
) -> None:
    page = open_page(chromium, complaints)
    sign_in(page, served)
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    seen = ".tl [data-kind]:visible"
    assert page.locator(seen).count() == 14
    page.click("text=10 older")
    assert page.locator(seen).count() == 24
    page.click(".chips >> text=Payments 11")
    assert page.locator(seen).count() == 11
    assert page.locator(".tl .day:visible").count() == 11
    page.click(".chips >> text=All 24")
    assert page.locator(seen).count() == 24


def test_the_chosen_theme_is_painted_by_the_server(
    chromium: playwright.Browser, served: Served, complaints: list[str]
) -> None:
    page = open_page(chromium, complaints, color_scheme="light")
    page.goto(served.address)
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(246, 245, 241)"
    page.click("text=Dark")
    assert page.evaluate(paper) == "rgb(15, 21, 20)"
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate(paper) == "rgb(15, 21, 20)"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_axe_finds_nothing(
    chromium: playwright.Browser, served: Served, complaints: list[str], scheme: str, width: int
) -> None:
    page = open_page(chromium, complaints, {"width": width, "height": 800}, color_scheme=scheme)
    checker = axe.Axe()

    def check(path: str) -> None:
        page.goto(served.address + path)
        found = checker.run(page).response["violations"]
        assert not [(path, one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]

    check("/sign-in")
    sign_in(page, served)
    customer = f"/customers/{served.people.margaret}"
    for path in ("/", "/?ask=complaints", "/?ask=care", "/customers", "/customers?q=o", customer,
                 f"{customer}?ask=owe", f"{customer}?ask=reach", f"{customer}?ask=said"):  # fmt: skip
        check(path)
    page.keyboard.press("l")
    page.keyboard.press("Control+k")
    page.keyboard.type("an")
    page.wait_for_timeout(400)
    open_ones = checker.run(page).response["violations"]
    assert not [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in open_ones]
    assert complaints == []


@pytest.mark.parametrize(
    ("viewport", "scale"), [({"width": 390, "height": 844}, 3), ({"width": 640, "height": 360}, 2)]
)
def test_small_screens_and_200_percent_never_scroll_sideways(
    chromium: playwright.Browser, served: Served, complaints: list[str], viewport: dict[str, int], scale: int
) -> None:
    page = open_page(chromium, complaints, viewport, device_scale_factor=scale)
    page.goto(f"{served.address}/sign-in")
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    sign_in(page, served)
    customer = f"/customers/{served.people.margaret}"
    for path in (
        "/",
        "/customers?q=o",
        customer,
        f"{customer}?ask=reach",
        f"{customer}?ask=said",
        "/nowhere",
    ):
        page.goto(served.address + path)
        assert page.evaluate(fits), path


def test_a_server_that_does_not_answer_is_said_in_place(
    chromium: playwright.Browser, served: Served, complaints: list[str]
) -> None:
    page = open_page(chromium, complaints)
    sign_in(page, served)
    page.goto(f"{served.address}/customers/{served.people.margaret}")
    page.context.set_offline(True)
    page.keyboard.press("2")
    page.wait_for_selector("#main >> text=The server does not answer")
    assert "£31.52 more" in page.inner_text("#main")  # the old answer is still there
