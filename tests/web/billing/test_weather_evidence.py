"""The weather on the customer page: named, drawn with its fit, or left out with the reason."""

from __future__ import annotations

import re
from datetime import date

import pytest
from billing_world import NOW, Supplied, World
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.orm import Session
from warm_household import FIRST, daily_degrees, heated, in_an_area, warmed

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.queries.bills import bills_of
from tests.web.conftest import MakeClient

from .test_customer_questions import words


@pytest.fixture
def agent(make_client: MakeClient) -> TestClient:
    return make_client("agent")


@pytest.fixture
def household(world: World) -> Supplied:
    """Bills of October 2025, September and October 2026."""
    one, degrees = world.supplied("flat", name="Ada Example"), daily_degrees()
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    for month in (Month(2025, 10), Month(2026, 9), Month(2026, 10)):
        issue_cycle(
            world.session,
            month,
            1,
            [one.account_id],
            issued_on=month.plus(1).starts_on,
            known_at=NOW,
            now=NOW,
        )
    return one


def test_the_weather_is_drawn_with_its_fit(agent: TestClient, household: Supplied) -> None:
    page = agent.get(f"/customers/{household.customer_id}?ask=why").text
    said = words(page)
    assert "the colder month" in said
    assert "Below 15 °C each degree adds 1.00 kWh a day" in said
    assert "fitted on 365 days: R² 1.00, CV(RMSE) 0.00" in said
    chart = page.split('id="warm-1"')[1].split("</section>")[0]
    assert chart.count("<circle") == 30 + 31 + 3  # a dot a day of either bill, and three of the key
    others = chart.split('class="dots" d="')[1].split('"')[0]
    assert 100 < others.count("h0") <= 365 - 61  # the other days are one path, two at one place one point
    assert chart.count('class="pt q"') == 30 + 1 and chart.count('class="pt"') == 31 + 1
    assert 'style="' not in page


def test_the_bill_a_year_ago_is_a_second_answer(
    agent: TestClient, household: Supplied, session: Session
) -> None:
    newest, before, year_ago = bills_of(session, [household.account_id])
    path = f"/customers/{household.customer_id}?ask=why"
    difference = (newest.total_minor - year_ago.total_minor) / 100
    shown = f"{'+' if difference > 0 else '−'}£{abs(difference):.2f}"
    assert f"Oct 2025 {shown}" in words(agent.get(path).text)
    there = words(agent.get(f"{path}&against={year_ago.number}").text)
    assert "Your October 2026 bill is £" in there and "than October 2025’s" in there
    assert "the milder weather" in there or "the colder weather" in there
    other = (newest.total_minor - before.total_minor) / 100
    assert f"September {'+' if other > 0 else '−'}£{abs(other):.2f}" in there


def test_both_comparisons_cost_the_same_statements(
    agent: TestClient, household: Supplied, session: Session
) -> None:
    counts = []
    connection = session.connection()

    def count(*args: object) -> None:
        counts[-1] += 1

    year_ago = bills_of(session, [household.account_id])[2]
    agent.get(f"/customers/{household.customer_id}?ask=why")  # from now on looked at last
    event.listen(connection, "before_cursor_execute", count)
    for more in ("", f"&against={year_ago.number}"):
        counts.append(0)
        agent.get(f"/customers/{household.customer_id}?ask=why{more}")
    event.remove(connection, "before_cursor_execute", count)
    assert counts[0] == counts[1] > 5


def test_weather_that_is_not_told_apart_has_its_reason(agent: TestClient, world: World) -> None:
    one = world.supplied("flat")
    warmed(world, in_an_area(world, one), daily_degrees())
    world.random(one.channel_id, FIRST, 398, 4)
    for month in (9, 10):
        issue_cycle(
            world.session, Month(2026, month), 1, [one.account_id],
            issued_on=date(2026, month + 1, 1), known_at=NOW, now=NOW,
        )  # fmt: skip
    page = agent.get(f"/customers/{one.customer_id}?ask=why").text
    assert "the use here does not follow the temperature" in words(page)
    assert 'id="warm-1"' not in page


def test_a_russian_agent_reads_of_the_weather_in_russian(
    make_client: MakeClient, household: Supplied
) -> None:
    page = make_client("agent", language="ru").get(f"/customers/{household.customer_id}?ask=why").text
    main = words(page.split("<main", 1)[1].split("</main>", 1)[0])
    assert "более холодный месяц" in main and "Ниже 15 °C каждый градус добавляет 1,00 кВт·ч в день" in main
    assert not set(re.findall(r"\b(weather|month|degree|fitted|heating|kWh)\b", main))
