"""The page of a service point, any day of it on the customer page, and where an interval comes from."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.completeness import refresh
from meters.tables import Channel
from tests.web.meters.conftest import NOW, TODAY, YESTERDAY, days_before, put_meter
from tests.web.meters.test_feeds_page import sentence, words
from tests.web.meters.test_feeds_questions import queries
from utility_crm.customers.tables import Account, Occupancy

DAY = timedelta(days=1)
ASKED = ("whole", "day", "files", "doubted", "stands")


def said(html: str) -> str:
    found = re.search(r"<blockquote[^>]*data-spoken>(.*?)</blockquote>", html, re.S)
    assert found is not None
    return words(found[1]).strip()


def links(html: str) -> list[str]:
    """Where the intervals of a day lead."""
    return [one.replace("&amp;", "&") for one in re.findall(r'href="(/meter-lineage/[^"]*)"', html)]


@pytest.mark.parametrize("ask", ASKED)
def test_every_question_is_answered_of_an_empty_and_of_a_full_point(
    make_client, meter, sent, ask: str
) -> None:
    client = make_client("ops")
    address = f"/meters/SP-1?ask={ask}"
    assert sentence(client.get(address).text)
    sent("a.csv", *days_before(9))
    page = client.get(address)
    assert page.status_code == 200 and sentence(page.text)
    fragment = client.get(address, headers={"HX-Request": "true"}).text
    assert sentence(fragment) == sentence(page.text) and "<html" not in fragment


def test_its_days_are_as_they_were_counted(session: Session, make_client, meter, sent) -> None:
    session.execute(text("update occupancies set starts_on = '2026-11-10'"))
    hole = ("SP-1", YESTERDAY, [1] * 40 + [None] * 8)
    sent("a.csv", *days_before(11)[:-3], hole)
    session.execute(text("update feeds set received_at = '2026-11-19 04:00Z', counted_at = null"))
    refresh(session, TODAY, NOW)
    page = make_client("ops").get("/meters/SP-1").text
    # Ten days are owed: seven came, two did not, eight readings of yesterday neither.
    assert sentence(page) == "78.3 % of 60 days is in; 104 readings are missing."
    rows = re.findall(r"ask=day&amp;day=([\d-]+)\" data-row", page)
    assert rows[:3] == ["2026-11-19", "2026-11-18", "2026-11-17"]
    assert page.count('class="frame"') == 49, "nobody lived there, and nothing came"


def test_a_point_that_stands_nowhere(make_client, sent) -> None:
    sent("a.csv", *days_before(2, "SP 9/x"))
    page = make_client("ops").get("/meters/SP%209/x").text
    assert sentence(page) == "Nothing is due: it stands nowhere yet."
    assert 'href="/feeds?ask=places"' in page


def test_any_day_is_shown_by_the_clock_on_the_wall(make_client, meter, sent) -> None:
    summer = date(2026, 7, 1)
    sent("a.csv", ("SP-1", summer - DAY, [1] * 48), ("SP-1", summer, [2] * 47 + [None]))
    page = make_client("ops").get(f"/meters/SP-1?ask=day&day={summer}").text
    assert sentence(page) == "On Wednesday 1 July it counted 94.000 kWh ."
    assert len(links(page)) == 48
    page = make_client("admin").get(f"/meters/SP-1?ask=day&day={summer + DAY}").text
    assert sentence(page) == "On Thursday 2 July it counted 2.000 kWh . 47 intervals are missing."
    assert len(links(page)) == 2, "what is missing in a known day has a story, too"


def test_an_interval_leads_to_its_file_its_line_and_what_it_was_before(
    session: Session, make_client, meter, sent
) -> None:
    sent("guess.csv", ("SP-1", YESTERDAY, [1] * 48), quality="estimated")
    sent("read.csv", ("SP-1", YESTERDAY, [1] * 47 + [3]))
    client = make_client("ops")
    day = client.get(f"/meters/SP-1?ask=day&day={YESTERDAY}").text
    address = links(day)[47]
    assert "at=2026-11-19T23:30Z&every=30" in address
    fragment = client.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in fragment and fragment.count("<li>") == 2
    told = words(fragment)
    assert "23:30 to 00:00, Thu 19 Nov: 3.000 kWh" in told
    assert "its value stems from here" in told and "estimated" in told
    assert fragment.index("read.csv") < fragment.index("guess.csv")
    page = client.get(address)
    assert page.status_code == 200 and page.text.count("<h1") == 1 and "read.csv" in page.text
    agent = make_client("agent").get(address).text
    assert "read.csv" in agent and 'href="/feeds/' not in agent, "files are the room of ops"


def test_lineage_is_one_query_however_often_a_day_was_corrected(
    session: Session, make_client, meter, sent
) -> None:
    channel_of = "select c.id from channels c join service_points s on s.id = c.service_point_id"
    sent("0.csv", ("SP-1", YESTERDAY, [1] * 48))
    channel = session.scalar(text(channel_of))
    address = f"/meter-lineage/SP-1?channel={channel}&at=2026-11-19T09:30Z&every=30"
    client = make_client("ops")
    client.get(address)
    once = queries(session.connection(), client, address)
    for number in range(1, 5):
        sent(f"{number}.csv", ("SP-1", YESTERDAY, [1 + number] * 48))
    assert queries(session.connection(), client, address) == once <= 5
    assert client.get(address).text.count("<li>") >= 5


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("channel=0&at=2026-11-19T09:30Z", 404),
        ("channel={channel}&at=yesterday", 422),
        ("channel={channel}&at=2026-11-19T09:30", 422),
        ("channel={channel}&at=2026-11-19T09:30Z&every=7", 422),
        ("channel={channel}&at=2026-11-19T09:30Z&every=0", 422),
        ("channel={channel}&at=2020-11-19T09:30Z", 404),
        ("at=2026-11-19T09:30Z", 422),
    ],
)
def test_what_cannot_be_asked_of_a_reading(
    session, make_client, meter, sent, asked: str, status: int
) -> None:
    sent("a.csv", *days_before(2))
    channel = session.query(Channel).one().id
    answered = make_client("ops").get(f"/meter-lineage/SP-1?{asked.format(channel=channel)}")
    assert answered.status_code == status


def test_who_may_look(make_client, meter) -> None:
    for role in ("agent", "marketer", "admin"):
        page = make_client(role).get("/meters/SP-1")
        assert page.status_code == 200 and ("/meter-reads/" in page.text) == (role != "marketer")
    assert make_client().get("/meters/SP-1").status_code == 303
    assert make_client("ops").get("/meters/SP-none").status_code == 404


def test_the_customer_page_shows_any_day(make_client, meter, sent) -> None:
    busy = [0.1] * 36 + [2] + [0.1] * 11
    sent("a.csv", *days_before(9)[:-1], ("SP-1", YESTERDAY, busy))
    client = make_client("agent")
    address = f"/customers/{meter.margaret}?ask=day"
    page = client.get(address).text
    assert said(page) == "“On Thursday 19 November you used 6.700 kWh , most of it between 18:00 and 18:30.”"
    assert "Thu 19 Nov <i>is the last day known" in page
    assert page.count('class="slot"') == len(links(page)) == 48
    before = client.get(f"{address}&day=2026-11-17", headers={"HX-Request": "true"}).text
    assert said(before).startswith("“On Tuesday 17 November you used 24.000 kWh") and "<html" not in before
    assert "day=2026-11-16" in before and "day=2026-11-18" in before
    none = client.get(f"{address}&day=2026-01-01").text
    assert said(none) == "“We have no readings of Thursday 1 January yet.”"
    strange = client.get(f"{address}&day=tomorrow&point=SP-2").text
    assert said(strange).startswith("“On Thursday 19 November")


def test_estimates_and_holes_are_drawn_and_said(make_client, meter, sent) -> None:
    sent("a.csv", ("SP-1", YESTERDAY, [1] * 40 + [None] * 8))
    page = make_client("agent").get(f"/customers/{meter.margaret}?ask=day").text
    assert "8 intervals are missing." in words(page)
    assert page.count('fill="url(#hatch)"') >= 8


def test_what_others_used_is_not_shown(session: Session, make_client, meter, sent) -> None:
    """Margaret moved out on the 10th, the bakery moved in: neither sees the other's days."""
    sent("a.csv", *days_before(20))
    moved = date(2026, 11, 10)
    session.execute(text("update occupancies set ends_before = :day"), {"day": moved})
    theirs = session.query(Account).filter_by(customer_id=meter.bakery).one()
    premise = session.query(Occupancy).first()
    session.add(Occupancy(account_id=theirs.id, premise_id=premise.premise_id, starts_on=moved))
    session.flush()
    client = make_client("agent")
    margaret, bakery = (f"/customers/{one}?ask=day" for one in (meter.margaret, meter.bakery))
    assert said(client.get(margaret).text).startswith("“On Monday 9 November you used 24.000")
    gone = client.get(f"{margaret}&day=2026-11-12").text
    assert said(gone) == "Nothing is metered for them on Thursday 12 November."
    assert 'class="slot"' not in gone
    assert said(client.get(f"{bakery}&day=2026-11-12").text).startswith("“On Thursday 12 November you used")
    assert 'class="slot"' not in client.get(f"{bakery}&day=2026-11-09").text


def test_several_points_are_chosen_from_and_cost_no_more_queries(
    session: Session, make_client, meter, sent
) -> None:
    sent("a.csv", *days_before(3))
    client = make_client("agent")
    address = f"/customers/{meter.margaret}?ask=day&day={YESTERDAY}"
    client.get(address)
    once = queries(session.connection(), client, address)
    for number in range(2, 7):
        put_meter(session, f"SP-{number}")
    for number in range(2, 7):
        sent(f"{number}.csv", *days_before(3, f"SP-{number}", value=number))
    assert queries(session.connection(), client, address) == once
    page = client.get(f"{address}&point=SP-4").text
    assert said(page).startswith("“On Thursday 19 November you used 192.000 kWh")
    assert page.count('<option value="SP-') == 6 and '<option value="SP-4" selected>' in page


def test_a_point_may_be_called_like_a_page(make_client, meter, session: Session) -> None:
    client = make_client("ops")
    for code in ("x/lineage", "a/reads", "lineage", "reads"):
        put_meter(session, code)
        session.flush()
        page = client.get(f"/meters/{code}")
        assert page.status_code == 200 and f'href="/meter-reads/{code}"' in page.text
        reads = client.get(f"/meter-reads/{code}")
        assert reads.status_code == 200 and f'action="/meter-reads/{code}"' in reads.text
