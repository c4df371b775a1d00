"""The marketer's list in a real browser: by keys alone, for everyone, on any screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    arrive,
    at_address,
    complaining_page,
    serving,
    sign_in,
    violations_in,
)
from tests.web.churn.conftest import Scored, put_scored
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser
ASKED = ("who", "good", "why", "lost")


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[tuple[str, Scored]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        scored = put_scored(session)
        add_user(session, login="tomas", name="Tomas Lindqvist", role="marketer", password=PASSWORD)
    with serving(create_app(engine, secret="for one test")) as address:
        yield address, scored
    engine.dispose()


def test_from_the_list_to_the_customer_by_keys_alone(chromium: Chromium, served: tuple[str, Scored]) -> None:
    address, scored = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "tomas")
    page.goto(f"{address}/customers")
    page.keyboard.press("g")
    page.keyboard.press("m")
    arrive(page, "**/leavers")
    page.keyboard.press("2")
    page.wait_for_selector("#say-h:has-text('How good is this?')")
    at_address(page, "**?ask=good")
    page.keyboard.press("1")
    page.wait_for_selector("#say-h:has-text('Who may leave?')")
    page.keyboard.press("a")
    page.keyboard.press("v")
    arrive(page, "**&area=V**", "#list tbody th a >> text=Bela Example")
    assert page.locator("#list tbody th a").count() == 1
    assert page.locator("#bar-download").get_attribute("href") == "/leavers.csv?ask=who&segment=&area=V"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("3")
    page.wait_for_selector("#say-h:has-text('Why do they leave?')")
    at_address(page, "**?ask=why&segment=&area=V")
    page.keyboard.press("1")
    page.wait_for_selector("#say-h:has-text('Who may leave?')")
    with page.expect_download() as started:
        page.keyboard.press("d")
    assert "Bela Example" in started.value.path().read_text()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    arrive(page, f"**/customers/{scored.bela.customer}")
    assert complaints == []


def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    chromium: Chromium, served: tuple[str, Scored]
) -> None:
    address, _scored = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "tomas")
    for asked in ASKED:
        page.goto(f"{address}/leavers?ask={asked}")
        assert violations_in(page, LOOKS) == [], asked
    assert complaints == []
