"""The board looks again by itself in a real browser; a survey is answered with one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from tests.db.tickets.conftest import Care, put_in
from tests.web.browsing import (
    PASSWORD,
    Chromium,
    Page,
    axe_violations,
    complaining_page,
    focused,
    serving,
    sign_in,
    violations_in,
)
from tests.web.surveys.conftest import SECRET, paths_of, sent
from utility_crm.app import create_app
from utility_crm.auth.actions import set_password
from utility_crm.auth.tables import User
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings
from utility_crm.tickets.tables import Ticket
from utility_crm.web.visit import present

pytestmark = pytest.mark.browser
PHONE = (("light", 390), ("dark", 390))
NOW_LOOKS = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/board/now')).length"


@dataclass
class Desk:
    """Where it is served, how to reach its database, and a survey's links by score."""

    address: str
    engine: Engine
    care: Care
    paths: dict[int | None, str]

    def one_more(self, subject: str) -> None:
        """A ticket whose promise broke two hours ago."""
        with Session(self.engine) as session, session.begin():
            self.care.session = session
            made = self.care.open(now=present() - timedelta(hours=9), subject=subject)
            due = present() - timedelta(hours=2)
            session.execute(update(Ticket).where(Ticket.id == made).values(first_answer_due_at=due))


@pytest.fixture
def desk(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", SECRET)
    settings.cache_clear()
    load_tables()
    engine = make_engine(fresh_database_url, pool_size=8)
    with Session(engine) as session, session.begin():
        care = put_in(session)
        set_password(session, "priya", PASSWORD)
        session.execute(update(User).where(User.login == "priya").values(role="supervisor"))
        paths = paths_of(sent(care, "nps"))
    with serving(create_app(engine, secret=SECRET)) as address:
        found = Desk(address, engine, care, paths)
        found.one_more("First bill")
        found.one_more("Second bill")
        yield found
    engine.dispose()


def turns(page: Page) -> None:
    """What happens every half minute."""
    page.evaluate("window.board.turn()")


def test_it_looks_again_and_keeps_the_cursor_the_page_and_the_peace(chromium: Chromium, desk: Desk) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, desk.address, "priya")
    page.goto(f"{desk.address}/board?ask=breaks")
    page.wait_for_function("window.board !== undefined")
    for _ in range(2):
        page.keyboard.press("j")
    focused(page, "at.textContent === 'Second bill'")
    said = page.inner_text("#spoken")
    desk.one_more("Third bill")
    turns(page)
    page.wait_for_selector("#main a:text-is('Third bill')")
    assert page.inner_text("nav.ask a[aria-current] .a").startswith("3")
    assert page.evaluate("document.activeElement.textContent") == "Second bill"
    assert page.inner_text("#spoken") == said, "nobody is talked into"
    page.keyboard.press("j")
    focused(page, "at.textContent === 'Third bill'")
    page.keyboard.press("6")
    page.wait_for_selector("#main h2:text-is('How satisfied are they?')")
    assert axe_violations(page) == []
    page.keyboard.press("5")
    page.wait_for_selector("#main svg.cx")
    assert axe_violations(page) == []

    looks = page.evaluate(NOW_LOOKS)
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden', configurable: true})"
    )
    turns(page)
    assert page.evaluate(NOW_LOOKS) == looks, "a hidden board asks nothing"
    page.evaluate("delete document.visibilityState")
    page.keyboard.press("h")
    page.wait_for_selector("[data-hold][aria-pressed=true]")
    turns(page)
    assert page.evaluate(NOW_LOOKS) == looks, "one that stands still asks nothing"
    page.keyboard.press("h")
    page.wait_for_function(f"() => {NOW_LOOKS} > {looks}")
    assert complaints == []


def test_a_survey_is_answered_with_one_key_on_a_phone(chromium: Chromium, desk: Desk) -> None:
    page, complaints = complaining_page(chromium, {"width": 390, "height": 844})
    page.goto(desk.address + desk.paths[9])
    assert page.is_checked("input[value='9']") and violations_in(page, PHONE) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.focus("input[value='9']")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("input[value='10']")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Thank you for your answer')")
    assert "You answered 10 of 10." in page.inner_text("main") and violations_in(page, PHONE) == []
    assert complaints == []
