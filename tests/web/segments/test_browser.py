"""A marketer builds a segment by keyboard alone, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
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
