"""The second step in a real browser: set up and asked by keyboard alone, readable for everyone."""

from __future__ import annotations

from collections.abc import Iterator

import pyotp
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    arrive,
    axe_violations,
    complaining_page,
    focused,
    serving,
    sign_in,
    violations_in,
)
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.auth.door_tables import SecondFactor
from utility_crm.installed import load_tables
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser
ADDRESSES = (
    "/me",
    "/me?ask=places",
    "/me?ask=password",
    "/me?ask=step",
    "/me?ask=door",
    "/people",
    "/sign-in/again",
)


@pytest.fixture
def house(fresh_database_url: str) -> Iterator[tuple[str, Engine]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        add_user(session, login="ines", name="Ines Calder", role="admin", password=PASSWORD)
    with serving(create_app(engine, installed=[], secret="for one test")) as address:
        yield address, engine
    engine.dispose()


def test_set_up_and_asked_by_keyboard_alone(chromium: Chromium, house: tuple[str, Engine]) -> None:
    address, engine = house
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "ines")
    page.goto(f"{address}/me?ask=step")
    page.focus("#step button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#step svg")
    focused(page, "at.id === 'code'")
    assert axe_violations(page) == []
    secret = "".join(page.inner_text("#step code").split())
    now = utc_now()
    page.keyboard.type(pyotp.TOTP(secret).at(now))
    page.keyboard.press("Enter")
    page.wait_for_selector("#step ol code")
    codes = page.eval_on_selector_all("#step ol code", "all => all.map(one => one.innerText)")
    assert len(codes) == 8

    other, more = complaining_page(chromium)
    other.goto(address, wait_until="commit")
    other.wait_for_selector("#login")
    other.keyboard.type("ines")
    other.keyboard.press("Tab")
    other.keyboard.type(PASSWORD)
    other.keyboard.press("Enter")
    arrive(other, lambda at: "/sign-in/code" in at, "#code")
    focused(other, "at.id === 'code'")
    assert axe_violations(other) == []
    other.keyboard.type(codes[0].lower())  # as long as the code just used is still shown, a recovery code
    other.keyboard.press("Enter")
    arrive(other, lambda at: "sign-in" not in at)
    assert "Ines Calder" in other.inner_text(".me")
    with Session(engine) as session:
        assert session.scalars(select(SecondFactor.confirmed_at)).one() is not None
    assert [one for one in complaints + more if "401" not in one] == []


def test_everyone_can_read_the_pages_of_the_door(chromium: Chromium, house: tuple[str, Engine]) -> None:
    address, _ = house
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "ines")
    for path in ADDRESSES:
        page.goto(address + path)
        assert violations_in(page, LOOKS) == [], path
    assert complaints == []
