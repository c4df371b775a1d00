"""A marketer goes from a question to a running campaign and its result by the screen alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from billing.tables import Tariff
from churn.campaigns.running import keep_results
from churn.campaigns.sending import send_due
from tests.db.churn.conftest import FLAT, TWO_RATE, Supplier
from tests.web.browsing import PASSWORD, Chromium, arrive, axe_violations, complaining_page, serving, sign_in
from tests.worlds.campaign_world import NOW, TODAY, populate
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.network.tables import NetworkNode

pytestmark = pytest.mark.browser
ACCEPTED = """update campaign_members set answer = 'accepted', answered_at = :now, answered_via = 'link',
    outcome = 'changed'"""
ASKED = ("who", "saving", "not", "arms", "result", "keeps", "cost", "earns")


@pytest.fixture
def served(fresh_database_url: str) -> Iterator[tuple[str, Engine]]:
    load_tables()
    engine = make_engine(fresh_database_url)
    with Session(engine) as session, session.begin():
        area = NetworkNode(code="M", name="Moorside", kind="area")
        tariffs = [
            Tariff(code=file["code"], name=file["name"], currency="GBP", document=file)
            for file in (FLAT, TWO_RATE)
        ]
        session.add_all([area, *tariffs])
        session.flush()
        populate(session, Supplier(session, area.id, tariffs[0].id, tariffs[1].id), 60)
        add_user(session, login="tomas", name="Tomas Lindqvist", role="marketer", password=PASSWORD)
    with serving(create_app(engine, secret="for one test")) as address:
        yield address, engine
    engine.dispose()


def test_from_a_question_to_a_result_by_the_screen_alone(
    chromium: Chromium, served: tuple[str, Engine]
) -> None:
    address, engine = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "tomas")
    page.keyboard.press("g")
    page.keyboard.press("i")
    arrive(page, "**/campaigns")
    page.keyboard.press("n")
    arrive(page, "**/campaigns?ask=new")
    page.fill("#f-campaign-name", "Day & Night for winter")
    page.select_option("#f-campaign-tariff", "day_night")
    page.select_option("#f-campaign-on_tariff", "steady")
    page.fill("#f-campaign-saving_above", "10.00")
    page.fill("#f-campaign-control", "30")
    page.click("text=Keep the draft")
    arrive(page, "**?ask=arms")
    assert "would be seen with a chance of 80" in page.inner_text("blockquote")
    page.keyboard.press("3")
    page.wait_for_selector("#say-h:has-text('Who must not be asked?')")
    page.keyboard.press("4")
    page.wait_for_selector("#say-h:has-text('Could we see an effect?')")
    page.keyboard.press("b")
    page.wait_for_selector("text=Are you sure?")
    page.click("#ask-launch button[name=sure]")
    page.wait_for_selector("text=It runs: 60 customers are drawn")
    with Session(engine) as session, session.begin():  # the clock goes on, and customers answer
        send_due(session, NOW, TODAY)
        session.execute(text(f"{ACCEPTED} where arm in ('A', 'B') and id % 3 > 0"), {"now": NOW})
        keep_results(session, NOW, TODAY)
    page.keyboard.press("5")
    page.wait_for_selector("#say-h:has-text('What did it bring?')")
    assert "more took it than of those left alone" in page.inner_text("blockquote")
    assert page.locator("#intervals .verdict.yes").count() >= 3
    assert complaints == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_and_charts_are_read_in_both_themes(
    chromium: Chromium, demo_campaign: str, scheme: str, width: int
) -> None:
    address = demo_campaign
    page, complaints = complaining_page(chromium, {"width": width, "height": 800}, color_scheme=scheme)
    sign_in(page, address, "tomas")
    paths = [
        "/campaigns",
        "/campaigns?ask=new",
        *(f"/campaigns/1?ask={one}" for one in ASKED),
        "/campaigns/2?ask=arms&arm=A",
    ]
    for path in paths:
        page.goto(f"{address}{path}")
        assert not axe_violations(page), path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"{address}/campaigns/1?ask=result")
    paper = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    for shape in ("#intervals .ci", "#intervals .pt"):
        seen = page.evaluate(
            "a => { const s = getComputedStyle(document.querySelector(a)); return s.fill + s.stroke }",
            shape,
        )
        assert paper not in seen
    assert complaints == []


@pytest.fixture
def demo_campaign(served: tuple[str, Engine]) -> str:
    """One that runs with answers, and a draft."""
    from churn.campaigns.drafting import draft_campaign
    from churn.campaigns.launching import launch
    from tests.worlds.campaign_world import wanted

    address, engine = served
    with Session(engine) as session, session.begin():
        found = dict(session.execute(text("select code, id from tariffs")).all())
        tariffs = Supplier(session, 0, found["steady"], found["day_night"])
        made = draft_campaign(session, wanted(tariffs), now=NOW, by=None)
        launch(session, made, today=TODAY, now=NOW, by=None)
        send_due(session, NOW, TODAY)
        session.execute(text(f"{ACCEPTED} where arm = 'B' and id % 3 > 0"), {"now": NOW})
        keep_results(session, NOW, TODAY)
        draft_campaign(session, wanted(tariffs, name="A draft"), now=NOW, by=None)
    return address
