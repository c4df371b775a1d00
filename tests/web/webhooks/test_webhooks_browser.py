"""Webhooks, tokens and teams in a real browser: by keyboard, without a violation, dark and narrow, too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    arrive,
    axe_violations,
    complaining_page,
    serving,
    sign_in,
    violations_in,
)
from utility_crm.announcing.telling import announce
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.auth.sealing import Sealer
from utility_crm.auth.teams import add_team, set_teams
from utility_crm.auth.tokens import make_token
from utility_crm.installed import load_tables
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine
from utility_crm.network.tables import NetworkNode
from utility_crm.webhooks.actions import Wanted, add_listener
from utility_crm.webhooks.claims import claim, settle
from utility_crm.webhooks.posting import Answered

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("UTILITY_CRM_TEST_SHOTS", "")
"""A folder to keep pictures in, to look at."""

PLACES = (
    "webhooks", "webhooks?ask=kinds", "webhooks?ask=new", "webhooks/2", "webhooks/2?ask=hears",
    "webhooks/1?delivery=1", "webhooks/2?ask=secret", "tokens", "tokens?ask=new", "people?ask=teams",
    "people?person=2",
)  # fmt: skip


@pytest.fixture
def address(fresh_database_url: str) -> Iterator[str]:
    load_tables()
    engine = make_engine(fresh_database_url)
    now = utc_now()
    with Session(engine) as session:
        add_user(session, login="ines", name="Ines Calder", role="admin", password=PASSWORD)
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
        for name in ("Customer care", "Bills and payments"):
            add_team(session, name)
        set_teams(session, "priya", ["Customer care"], leads=["Customer care"])
        session.add(NetworkNode(code="MOO", name="Moorside", kind="area"))
        make_token(session, "Head-end of the meters", ["readings:write"], now, days=90, created_by=1)
        make_token(session, "App", ["notices:read", "notices:write"], now)
        for name, url in (
            ("Warehouse", "https://warehouse.example/in"),
            ("Field work", "https://f.example/"),
        ):
            add_listener(session, Wanted(name, url, ("ticket.opened",)), Sealer("one test"), now, by=1)
        for place in range(3):
            announce(session, "ticket.opened", now, {"ticket": f"T-1000{place}", "kind": "billing"})
        for one in claim(session, now, 6):
            said = (
                Answered(503, "Service Unavailable: try later")
                if one.subscription_id == 2
                else Answered(204, "")
            )
            settle(session, one, said, now=now, millis=41, chance=0.5)
        session.commit()
    with serving(create_app(engine, secret="one test")) as served:
        yield served
    engine.dispose()


def test_by_keyboard_and_without_a_violation(chromium: Chromium, address: str) -> None:
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "ines")
    page.keyboard.press("g")
    page.keyboard.press("h")
    arrive(page, "**/webhooks")
    page.keyboard.press("4")
    page.wait_for_selector("#f-add-name")
    page.fill("#f-add-name", "Books")
    page.fill("#f-add-url", "https://books.example/hook")
    page.check("input[name=events][value='bill.issued']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".then code:has-text('whsec_')")
    assert axe_violations(page) == []
    page.goto(f"{address}/webhooks/1")
    page.keyboard.press("e")
    page.wait_for_selector(".notice.ok")
    page.keyboard.press("g")
    page.keyboard.press("y")
    arrive(page, "**/tokens")
    page.keyboard.press("3")
    page.wait_for_selector("#f-add-name")
    page.fill("#f-add-name", "Bank")
    page.check("input[name=scopes][value='payments:write']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".then code:has-text('ucrm_')")
    for place in PLACES:
        page.goto(f"{address}/{place}")
        assert violations_in(page, LOOKS) == [], place
        if SHOTS:
            name = place.replace("/", "-").replace("?", "-").replace("=", "-")
            page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    assert complaints == []
