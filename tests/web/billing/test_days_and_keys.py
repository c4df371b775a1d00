"""The first late day, the days of the timeline, what is split in parts, and the keys of questions."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from bent_history import no_trigger_minds
from billing_world import NOW, Supplied, World
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from billing.actions.agreeing import agree_plan
from billing.actions.disputing import open_dispute
from billing.actions.issuing import issue_cycle
from billing.customer.around import cells, timeline
from billing.cycles import Month
from billing.queries.accounts import standing
from billing.queries.bills import bills_of
from tests.web.billing.test_customer_questions import words
from tests.web.conftest import MakeClient
from utility_crm.kit.parts import CustomerCall

FIRST_NINE = ["why", "owe", "estimated", "next", "tariff", "meter", "supply", "charge", "parts"]


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    return make_client("agent")


def page(agent: TestClient, one: Supplied, **query: str) -> str:
    return words(agent.get(f"/customers/{one.customer_id}", params=query).text)


def test_the_due_day_is_on_time_and_the_next_one_late(session: Session, billed: Supplied) -> None:
    due_on = min(bill.due_on for bill in bills_of(session, [billed.account_id]))
    (on_it,) = standing(session, billed.customer_id, due_on)
    assert (on_it.overdue_minor, on_it.late_since, on_it.late_bills) == (0, None, 0)
    for days in (1, 5):
        today = due_on + timedelta(days=days)
        (after,) = standing(session, billed.customer_id, today)
        assert after.late_bills == 1 and after.late_since == due_on + timedelta(days=1)
        call = CustomerCall(session, billed.customer_id, NOW, today)
        late = next(cell for cell in cells(call) if cell.label == "Overdue")
        assert late.detail == f"{days} days"


def test_the_sentence_says_which_day_was_the_first_late_one(agent: TestClient, billed: Supplied) -> None:
    shown = page(agent, billed, ask="owe")
    assert re.search(r"late since [\w ]+, the day after it was due", shown)


def test_bills_have_days_and_no_hours(agent: TestClient, session: Session, billed: Supplied) -> None:
    bills = bills_of(session, [billed.account_id])
    told = [one for one in timeline(CustomerCall(session, billed.customer_id, NOW, NOW.date())) if one.href]
    assert len(told) == len(bills) and all(one.whole_day for one in told)
    html = agent.get(f"/customers/{billed.customer_id}").text
    for bill in bills:
        assert f'<time datetime="{bill.issued_on.isoformat()}"></time>' in html
    assert "planned" not in words(html)


def test_what_lies_ahead_is_labelled_planned(agent: TestClient, session: Session, billed: Supplied) -> None:
    newest = bills_of(session, [billed.account_id])[0]
    ahead = date(2099, 1, 5)
    with no_trigger_minds(session):
        later = text("update bills set issued_on = :day where id = :id")
        session.execute(later, {"day": ahead, "id": newest.id})
    html = agent.get(f"/customers/{billed.customer_id}").text
    (entry,) = re.findall(rf'<time datetime="{ahead.isoformat()}"></time>.*?</li>', html, re.DOTALL)
    assert "planned" in words(entry) and html.count("planned") == 1


def test_what_is_disputed_is_in_neither_figure(agent: TestClient, session: Session, billed: Supplied) -> None:
    bills = bills_of(session, [billed.account_id])
    open_dispute(session, bills[0].number, 1_000, "not ours", today=NOW.date())
    (one,) = standing(session, billed.customer_id, NOW.date())
    assert one.plannable_minor == sum(bill.open_minor for bill in bills) - 1_000
    shown = page(agent, billed, ask="parts")
    third = -(-one.plannable_minor // 3)
    assert f"Can I pay in parts? Yes 3 times £{third / 100:.2f}" in shown
    assert f"Parts add up to £{one.plannable_minor / 100:.2f}" in shown
    assert "£10.00 more is disputed and stays out of it." in shown
    for bill in bills[1:]:
        open_dispute(session, bill.number, bill.total_minor, "not ours", today=NOW.date())
    session.execute(text("update disputes set amount_minor = :all where bill_id = :id"),
                    {"all": bills[0].total_minor, "id": bills[0].id})  # fmt: skip
    shown = page(agent, billed, ask="parts")
    assert "Can I pay in parts? No all of it is disputed" in shown and "Not now: all that is open" in shown


def test_a_running_plan_is_said_in_both(agent: TestClient, session: Session, billed: Supplied) -> None:
    agree_plan(session, billed.account_id, 3, NOW.date() + timedelta(days=7), today=NOW.date())
    shown = page(agent, billed, ask="parts")
    assert "Can I pay in parts? A plan runs" in shown and "You pay in parts already: £0.00 of" in shown


def test_the_first_nine_have_a_digit_and_the_rest_two(agent: TestClient, billed: Supplied) -> None:
    html = agent.get(f"/customers/{billed.customer_id}").text
    asked = re.findall(r'<li><a href="[^"]*\?ask=(\w+)"[^>]*>(?:<kbd[^>]*>(\d+)</kbd>)?', html)
    assert [key for key, _ in asked[:9]] == FIRST_NINE
    caps = [f"{nought}{digit}" for nought in ("", "0", "00") for digit in range(1, 10)]
    assert [cap for _, cap in asked] == caps[: len(asked)]
    assert len(asked) > 12 and 'data-keys="questions"' in html


def test_with_fourteen_bills_the_year_before_is_the_second_choice(
    agent: TestClient, session: Session, world: World
) -> None:
    one = world.supplied("flat")
    world.even(one.channel_id, date(2025, 8, 31), 430, 100_000)
    for place in range(14):
        issue_cycle(
            session, Month(2025, 9).plus(place), 1, [one.account_id],
            issued_on=NOW.date(), known_at=NOW, now=NOW,
        )  # fmt: skip
    newest, *_, year_ago, _first = bills_of(session, [one.account_id])
    assert (newest.last_on, year_ago.last_on) == (date(2026, 10, 31), date(2025, 10, 31))
    html = agent.get(f"/customers/{one.customer_id}", params={"ask": "why"}).text
    (choices,) = re.findall(r'aria-label="Compare with">(.*?)</span>', html, re.DOTALL)
    links = re.findall(r'against=([^"&]+)"[^>]*>([^<]*)</a>', choices)
    assert [number for number, _ in links][1:2] == [year_ago.number] and "Oct 2025" in links[1][1]
    assert len(links) == 2
    shown = page(agent, one, ask="why", against=year_ago.number)
    assert "October 2025" in shown and "left over £0.00" in shown
