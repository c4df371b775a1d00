"""In a real browser: who rings comes into view, what is typed is never lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

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
from tests.web.people import People, put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.auth.tokens import make_token
from utility_crm.installed import load_tables
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser
MARGARET = "07700 900418"
NOTE = "#act-l textarea"


@dataclass
class Served:
    address: str
    people: People
    token: str
    engine: Engine
    told: int = 0

    def tell(self, kind: str, call: str = "c1", number: str = MARGARET, extension: str = "201") -> None:
        """The telephone system tells an event."""
        self.told += 1
        event = {
            "call": call, "event": str(self.told), "type": kind, "from": number, "extension": extension,
        }  # fmt: skip
        connection = HTTPConnection(urlsplit(self.address).netloc, timeout=120)
        headers = {"Authorization": f"Bearer {self.token}"}
        connection.request("POST", "/api/v1/telephony/events", json.dumps(event), headers)
        assert connection.getresponse().status == 201
        connection.close()

    def draft(self) -> str:
        with self.engine.connect() as connection:
            return str(connection.scalar(text("select text from drafts")) or "")


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[Served]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        people = put_in(session)
        for login, extension in (("priya", "201"), ("tom", "202")):
            user_id = add_user(session, login=login, name=login.title(), role="agent", password=PASSWORD)
            session.execute(
                text("update users set extension = :extension where id = :id"),
                {"extension": extension, "id": user_id},
            )
        token = make_token(session, "pbx", ["telephony:write"], utc_now()).token
    with serving(create_app(engine, secret="for one test")) as address:
        yield Served(address, people, token, engine)
    engine.dispose()


def listening(page: Page) -> None:
    page.wait_for_function("() => window.live?.listens()")


def log_panel(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/customers/{served.people.margaret}?do=l")
    page.wait_for_selector(NOTE)
    page.focus(NOTE)


def kept(page: Page, words: str) -> None:
    """Waits until the page says that a draft is kept, and it is this one."""
    page.wait_for_function(
        "(words) => { const at = document.querySelector('#act-l textarea');"
        " const said = at?.parentElement.querySelector('output')?.textContent;"
        " return at?.value === words && /^kept \\d\\d:\\d\\d/.test(said); }",
        arg=words,
    )


def test_ringing_brings_the_caller_to_that_agent_alone_and_the_end_opens_the_log(
    chromium: Chromium, served: Served
) -> None:
    page, complaints = complaining_page(chromium)
    other, _ = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    sign_in(other, served.address, "tom")
    listening(page)
    listening(other)
    served.tell("ringing")
    arrive(page, f"**/customers/{served.people.margaret}?call=*")
    assert "Margaret Ashdown" in page.inner_text("h1")
    assert "They ring" in page.inner_text("[data-banner]")
    assert urlsplit(other.url).path == "/"
    listening(page)
    served.tell("answered")
    page.wait_for_selector(".strip > [data-banner] >> text=On the line")  # where it is after a reload
    assert not axe_violations(page)
    served.tell("ended")
    page.wait_for_selector("[data-banner] >> text=The call has ended")
    focused(page, f"at.matches('{NOTE}')")
    page.keyboard.type("asks why October is dearer")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=What was said is kept")
    assert page.locator("[data-banner]").count() == 0
    assert complaints == []


def test_who_types_is_not_torn_away_and_goes_with_one_key(chromium: Chromium, served: Served) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    page.goto(f"{served.address}/customers/{served.people.joseph}?do=l")
    page.wait_for_selector(NOTE)
    page.focus(NOTE)
    page.keyboard.type("half a sentence")
    listening(page)
    served.tell("ringing")
    page.wait_for_selector(".strip >> text=They ring")
    assert page.input_value(NOTE) == "half a sentence"
    assert not axe_violations(page)
    page.keyboard.press("Alt+0")
    arrive(page, f"**/customers/{served.people.margaret}?call=*")
    page.wait_for_selector(".tabs .draft:not([hidden])")
    page.keyboard.press("Alt+1")
    arrive(page, f"**/customers/{served.people.joseph}")
    page.keyboard.press("l")
    page.wait_for_selector(NOTE)
    kept(page, "half a sentence")
    assert complaints == []


def test_a_draft_outlives_the_browser_and_goes_when_it_is_sent(chromium: Chromium, served: Served) -> None:
    page, _ = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    log_panel(page, served)
    page.keyboard.type("she moves out")
    kept(page, "she moves out")
    page.context.close()  # without a word
    page, complaints = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    log_panel(page, served)
    kept(page, "she moves out")
    page.focus(NOTE)
    page.keyboard.press("End")
    page.keyboard.type(" on Friday")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("text=What was said is kept")
    assert served.draft() == ""
    log_panel(page, served)
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((one) => /drafts\\?/.test(one.name))"
    )
    assert page.input_value(NOTE) == ""
    assert complaints == []


def test_two_pages_do_not_overwrite_each_other_unseen(chromium: Chromium, served: Served) -> None:
    page, _ = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    other = page.context.new_page()
    for one in (page, other):
        log_panel(one, served)
        one.wait_for_load_state("networkidle")
    page.fill(NOTE, "of one page")
    kept(page, "of one page")
    other.fill(NOTE, "of another")
    other.wait_for_selector("text=Another page keeps another text.")
    assert served.draft() == "of one page"
    assert not axe_violations(other)
    other.click("[data-mine]")
    kept(other, "of another")
    assert served.draft() == "of another"


def test_a_session_that_ended_keeps_what_is_typed_for_the_same_person(
    chromium: Chromium, served: Served
) -> None:
    page, _ = complaining_page(chromium)
    sign_in(page, served.address, "priya")
    log_panel(page, served)
    page.wait_for_load_state("networkidle")
    cookies: list[Any] = page.context.cookies()
    page.context.clear_cookies()
    page.keyboard.type("after the end")
    page.wait_for_selector("text=You are signed out")
    page.click("#line a")
    page.wait_for_selector("#login")
    page.context.add_cookies(cookies)
    log_panel(page, served)
    kept(page, "after the end")
    assert served.draft() == "after the end"
