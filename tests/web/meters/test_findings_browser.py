"""Ops decides about findings by keys alone; for everyone, on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from meter_files import csv_file
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from meters.actions import ingest
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
from tests.web.meters.conftest import TODAY, YESTERDAY, put_meter
from tests.web.meters.test_findings_page import HOLED, varied
from tests.web.people import put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser


@pytest.fixture
def queue(fresh_database_url: str, tmp_path: Path) -> Iterator[tuple[str, Engine]]:
    """Margaret's meter with two spikes and a hole, and ops to judge them."""
    load_tables()
    engine = make_engine(fresh_database_url)
    days = [("SP-1", TODAY - timedelta(days=back), varied(back)) for back in range(30, 3, -1)]
    holed = [None if value is None else varied(3)[place] for place, value in enumerate(HOLED)]
    spiked = [[9999 if place == 6 else value for place, value in enumerate(varied(back))] for back in (2, 1)]
    with Session(engine) as session, session.begin():
        put_in(session)
        put_meter(session)
        add_user(session, login="sana", name="Sana Whitcombe", role="ops", password=PASSWORD)
        odd = ("SP-1", TODAY - timedelta(days=3), holed), ("SP-1", YESTERDAY, spiked[1])
        ingest(session, csv_file(tmp_path, "a.csv", *days, *odd))
    with serving(create_app(engine, secret="for one test")) as address:
        yield address, engine
    engine.dispose()


def states(engine: Engine) -> dict[str, tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("select rule, state, coalesce(reason, '') from findings"))
        return {rule: (state, reason) for rule, state, reason in rows}


def test_findings_are_decided_by_keys_alone(chromium: Chromium, queue: tuple[str, Engine]) -> None:
    address, engine = queue
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "sana")
    number = page.locator(".ask a", has_text="What waits for me?").locator("kbd").inner_text()
    page.keyboard.press(number)
    page.wait_for_selector("blockquote:has-text('2 findings wait for you')")
    page.keyboard.press("j")
    focused(page, "at.matches('[data-row]')")
    page.keyboard.press("Enter")
    arrive(page, "**finding=*")
    page.keyboard.press("Shift+E")  # harmful, so it asks: the reason first
    focused(page, "at.id === 'f-reason'")
    assert states(engine)["above_capacity"] == ("open", "")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    focused(page, "at.name === 'v6'")
    page.keyboard.press("Control+a")
    page.keyboard.type("lots")
    page.locator("#f-reason-edit").focus()
    page.keyboard.type("Read on the phone.")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This is no reading")
    focused(page, "at.name === 'v6'")
    page.keyboard.press("Control+a")
    page.keyboard.type("0.45")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=One day was edited.")
    assert states(engine)["above_capacity"] == ("edited", "Read on the phone.")
    before = page.url
    page.keyboard.press("j")
    focused(page, "at.matches('[data-row]')")
    page.keyboard.press("Enter")
    arrive(page, lambda now: "finding=" in now and now != before)
    page.locator("#f-reason").focus()
    page.keyboard.type("The link was down.")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+E")
    page.wait_for_selector("text=One finding was estimated.")
    assert states(engine)["missing"] == ("estimated", "The link was down.")
    assert [words for words in complaints if "422" not in words] == []


def test_everyone_can_read_the_queue(chromium: Chromium, queue: tuple[str, Engine]) -> None:
    """Nor does it scroll sideways on a phone."""
    page, complaints = complaining_page(chromium)
    sign_in(page, queue[0], "sana")
    page.goto(f"{queue[0]}/feeds?ask=waits")
    found = {"list": violations_in(page, LOOKS)}
    page.click("#queue a[data-row]")
    page.wait_for_selector("#finding")
    found["one"] = violations_in(page, LOOKS)
    page.keyboard.press("e")
    focused(page, "at.name === 'v6'")
    found["edit"] = violations_in(page, LOOKS)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert complaints == []
