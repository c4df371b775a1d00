"""A file of another system brought over and taken back in a real browser, by keyboard alone, for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

pytestmark = pytest.mark.browser
FILE = """Номер платежа;Лицевой счёт;Дата;Сумма;Валюта;Способ
P-1;4100227815;03.02.2026;1 250,40;GBP;Карта
P-2;4100227816;14.02.2026;86,10;GBP;Перевод
P-3;4100227999;15.02.2026;12,00;GBP;Касса
"""


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[tuple[str, Session]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session:
        add_user(session, login="otto", name="Otto Brand", role="ops", password=PASSWORD)
        put_in(session)
        session.commit()
        with serving(create_app(engine, secret="for one test")) as address:
            yield address, session
    engine.dispose()


def test_payments_come_and_go(chromium: Chromium, served: tuple[str, Session], tmp_path: Path) -> None:
    address, session = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "otto")
    page.keyboard.press("g")
    page.keyboard.press("r")
    arrive(page, "**/records")
    assert axe_violations(page) == []
    (tmp_path / "payments.csv").write_bytes(FILE.encode("cp1251"))
    page.set_input_files("#f-drop-file", tmp_path / "payments.csv")  # what the system's own dialogue does
    page.focus("#f-drop-kind")
    page.keyboard.type("Pay")
    page.keyboard.press("Tab")
    page.keyboard.type("old desk")
    page.keyboard.press("Enter")
    arrive(page, "**/records/*?ask=columns")
    page.wait_for_selector("#columns")
    assert axe_violations(page) == []
    page.keyboard.press("t")
    page.wait_for_selector(":text('Of 3 rows 2 would be new')")
    page.keyboard.press("3")
    page.wait_for_selector(":text('There is no account 4100227999.')")
    assert axe_violations(page) == []
    page.keyboard.press("2")
    page.wait_for_selector("#fates")
    page.keyboard.press("t")
    page.wait_for_selector(":text('2 rows are taken, one is refused.')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.ok:has-text('2 new')")
    assert session.scalar(text("select sum(balance_minor) from account_balances")) == -133650
    page.keyboard.press("4")
    page.wait_for_selector(":text('Yes: every row has one fate')")
    assert axe_violations(page) == []
    page.keyboard.press("5")
    page.wait_for_selector(":text('Yes: nothing was built on it.')")
    page.keyboard.press("z")
    page.wait_for_selector(":text('2 records go')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.ok:has-text('Taken back')")
    session.rollback()
    assert session.scalar(text("select sum(balance_minor) from account_balances")) == 0
    page.goto(f"{address}/records/ways")
    assert axe_violations(page) == []
    assert complaints == []
