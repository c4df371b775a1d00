"""Customers kept twice in a real browser: made one and taken apart by keyboard alone, for everyone."""

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
    serving,
    sign_in,
)
from tests.web.people import put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.installed import load_tables
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine
from utility_crm.quality.finding import find_duplicates

pytestmark = pytest.mark.browser


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[tuple[str, Session]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session:
        add_user(session, login="greta", name="Greta Holm", role="supervisor", password=PASSWORD)
        put_in(session)
        today = utc_now().date()
        twin = Customer(
            number="C900001", kind="person", name="Ashdown Margaret", segment="household", since=today
        )
        session.add(twin)
        session.flush()
        session.add(
            ContactPoint(customer_id=twin.id, kind="phone", value="07700 900418", normal="+447700900418")
        )
        session.flush()
        find_duplicates(session, utc_now())
        session.commit()
        with serving(create_app(engine, secret="for one test")) as address:
            yield address, session
    engine.dispose()


def test_two_are_made_one_and_taken_apart(chromium: Chromium, served: tuple[str, Session]) -> None:
    address, session = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "greta")
    page.keyboard.press("g")
    page.keyboard.press("q")
    arrive(page, "**/duplicates")
    assert axe_violations(page) == []
    page.keyboard.press("m")
    page.wait_for_selector(":text('C900001 becomes a stub of C100001')")
    assert axe_violations(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.ok:has-text('C900001 is C100001 now')")
    assert session.scalar(text("select count(merged_into_id) from customers")) == 1
    page.keyboard.press("2")
    page.wait_for_selector("#merges")
    assert axe_violations(page) == []
    page.keyboard.press("u")
    page.wait_for_selector(":text('stand apart again')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.ok:has-text('stand apart again')")
    session.rollback()
    assert session.scalar(text("select count(merged_into_id) from customers")) == 0
    assert complaints == []
