"""The room of privacy in a real browser: for everyone, light, dark and narrow; a hold by keyboard alone."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    complaining_page,
    focused,
    serving,
    sign_in,
    violations_in,
)
from tests.web.people import put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.auth.sealing import Sealer
from utility_crm.customers.tables import Customer
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.privacy.asking import approve, ask, place_hold
from utility_crm.privacy.ending import erase
from utility_crm.privacy.exports import ask_archive, make_next
from utility_crm.web.visit import present

pytestmark = pytest.mark.browser
TODAY = date(2026, 11, 20)


def filled(session: Session) -> tuple[int, int]:
    """A request, a hold and an archive of Margaret; somebody who was erased."""
    margaret = put_in(session).margaret
    staff = [
        add_user(session, login=login, name=name, role="supervisor", password=PASSWORD, language=language)
        for login, name, language in (("greta", "Greta Holm", "en"), ("vera", "Vera Lind", "ru"))
    ]
    gone = Customer(number="C990001", kind="person", name="Edda Vanished", segment="household", since=TODAY)
    session.add(gone)
    session.flush()
    known = {"now": present(), "today": TODAY, "country": "GB"}
    for customer in (margaret, gone.id):
        request = ask(session, customer, "erasure", "letter", "signed", TODAY, by=staff[0], **known)
    approve(session, request, by=staff[1], **known)
    erase(session, request, Sealer("s"), **known)
    review = TODAY + timedelta(days=60)
    place_hold(session, margaret, "in court", review, by=staff[0], now=present(), today=TODAY)
    ask_archive(session, margaret, by=staff[0], now=present())
    make_next(session, now=present(), today=TODAY, kept_days=7)
    return margaret, gone.id


def test_every_page_in_light_dark_and_narrow(chromium: Chromium, fresh_database_url: str) -> None:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        margaret, gone = filled(session)
    pictures = os.environ.get("UTILITY_CRM_TEST_PICTURES", "")
    places = ["/privacy", "/privacy?ask=holds", "/privacy?ask=archives", "/privacy?ask=erased"]
    places += [
        "/privacy?ask=retention&kind=audit",
        f"/privacy/customers/{margaret}",
        f"/privacy/erased/{gone}",
    ]
    with serving(create_app(engine, secret="for one test")) as address:
        for login, looks in (("greta", LOOKS), ("vera", (("dark", 1280),))):
            page, complaints = complaining_page(chromium)
            sign_in(page, address, login)
            for place in places:
                page.goto(f"{address}{place}")
                assert violations_in(page, looks) == [], place
                if pictures:
                    name = f"{login}{place.replace('/', '-').replace('?', '-')}.png"
                    page.screenshot(path=str(Path(pictures) / name), full_page=True)
            assert complaints == []
        page.goto(f"{address}/privacy/customers/{margaret}")
        page.keyboard.press("h")
        focused(page, "at.name === 'reason'")
        page.keyboard.type("проверка счётчика")
        page.keyboard.press("Enter")
        page.wait_for_selector("#holds:has-text('проверка счётчика')")
    engine.dispose()
