"""The mail room and the public form in a real browser: by keys alone, for everyone, on any screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from letters_in import letter
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    arrive,
    complaining_page,
    serving,
    sign_in,
    violations_in,
)
from tests.web.people import put_in
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.customers.tables import Customer
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings
from utility_crm.mail.fetching import keep_mail
from utility_crm.mail.mailbox import Given
from utility_crm.mail.placing import place_stored
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import add_message

pytestmark = pytest.mark.browser
LETTERS = (
    letter(
        "Good morning,\n\nI have moved into 9 Mill Lane on Monday. What do you need?\n\n-- \nBob Far\n\n"
        "On Friday, Northmoor Energy wrote:\n> Welcome to your new home.\n",
        sender="Bob Far <bob@far.example>", subject="I moved in", name="<1@far.example>",
        files=(("reading.txt", "text/plain", b"00123"),),
    ),
    letter("I am away.", subject="Out of office", name="<2@home.example>", Auto_Submitted="auto-replied"),
    letter("Buy now!", sender="offers@shop.example", subject="Offers", name="<3@x>", Precedence="bulk"),
    b"no letter at all",
)  # fmt: skip


@pytest.fixture
def served(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Engine]]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", "only for tests")
    settings.cache_clear()
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        put_in(session)
        for raw in LETTERS:
            keep_mail(session, Given(raw, len(raw), True), NOW)
        place_stored(session, NOW)
        ticket = session.scalars(select(Arrival.ticket_id).where(Arrival.ticket_id.is_not(None))).one()
        assert ticket is not None
        add_message(session, ticket, direction="out", text="Well.", channel="sms", now=NOW)
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
    with serving(create_app(engine, secret="for one test")) as address:
        yield address, engine
    engine.dispose()


def test_a_message_is_given_to_its_customer_by_keys_alone(
    chromium: Chromium, served: tuple[str, Engine]
) -> None:
    address, engine = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    page.keyboard.press("g")
    page.keyboard.press("e")
    arrive(page, "**/mail")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    arrive(page, lambda now: now.rsplit("/", 1)[-1].isdigit())
    page.keyboard.press("c")
    page.keyboard.type("C100001")
    page.keyboard.press("Enter")
    arrive(page, "**/mail", "[data-announce]")
    assert "It is theirs: ticket" in page.inner_text("[data-announce]")
    with Session(engine) as session:
        margaret = select(Customer.id).where(Customer.number == "C100001")
        owner = select(Arrival.customer_id).where(Arrival.sender == "bob@far.example")
        assert session.scalar(owner) == session.scalar(margaret)
    assert complaints == []


def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    chromium: Chromium, served: tuple[str, Engine]
) -> None:
    address, engine = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "priya")
    with Session(engine) as session:
        ids = session.scalars(select(Arrival.id).order_by(Arrival.id)).all()
    paths = ["/mail", *(f"/mail?ask={ask}" for ask in ("fetched", "stuck", "ignored", "came"))]
    for path in [*paths, f"/mail/{ids[0]}", f"/mail/{ids[-1]}", "/contact"]:
        page.goto(f"{address}{path}")
        assert violations_in(page, LOOKS) == [], path
    page.fill("[name=text]", "My bill is too high.")
    page.fill("[name=name]", "Ann Hill")
    page.fill("[name=email]", "ann@home")
    page.click("button[type=submit]")
    page.wait_for_selector("#f-contact-email-d")
    assert violations_in(page, LOOKS) == []
    assert [one for one in complaints if "a status of 422" not in one] == []
