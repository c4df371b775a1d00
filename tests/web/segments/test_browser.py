"""A marketer builds a segment by keyboard alone, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route
from sqlalchemy.orm import Session

from tests.db.segments.conftest import built
from tests.web.browsing import (
    PASSWORD,
    Chromium,
    Page,
    arrive,
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
def served(fresh_database_url: str) -> Iterator[str]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        built(session, 40)
        add_user(session, login="tomas", name="Tomas Lindqvist", role="marketer", password=PASSWORD)
    with serving(create_app(engine, secret="for one test")) as address:
        yield address
    engine.dispose()


def _to(page: Page, condition: str, key: str = "Tab") -> None:
    """Tab until the cursor stands there."""
    for _ in range(60):
        if page.evaluate(f"() => {{ const at = document.activeElement; return {condition}; }}"):
            return
        page.keyboard.press(key)
    raise AssertionError(condition)


def test_a_segment_is_built_by_keyboard_alone(chromium: Chromium, served: str) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served, "tomas")
    page.keyboard.press("g")
    page.keyboard.press("x")
    arrive(page, "**/segments")
    page.keyboard.press("a")
    arrive(page, "**/segments/new?item=1")
    assert "40 customers of 40 fit." in page.inner_text("blockquote")

    _to(page, "at.id === 'fact-1'")
    page.keyboard.type("Tariff")
    page.keyboard.press("Tab")
    page.wait_for_selector("#in-1-2")
    _to(page, "at.id === 'in-1-2'")
    page.keyboard.press("Space")
    page.wait_for_selector("blockquote:has-text('20 customers of 40 fit.')")
    focused(page, "at.id === 'in-1-2'")

    _to(page, "at.id === 'add'", "Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fact-2")
    _to(page, "at.id === 'fact-2'")
    page.keyboard.type("Tag")
    page.keyboard.press("Tab")
    page.wait_for_selector("#in-2-1")
    _to(page, "at.id === 'in-2-1'")
    page.keyboard.press("Space")
    page.wait_for_selector("blockquote:has-text('4 customers of 40 fit.')")
    _to(page, "at.id === 'not-2'", "Shift+Tab")
    page.keyboard.press("Space")
    page.wait_for_selector("blockquote:has-text('16 customers of 40 fit.')")
    assert axe_violations(page) == []

    _to(page, "at.name === 'name'")
    page.keyboard.type("Steady, not ours")
    page.keyboard.press("Enter")
    arrive(page, lambda now: now.rpartition("/")[2].isdigit())
    assert "16 customers fit today." in page.inner_text("blockquote")
    assert page.locator(".holds > li").all_inner_texts() == ["Tariff is Steady", "not: Tag is staff"]
    assert axe_violations(page) == []
    assert complaints == []


def test_what_is_typed_while_it_counts_is_not_taken_back(chromium: Chromium, served: str) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served, "tomas")
    page.goto(
        f"{served}/segments/new?item=1&fact.1=balance&op.1=at_least&a.1=1&item=2&fact.2=tariff&in.2=steady"
    )
    held: list[Route] = []

    def first_waits(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    page.route(lambda address: "/segments/new?" in address, first_waits)
    page.select_option("#op-1", "at_most")
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    page.locator("input[name=name]").press_sequentially("A name")
    page.locator("#a-1").press("Control+a")
    page.locator("#a-1").press_sequentially(
        "25"
    )  # it has not told anybody of a change: the cursor stands in it
    with page.expect_response(lambda answer: "a.1=25" in answer.url, timeout=15_000):
        held[0].continue_()
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    assert "at most £25.00" in page.inner_text(".then")
    assert page.input_value("#op-1") == "at_most" and page.input_value("#a-1") == "25"
    assert page.input_value("input[name=name]") == "A name"
    focused(page, "at.id === 'a-1'")
    assert complaints == []
