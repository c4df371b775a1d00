"""Weather in an explanation from what is stored: the area's temperatures and the year's own readings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from warm_household import DAYS, FIRST, Floats, daily_degrees, heated, in_an_area, warmed

from billing.actions.issuing import issue_cycle
from billing.customer.spoken import cause_of, detail_of, plain, spoken
from billing.cycles import Month
from billing.domain.explanation.weather.parting import LeftOut, Reason, Weather
from billing.explaining import Explained, explain_bill
from billing.explaining.latitudes import NO_PLACE, latitude_of
from billing.queries.bills import BillRow, bills_of

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)


@pytest.fixture
def degrees() -> Floats:
    return daily_degrees()


def explained_pair(world: World, account: Supplied) -> Explained:
    found: list[BillRow] = []
    for month in (SEPTEMBER, OCTOBER):
        issue_cycle(
            world.session, month, 1, [account.account_id],
            issued_on=month.plus(1).starts_on, known_at=NOW - timedelta(days=10), now=NOW,
        )  # fmt: skip
        found.append(bills_of(world.session, [account.account_id])[0])
    return explain_bill(world.session, found[1], found[0])


def test_the_planted_weather_is_the_effect(world: World, session: Session, degrees: Floats) -> None:
    one = world.supplied()
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    found = explained_pair(world, one)
    (weather,) = found.weathers
    assert weather.point == world.point_code(one.service_point_id)
    assert isinstance(weather.found, Weather) and weather.found.fit.heating is not None
    heating = weather.found.fit.heating
    assert abs(heating.balance_celsius - 15) <= 0.5 and abs(heating.kwh - 1.0) < 0.1
    effects = {row.effect: row.amount_minor for row in found.rows}
    months = [
        np.array([(FIRST + timedelta(days=day)).month == month for day in range(DAYS)]) for month in (9, 10)
    ]
    for month in months:
        month[:40] = False  # those of 2025
    planted = np.diff([np.maximum(0, 15 - degrees[month]).mean() for month in months])[0]
    # 30.5 days at 25 p and 5 % of tax
    assert abs(effects["weather"] - planted * 30.5 * 26.25) < 40
    assert abs(effects.get("volume", 0)) < 40 and found.left_over_minor == 0
    document = found.document()
    assert document["residual"] == "0.00"
    assert document["weather"][0]["reason"] is None and document["weather"][0]["fit"] is not None
    detail = next(row["detail"] for row in document["effects"] if row["effect"] == "weather")
    assert "R² 1.00" in detail and "heating below 15.0 °C by 1.00 ± 0.00 kWh a degree-day" in detail


def test_statements_are_few_and_the_same_with_weather(
    world: World, session: Session, degrees: Floats
) -> None:
    one = world.supplied()
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    found = explained_pair(world, one)
    statements: list[str] = []
    connection = session.connection()

    def count(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(connection, "before_cursor_execute", count)
    assert explain_bill(session, found.bill, found.against).weathers
    event.remove(connection, "before_cursor_execute", count)
    assert len(statements) == 3  # parts, places, temperatures; and two streams of readings


def test_weather_is_said_in_russian_by_its_own_name(world: World, session: Session, degrees: Floats) -> None:
    one = world.supplied()
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    found = explained_pair(world, one)
    row = next(row for row in found.rows if row.effect == "weather")
    assert row.noun == "the colder month"
    assert cause_of(found, row, "ru") == "более холодный месяц"
    assert detail_of(row, "ru") == (
        "средняя температура 14,4 → 11,5 °C; отопление в день по модели 1,5 → 3,5 кВт·ч"
    )
    said, _ = spoken(found, "ru")
    assert "более холодный месяц" in plain(said)


def no_area(world: World, one: Supplied, degrees: Floats) -> None:
    heated(world, one.channel_id, degrees)


def no_temperature(world: World, one: Supplied, degrees: Floats) -> None:
    in_an_area(world, one)
    heated(world, one.channel_id, degrees)


def no_dependence(world: World, one: Supplied, degrees: Floats) -> None:
    warmed(world, in_an_area(world, one), degrees)
    world.random(one.channel_id, FIRST, DAYS, 11)


def moved_in_lately(world: World, one: Supplied, degrees: Floats) -> None:
    """The readings go back a year, and were another household's until June."""
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    world.session.execute(
        text("update agreements set starts_on = date '2026-06-01' where account_id = :account"),
        {"account": one.account_id},
    )


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (no_area, "no_temperatures"),
        (no_temperature, "no_temperatures"),
        (no_dependence, "no_weather"),
        (moved_in_lately, "too_short"),
    ],
)
def test_weather_that_cannot_be_told_apart_has_a_reason(
    world: World,
    session: Session,
    degrees: Floats,
    made: Callable[[World, Supplied, Floats], None],
    reason: Reason,
) -> None:
    one = world.supplied()
    made(world, one, degrees)
    found = explained_pair(world, one)
    (weather,) = found.weathers
    assert isinstance(weather.found, LeftOut) and weather.found.reason == reason
    if reason == "too_short":
        assert weather.found.days == 153  # June to October
    assert "weather" not in {row.effect for row in found.rows} and found.left_over_minor == 0
    assert found.document()["weather"][0]["reason"] == reason


def test_each_service_point_has_its_own_weather(world: World, session: Session, degrees: Floats) -> None:
    world.tariff(flat("shop", price="0.20"))
    one = world.supplied()
    point_id, channel_id = world.point()
    world.agreement(one.account_id, point_id, "shop", date(2024, 1, 1))
    second = Supplied(one.customer_id, one.account_id, one.account, point_id, channel_id, 0)
    warmed(world, in_an_area(world, one, second), degrees)
    heated(world, one.channel_id, degrees)
    world.random(channel_id, FIRST, DAYS, 4)
    found = explained_pair(world, one)
    by_point = {weather.point: weather.found for weather in found.weathers}
    assert isinstance(by_point[world.point_code(one.service_point_id)], Weather)
    assert isinstance(by_point[world.point_code(point_id)], LeftOut)
    assert found.left_over_minor == 0 and "weather" in {row.effect for row in found.rows}


@pytest.mark.parametrize(
    ("timezone", "degrees"),
    [
        ("Europe/London", 51.5),
        ("Australia/Sydney", -33.9),
        ("Europe/Moscow", 55.75),
        ("GB", 51.5),
        ("UTC", NO_PLACE),
        ("Asia/Calcutta", 22.5),
    ],
)
def test_a_clock_has_a_latitude(timezone: str, degrees: float) -> None:
    assert latitude_of(timezone) == pytest.approx(degrees, abs=0.1)
