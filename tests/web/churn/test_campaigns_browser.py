"""A marketer goes from a question to a running campaign and its result by the screen alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from billing.tables import Tariff
from churn.campaigns.answering import answer
from churn.campaigns.jobs import count_results, send_letters
from churn.campaigns.running import keep_results
from churn.campaigns.sending import send_due
from tests.db.churn.conftest import FLAT, TWO_RATE, Supplier
from tests.web.browsing import (
    LOOKS,
    PASSWORD,
    Chromium,
    Page,
    arrive,
    axe_violations,
    complaining_page,
    serving,
    sign_in,
    violations_in,
)
from tests.worlds.campaign_world import NOW, TODAY, drafted, populate
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.settings import settings
from utility_crm.network.tables import NetworkNode

pytestmark = pytest.mark.browser
SECRET = "for one test, and long enough to be one"
OTHERS = "select id from campaign_members where arm = :arm and answer = '' and id % 3 > 0 order by id"
SAID = "select answer, answered_via from campaign_members where answer <> ''"
ASKED_OF = (
    "select customer_id from campaign_members where arm = 'A' and sent_at is not null order by id limit 2"
)
LINK = "select context ->> 'link' from outbox where notice = 'campaign' and customer_id = :customer"
DECIDES = TODAY + timedelta(days=72)
"""The day for looking that the form proposes."""
LEGIBLE = {
    "#intervals td.bar .ci": 3, "#intervals td.bar .pt": 3, "#intervals td.bar .zero": 3, "#curve .ln1": 3,
    "#curve .lnc": 3, "#intervals th.bar text": 4.5, "#curve text": 4.5, "#intervals td": 4.5,
    "#intervals .verdict": 4.5,
}  # fmt: skip
"""Marks and words of the charts, and the contrast they need (WCAG 2.2, 1.4.11 and 1.4.3)."""
CONTRAST = """selector => {
  const read = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = read(getComputedStyle(at).backgroundColor);
      if (found.a === 1) return found.rgb;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(selector)].map((element) => {
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement;
    const marks = !drawn ? [style.color]
      : element.tagName === "text" ? [style.fill] : [style.stroke, style.fill].filter((c) => c !== "none");
    const back = light(behind(element));
    return Math.max(...marks.map((colour) => {
      const front = light(read(colour).rgb);
      return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    }));
  });
}"""
ASKED = ("who", "saving", "not", "arms", "result", "keeps", "cost", "earns")


@pytest.fixture
def served(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch, demo_settings: None
) -> Iterator[tuple[str, Engine]]:
    monkeypatch.setenv("UTILITY_CRM_SECRET_KEY", SECRET)
    monkeypatch.setenv("UTILITY_CRM_PUBLIC_URL", "https://care.example")
    settings.cache_clear()
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
        supplier = Supplier(session, area.id, tariffs[0].id, tariffs[1].id)
        people = populate(session, supplier, 60)
        supplier.moves_in(segment="industry")
        supplier.says(people[0], TODAY - timedelta(days=3), complaint=True)
        add_user(session, login="tomas", name="Tomas Lindqvist", role="marketer", password=PASSWORD)
        add_user(session, login="priya", name="Priya Nair", role="agent", password=PASSWORD)
    with serving(create_app(engine, secret=SECRET)) as address:
        yield address, engine
    engine.dispose()
    settings.cache_clear()


def test_from_a_question_to_a_result_by_the_screen_alone(
    chromium: Chromium, served: tuple[str, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, engine = served
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "tomas")

    # a question of two conditions, counted while it is built
    page.goto(f"{address}/segments")
    page.keyboard.press("a")
    arrive(page, "**/segments/new?*")
    page.select_option("[id^=fact-]", "customer_kind")
    page.check("[id^=in-] >> nth=0")
    said(page, "60 customers of 61 fit")
    page.click("#add")
    page.select_option("[id^=fact-] >> nth=1", "saving_on")
    page.wait_for_selector("[id^=of-]")
    with page.expect_response("**/segments/new?*"):
        page.select_option("[id^=of-]", "day_night")
    page.wait_for_function("() => !document.querySelector('.htmx-request')")  # it draws the fields anew
    page.fill("[id^=a-]", "10.00")
    page.keyboard.press("Tab")
    page.wait_for_selector("p.then:has-text('above £10.00 a year')")
    page.fill("#f-save-name", "Homes that would save")
    page.click("text=Save the segment")
    arrive(page, "**/segments/*")

    # it becomes a campaign; who must not be asked, and what could be seen, stand beside the fields
    page.wait_for_selector("h1:has-text('Homes that would save')")
    page.keyboard.press("m")
    arrive(page, "**/campaigns?ask=new&saved=*")
    page.wait_for_selector("#counted:has-text('60 customers fit.')")
    assert "A complaint, a late bill or a need of particular care" in page.inner_text("#counted")
    assert page.locator("#f-campaign-tariff").input_value() == "day_night"
    power = page.inner_text("#power")
    page.fill("#f-campaign-name", "Day & Night for winter")
    page.fill("#f-campaign-control", "40")
    page.keyboard.press("Tab")
    page.wait_for_function("was => document.querySelector('#power').innerText !== was", arg=power)
    assert "A rise of at least" in page.inner_text("#power")
    page.select_option("#f-campaign-offer", "points")
    page.wait_for_selector("#f-campaign-amount")
    assert page.locator("#f-campaign-tariff").count() == 0
    assert page.locator("#f-campaign-name").input_value() == "Day & Night for winter"
    page.select_option("#f-campaign-offer", "tariff")
    page.wait_for_selector("#f-campaign-tariff")
    page.click("text=Keep the draft")
    arrive(page, "**?ask=arms")
    assert "would be seen with a chance of 80" in page.inner_text("blockquote")
    path = page.url.partition("?")[0]

    # it begins
    page.keyboard.press("b")
    page.wait_for_selector("text=Are you sure?")
    page.click("#ask-launch button[name=sure]")
    page.wait_for_selector("text=It runs: 59 customers are drawn")

    # the clock hands letters over; a customer opens the link in theirs and accepts
    with Session(engine) as session, session.begin():
        assert "handed over" in send_letters(session, NOW)
        first, second = session.scalars(text(ASKED_OF)).all()
        link = str(session.scalar(text(LINK), {"customer": first}))
    customer, _ = complaining_page(chromium, {"width": 390, "height": 800})
    customer.goto(link.replace("https://care.example", address))
    assert "34" in customer.inner_text("main")
    customer.click("button[value=accepted]")
    customer.wait_for_selector("main [role=status]")

    # an agent notes what another says
    agent, _ = complaining_page(chromium)
    sign_in(agent, address, "priya")
    agent.goto(f"{address}/customers/{second}")
    agent.keyboard.press("q")
    agent.click("button[name=answer][value=declined]")
    agent.wait_for_selector("text=Noted: declined.")
    with Session(engine) as session, session.begin():
        told = dict(session.execute(text(SAID)).all())
        assert told == {"accepted": "link", "declined": "desk"}
        # others answer as well, and the day for looking comes
        others_accept(session, "A")
        count_results(session, NOW)
    later = DECIDES + timedelta(days=1)
    monkeypatch.setenv("UTILITY_CRM_AS_OF", later.isoformat())
    settings.cache_clear()
    with Session(engine) as session, session.begin():
        count_results(session, datetime.combine(later, time(9), UTC))
        assert session.scalar(text("select state from campaigns")) == "finished"

    # what it brought beyond those who were left alone
    page.goto(f"{path}?ask=result")
    brought = page.inner_text("blockquote")
    assert "more took it than of those left alone: between" in brought
    assert page.inner_text("#intervals .verdict >> nth=0") == "works"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for selector, least in LEGIBLE.items():
            ratios = page.evaluate(CONTRAST, selector)
            assert ratios, selector
            assert min(ratios) >= least, (scheme, selector, ratios)
        assert not axe_violations(page), scheme
    assert complaints == []


def others_accept(session: Session, arm: str) -> None:
    for member in session.scalars(text(OTHERS), {"arm": arm}).all():
        answer(session, member, "accepted", via="link", today=TODAY, now=NOW)


def said(page: Page, words: str) -> None:
    page.wait_for_selector(f"blockquote:has-text('{words}')")


def test_axe_finds_nothing_in_both_themes(chromium: Chromium, demo_campaign: str) -> None:
    address = demo_campaign
    page, complaints = complaining_page(chromium)
    sign_in(page, address, "tomas")
    paths = [
        "/campaigns",
        "/campaigns?ask=new",
        *(f"/campaigns/1?ask={one}" for one in ASKED),
        "/campaigns/2?ask=arms&arm=A",
        "/campaigns/2?ask=change",
    ]
    for path in paths:
        page.goto(f"{address}{path}")
        assert violations_in(page, LOOKS) == [], path
    assert complaints == []


@pytest.fixture
def demo_campaign(served: tuple[str, Engine]) -> str:
    """One that runs with answers, and a draft."""
    from churn.campaigns.launching import launch

    address, engine = served
    with Session(engine) as session, session.begin():
        found = dict(session.execute(text("select code, id from tariffs")).all())
        tariffs = Supplier(session, 0, found["steady"], found["day_night"])
        made = drafted(session, tariffs)
        launch(session, made, today=TODAY, now=NOW, by=None)
        send_due(session, NOW, TODAY)
        others_accept(session, "B")
        keep_results(session, NOW, TODAY)
        drafted(session, tariffs, name="A draft")
    return address
