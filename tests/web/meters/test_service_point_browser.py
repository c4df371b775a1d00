"""A day in a real browser: a column is clicked, and says where it comes from; by keys, and for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from meter_files import csv_file
from sqlalchemy.orm import Session

from meters.actions import ingest
from meters.completeness import refresh
from tests.web.browsing import (
    PASSWORD,
    Chromium,
    arrive,
    at_address,
    complaining_page,
    serving,
    sign_in,
    violations_in,
)
from tests.web.meters.conftest import NOW, TODAY, YESTERDAY, days_before, put_meter
from tests.web.people import put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser
LOOKS = (("light", 1280), ("dark", 1280), ("light", 390))


@pytest.fixture
def served(fresh_database_url: str, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The address, and Margaret, whose yesterday was estimated before it was read."""
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        people = put_in(session)
        put_meter(session)
        for role, login in (("ops", "sana"), ("agent", "priya")):
            add_user(session, login=login, name=login.title(), role=role, password=PASSWORD)
        half = ("SP-1", YESTERDAY, [1] * 20 + [None] * 4 + [2] * 24)
        ingest(session, csv_file(tmp_path, "guess.csv", *days_before(40)[:-1], half, quality="estimated"))
        ingest(session, csv_file(tmp_path, "read.csv", ("SP-1", YESTERDAY, [3] * 10 + [None] * 38)))
        refresh(session, TODAY, NOW)
    with serving(create_app(engine, secret="for one test")) as address:
        yield address, people.margaret
    engine.dispose()


def test_a_column_says_where_it_comes_from(chromium: Chromium, served: tuple[str, int]) -> None:
    address, margaret = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.goto(f"{address}/customers/{margaret}")
    page.click(".ask li:has-text('What was used on a day?') a")
    page.wait_for_selector(".slot")
    at_address(page, "**?ask=day**")
    before = page.url
    page.locator(".slot").nth(3).click()
    page.wait_for_selector("#lineage .prov li")
    told = page.inner_text("#lineage")
    assert "01:30 to 02:00" in told and "read.csv" in told and "guess.csv" in told
    assert page.url == before, "the day stays where it was"
    page.keyboard.press("[")
    page.wait_for_selector("blockquote:has-text('Wednesday 18 November')")
    at_address(page, "**day=2026-11-18")
    page.fill("#f-day", "2026-11-19")
    page.wait_for_selector("blockquote:has-text('Thursday 19 November')")
    assert complaints == []


def test_an_interval_is_reached_by_keys_alone(chromium: Chromium, served: tuple[str, int]) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, served[0], "sana")
    page.goto(f"{served[0]}/meters/SP-1?ask=day&day={YESTERDAY}")
    page.focus(".as-table summary")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#lineage .prov li")
    assert "00:30 to 01:00" in page.inner_text("#lineage")
    page.click("#lineage .prov a")
    arrive(page, "**/feeds/2")
    assert complaints == []


def test_everyone_can_read_a_service_point(chromium: Chromium, served: tuple[str, int]) -> None:
    address, margaret = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "sana")
    found = {}
    asked = [f"/meters/SP-1?ask={ask}" for ask in ("whole", "day", "files", "doubted", "stands")]
    for path in [*asked, f"/customers/{margaret}?ask=day&day={YESTERDAY}"]:
        page.goto(address + path)
        if "ask=day" in path:
            page.click(".as-table summary")
            page.locator(".slot").nth(3).click()
            page.wait_for_selector("#lineage .prov li")
        found[path] = violations_in(page, LOOKS)
    page.goto(f"{address}/meters/SP-1?ask=day&day={YESTERDAY}")
    page.goto(address + page.get_attribute(".as-table a", "href"))
    found["lineage"] = violations_in(page, LOOKS)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert complaints == []
