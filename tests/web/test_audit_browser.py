"""The audit page in a real browser: readable for everyone, by keyboard, light, dark and narrow."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert
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
from utility_crm.auth.tables import AuditRow
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.web.visit import present

pytestmark = pytest.mark.browser


def test_who_saw_margaret_in_light_and_dark(chromium: Chromium, fresh_database_url: str) -> None:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        people = put_in(session)
        priya = add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
        for login, language in (("greta", "en"), ("vera", "ru")):
            add_user(session, login=login, name="Greta Holm", role="supervisor", password=PASSWORD,
                     language=language)  # fmt: skip
        at, path = present() - timedelta(hours=1), "GET /customers/{customer_id}"
        seen = {"at": at, "user_id": priya, "customer_id": people.margaret, "address": "192.0.2.7"}
        for given in (
            {"kind": "view", "what": path, "subject_kind": "customer", "subject": str(people.margaret)},
            {"kind": "search", "what": "GET /customers/found", "subject": "ashdown", "customer_id": None},
            {"kind": "view", "what": path, "outcome": "refused", "subject_kind": "customer"},
            {"kind": "change", "what": "POST /customers/{customer_id}/reach", "subject_kind": "customer",
             "after": {"said": "They can be reached at 07700 900123, too."}},
            {"kind": "detail", "what": "way to reach", "before": {"kind": "phone", "value": "07700 900418"},
             "after": {"kind": "phone", "value": "07700 900419"}},
            {"kind": "export", "what": "GET /bills/{number}.pdf", "subject_kind": "bill", "subject": "B104"},
            {"kind": "sign_in", "what": "wrong_password", "outcome": "refused", "customer_id": None},
        ):  # fmt: skip
            session.execute(insert(AuditRow).values(**(seen | given)))
    pictures = os.environ.get("UTILITY_CRM_TEST_PICTURES", "")
    with serving(create_app(engine, secret="for one test")) as address:
        for login, looks in (("greta", LOOKS), ("vera", (("dark", 1280),))):
            page, complaints = complaining_page(chromium)
            sign_in(page, address, login)
            for asked in ("", "?ask=saw&q=C100001", "?ask=saw", "?ask=changed", "?ask=refused"):
                page.goto(f"{address}/audit{asked}")
                assert violations_in(page, looks) == [], asked
                if pictures:
                    name = f"{login}{asked.replace('?', '-').replace('&', '-')}.png"
                    page.screenshot(path=str(Path(pictures) / name), full_page=True)
            assert complaints == []
        page.keyboard.press("2")
        page.wait_for_selector("#s-h:has-text('Кто видел этого клиента?')")
        page.keyboard.press("f")
        focused(page, "at.name === 'q'")
        page.keyboard.type("C100001")
        page.keyboard.press("Enter")
        page.wait_for_selector("#saw:has-text('Priya Nair')")
        assert "Margaret Ashdown" in page.inner_text("blockquote")
    engine.dispose()
