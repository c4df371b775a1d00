"""Tasks and articles in a real browser: by keyboard alone, and readable for everyone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

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
from tests.web.tasks.test_tasks_pages import NOW, TODAY
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.knowledge.actions import Written, approve, begin_article, hand_in, write_version

pytestmark = pytest.mark.browser


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[tuple[str, Session]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session:
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
        add_user(session, login="greta", name="Greta Holm", role="supervisor", password=PASSWORD)
        session.flush()
        author, editor = session.scalars(text("select id from users order by id"))
        article = begin_article(session, slug="estimated", category="bills", now=NOW, by=author)
        written = Written("Why was my bill estimated?", "No reading came.", "Send *one*.", audience="public")
        version = write_version(session, article, "en", written, now=NOW, by=author)
        assert version is not None
        hand_in(session, version, now=NOW, by=author)
        approve(session, version, now=NOW, today=TODAY, by=editor)
        session.commit()
        with serving(create_app(engine, secret="for one test")) as address:
            yield address, session
    engine.dispose()


def test_a_task_is_added_and_done_and_an_article_found(
    chromium: Chromium, served: tuple[str, Session]
) -> None:
    address, session = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.keyboard.press("g")
    page.keyboard.press("a")
    arrive(page, "**/tasks")
    page.keyboard.press("n")
    focused(page, "at.id === 'f-new-title'")
    page.keyboard.type("Call her back")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.ok:has-text('Call her back')")
    page.keyboard.press("j")
    focused(page, "at.innerText === 'Call her back'")
    page.keyboard.press("Enter")
    arrive(page, "**/tasks/*")
    page.keyboard.press("d")
    focused(page, "at.id === 'f-finish-outcome'")
    page.keyboard.type("She knows.")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.ok:has-text('Done: Call her back')")
    assert session.scalar(text("select outcome from tasks where done_at is not null")) == "She knows."
    assert axe_violations(page) == []
    for question in ("week", "month"):
        page.goto(f"{address}/tasks?ask={question}")
        assert axe_violations(page) == []

    page.keyboard.press("g")
    page.keyboard.press("k")
    arrive(page, "**/knowledge")
    page.keyboard.press("/")
    focused(page, "at.id === 'articles-q'")
    page.keyboard.type("estimatde", delay=10)
    page.wait_for_selector("#articles-found mark, #articles-found .hits a")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    focused(page, "at.innerText === 'Why was my bill estimated?'")
    page.keyboard.press("Enter")
    arrive(page, "**/knowledge/estimated*")
    assert "No reading came." in page.inner_text("#answer")
    assert axe_violations(page) == []
    for path in ("/knowledge/estimated/edit", "/knowledge/estimated/versions", "/help/estimated", "/help"):
        page.goto(address + path)
        assert axe_violations(page) == [], path
    assert complaints == []
