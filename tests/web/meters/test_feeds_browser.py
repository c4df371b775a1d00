"""Ops in a real browser: a file taken, put right and placed by keys alone; for everyone, on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from meter_files import csv_file
from sqlalchemy.orm import Session

from meters.pages.questions import feeds_questions
from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    arrive,
    complaining_page,
    focused,
    serving,
    sign_in,
    violations_in,
)
from tests.web.meters.conftest import YESTERDAY, days_before, put_meter
from tests.web.people import put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser
ASKED = tuple(question.key for question in feeds_questions())


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[str]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        put_in(session)
        put_meter(session)
        add_user(session, login="sana", name="Sana Whitcombe", role="ops", password=PASSWORD)
    with serving(create_app(engine, secret="for one test")) as address:
        yield address
    engine.dispose()


def test_files_are_taken_and_looked_at_by_keys_alone(chromium: Chromium, served: str, tmp_path: Path) -> None:
    good = csv_file(tmp_path, "good.csv", *days_before(14))
    bad = csv_file(
        tmp_path, "bad.csv", ("SP-9", YESTERDAY, [1] * 23 + ["oops"]), ("SP-8", YESTERDAY, [1] * 24)
    )
    page, complaints = complaining_page(chromium)
    page.on(
        "filechooser", lambda _: None
    )  # from now on it is the page's to answer, not only once Enter is down
    sign_in(page, served, "sana")
    assert page.url.endswith("/feeds"), "ops begins here"
    page.keyboard.press("u")
    focused(page, "at.id === 'f-files'")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")  # acts as it goes down: Space waits for its coming up, 5 s at most
    chooser.value.set_files([good, bad])
    for _ in range(40):  # past the choices, from any field
        if page.evaluate("document.activeElement.id") == "f-timezone":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    arrive(page, "**/feeds?ask=came&fresh=*")
    assert page.inner_text("blockquote") == "2 files came just now: 1 taken, 1 in part."
    page.keyboard.press("j")
    focused(page, "at.matches('[data-row]')")
    page.keyboard.press("Enter")
    arrive(page, "**/feeds/2")
    page.keyboard.press("2")
    page.wait_for_selector("#say-h:has-text('What was left out?')")
    assert "line 25" in page.inner_text("#left") and "'oops' is not a number" in page.inner_text("#left")
    page.keyboard.press("Escape")
    arrive(page, "**/feeds?ask=came")
    page.keyboard.press("1")
    page.wait_for_selector("#say-h:has-text('Is yesterday whole?')")
    assert page.inner_text("#spoken").startswith("Yesterday is whole")
    assert complaints == []


def test_a_meter_gets_its_place_by_keys_alone(chromium: Chromium, served: str, tmp_path: Path) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served, "sana")
    page.keyboard.press("u")
    page.set_input_files("#f-files", csv_file(tmp_path, "a.csv", ("SP-9", YESTERDAY, [1] * 24)))
    page.press("#f-timezone", "Enter")
    arrive(page, "**/feeds/1")
    page.keyboard.press("p")
    arrive(page, "**/feeds?ask=places")
    page.keyboard.press("j")
    focused(page, "at.name === 'premise'")
    page.keyboard.type("P9")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=There is no premise")
    focused(page, "at.value === 'P9'")
    page.keyboard.press("Control+a")
    page.keyboard.type("P1")
    page.keyboard.press("Enter")
    page.wait_for_selector("blockquote:has-text('Every service point has its place.')")
    assert [text for text in complaints if "422" not in text] == []


def test_everyone_can_read_every_question(chromium: Chromium, served: str, tmp_path: Path) -> None:
    """On a phone tables scroll, and never the page."""
    page, complaints = complaining_page(chromium)
    sign_in(page, served, "sana")
    page.keyboard.press("u")
    partial = csv_file(tmp_path, "a.csv", *days_before(9)[:-3], ("SP-9", YESTERDAY, ["x"] * 24))
    page.set_input_files("#f-files", [partial, csv_file(tmp_path, "b.csv", *days_before(3, value=2)[:1])])
    page.press("#f-timezone", "Enter")
    arrive(page, "**/feeds?ask=came&fresh=*")
    found = {}
    for address in (*(f"/feeds?ask={ask}" for ask in ASKED), "/feeds/1?ask=became", "/feeds/1?ask=replaced"):
        page.goto(served + address)
        found[address] = violations_in(page, LOOKS)
    page.goto(f"{served}/feeds?ask=came")
    page.keyboard.press("u")
    focused(page, "at.id === 'f-files'")
    found["upload"] = violations_in(page, LOOKS)
    assert {address: wrong for address, wrong in found.items() if wrong} == {}
    assert complaints == []
