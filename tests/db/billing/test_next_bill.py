"""The next bill: what is read stands, what is to come is foretold, and a month that is all in is the bill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from warm_household import DAYS, FIRST, daily_degrees, in_an_area, warmed

from billing.actions.agreements import change_tariff
from billing.actions.issuing import issue_cycle
from billing.answers.asking import answered
from billing.answers.told import AnswerDocument
from billing.cycles import Month
from billing.forecasting import NextBill, Untold, next_bill
from billing.life.budgets import start_budget
from billing.life.moving import move_out
from billing.queries.bills import bills_of
from meters.tables import Finding

TODAY = date(2026, 11, 20)
MONTH_BEFORE = date(2026, 10, 12)


def issue(session: Session, one: Supplied, *months: Month) -> None:
    for month in months:
        issue_cycle(session, month, 1, [one.account_id], issued_on=TODAY, known_at=NOW, now=NOW)


def ahead(session: Session, one: Supplied) -> NextBill:
    found = told(session, one)
    assert isinstance(found, NextBill), found
    return found


def told(session: Session, one: Supplied) -> NextBill | Untold:
    return next_bill(session, one.account_id, bills_of(session, [one.account_id]), 1, TODAY, lambda: None)


def adds_up(found: NextBill) -> bool:
    stretches = [one for one in (found.so_far, found.to_come) if one is not None]
    return (
        sum(one.minor for one in stretches) + found.carried_minor == found.minor
        and sum(one.micro_kwh for one in stretches) == found.micro_kwh
        and sum(one.period.days for one in stretches) == found.ahead.days
        and sum(part.minor for part in found.parts) + found.carried_minor == found.minor
    )


@pytest.fixture
def lived(world: World) -> Supplied:
    """Read from January to 20 November, billed to October, on the two-rate tariff."""
    world.tariff(two_rate())
    one = world.supplied("night")
    world.random(one.channel_id, date(2026, 1, 1), 324, 11)
    issue(world.session, one, *(Month(2026, month) for month in range(2, 11)))
    return one


def test_what_is_read_stands_and_the_rest_is_foretold(
    session: Session, world: World, lived: Supplied
) -> None:
    found = ahead(session, lived)
    assert adds_up(found) and found.so_far is not None and found.to_come is not None
    assert found.to_come.period.starts_on == date(2026, 11, 21)
    read = world.scalar(
        "select sum(v) from blocks, unnest(micro) v where channel_id = :c and day >= '2026-11-01'",
        c=lived.channel_id,
    )
    assert found.so_far.micro_kwh == read
    assert found.low_minor is not None and found.high_minor is not None
    assert found.so_far.minor < found.low_minor < found.minor < found.high_minor
    assert found.how_far_off is not None and found.how_far_off.known_from == "own"
    # Three times the use on what is still to come would be seen; on what is read, it is not guessed away.
    assert abs(found.to_come.micro_kwh / 10 / (found.so_far.micro_kwh / 20) - 1) < 0.3
    world.even(lived.channel_id, date(2026, 11, 1), 20, 2_000_000)
    assert ahead(session, lived).micro_kwh > 20 * 96_000_000


Change = Callable[[World, Supplied], Any]


def a_gap(world: World, one: Supplied) -> None:
    values: list[int | None] = list(world.random(one.channel_id, date(2026, 11, 12), 1, 5))
    world.read(one.channel_id, date(2026, 11, 12), [*values[:20], *[None] * 20, *values[40:]])


def a_tariff_change(world: World, one: Supplied) -> None:
    world.tariff(flat("plain"))
    change_tariff(world.session, one.agreement_id, world.tariffs["plain"], date(2026, 11, 11))


def a_move(world: World, one: Supplied) -> None:
    move_out(
        world.session, one.agreement_id, date(2026, 11, 23), "moved", today=TODAY, now=NOW, bill_now=False
    )


def a_fixed_amount(world: World, one: Supplied) -> None:
    start_budget(world.session, one.account_id, 5_000, date(2026, 11, 1))


@pytest.mark.parametrize("change", [None, a_gap, a_tariff_change, a_move, a_fixed_amount])
def test_a_month_that_is_all_in_is_exactly_the_bill(
    session: Session, world: World, lived: Supplied, change: Change | None
) -> None:
    world.random(lived.channel_id, date(2026, 11, 21), 12, 12)
    if change is not None:
        change(world, lived)
    found = ahead(session, lived)
    assert adds_up(found) and found.to_come is None
    assert found.low_minor is not None and found.high_minor is not None
    if change is a_gap:  # what is filled may be off by as much as what is foretold
        assert found.low_minor < found.minor < found.high_minor and found.missing_readings == 20
    else:
        assert found.low_minor == found.minor == found.high_minor
    session.execute(text("delete from forecast_spreads"))
    last = found.last_on
    issue(session, lived, Month(2026, 11))
    bill = bills_of(session, [lived.account_id])[0]
    assert (bill.last_on, bill.total_minor, bill.micro_kwh) == (last, found.minor, found.micro_kwh)
    assert (bill.estimated_readings > 0) == (found.estimated_readings > 0) == (change is a_gap)


def test_a_booked_move_shortens_it_and_it_is_the_final_bill(
    session: Session, world: World, lived: Supplied
) -> None:
    whole = ahead(session, lived)
    a_move(world, lived)
    found = ahead(session, lived)
    assert found.final and not whole.final and adds_up(found)
    assert found.ahead.ends_before == date(2026, 11, 23) and found.minor < whole.minor
    document = answered(session, lived.account, "next", now=NOW, today=TODAY, language="en", params={})
    assert document["sentence"].startswith("The final bill, to 22 Nov, will be about £")
    assert "Supply ends on 22 Nov." in document["if_asked_on"]
    world.random(lived.channel_id, date(2026, 11, 21), 12, 12)
    issue(session, lived, Month(2026, 11))
    after = told(session, lived)
    assert after == Untold("nothing_supplied", date(2026, 11, 22))
    document = answered(session, lived.account, "next", now=NOW, today=TODAY, language="en", params={})
    assert document["sentence"] == "There will be no further bill: nothing is supplied after 22 Nov."


def test_a_booked_change_of_tariff_splits_it(session: Session, world: World, lived: Supplied) -> None:
    world.tariff(flat("plain", price="2.00"))
    before = ahead(session, lived)
    change_tariff(session, lived.agreement_id, world.tariffs["plain"], date(2026, 11, 25))
    found = ahead(session, lived)
    assert adds_up(found) and not found.final and found.micro_kwh == before.micro_kwh
    assert [part.period.starts_on for part in found.parts] == [date(2026, 11, 1), date(2026, 11, 25)]
    assert [part.tariff for part in found.changes] == ["Plain"]
    assert found.minor > before.minor
    document = answered(session, lived.account, "next", now=NOW, today=TODAY, language="en", params={})
    assert "From 25 Nov it is on the tariff Plain." in document["if_asked_on"]
    figures = {one["name"]: one["value"] for one in document["figures"]}
    assert figures["tariff_changes_on"] == "2026-11-25" and figures["certainty"] == "0.80"
    assert document["adds_up"] is not None and Decimal(document["adds_up"]["left_over"]) == 0


def test_a_fixed_amount_is_what_will_be_paid(session: Session, world: World, lived: Supplied) -> None:
    a_fixed_amount(world, lived)
    found = ahead(session, lived)
    assert found.minor == found.low_minor == found.high_minor == 5_000
    assert found.carried_minor != 0 and adds_up(found)
    said = asked(session, lived)["sentence"]
    assert said == "The bill to 30 Nov will be £50.00, as agreed for each month.", "an interval of nothing"


@pytest.mark.parametrize(
    ("day", "state", "doubted"),
    [
        (date(2026, 11, 12), "open", True),
        (date(2026, 11, 12), "accepted", False),
        (MONTH_BEFORE, "open", False),
    ],
)
def test_an_amount_from_doubtful_readings_is_not_told_as_if_it_were_sure(
    session: Session, lived: Supplied, day: date, state: str, doubted: bool
) -> None:
    decided = {"decided_at": NOW, "reason": "seen on the dial"} if state == "accepted" else {}
    session.add(
        Finding(
            rule="spike", channel_id=lived.channel_id, first_day=day, last_day=day, severity="bad", detail={},
            found_at=NOW, state=state, **decided,
        )
    )  # fmt: skip
    session.flush()
    assert ("readings are doubtful" in asked(session, lived)["sentence"]) is doubted


def test_usual_weather_is_taken_where_the_fit_is_strong(session: Session, world: World) -> None:
    """A cold October is not carried on into November, nor is it where nothing is known of the weather."""
    world.tariff(flat("heat"))
    one, degrees = world.supplied("heat"), daily_degrees()
    degrees[-35:] -= 6
    each = (200_000 + np.maximum(0, 15 - degrees) * 1e6 / 48).astype(np.int64)
    world.read(one.channel_id, FIRST, np.repeat(each, 48).tolist())
    last = FIRST + timedelta(days=DAYS)
    issue(session, one, Month(2026, 9), Month(2026, 10))
    without = ahead(session, one)
    assert without.weather is None and without.year_ago
    warmed(world, in_an_area(world, one), degrees)
    found = ahead(session, one)
    assert found.weather is not None and found.weather.r2 > 0.9
    assert last > date(2026, 11, 1) and found.to_come is not None and found.so_far is not None
    wave = 11 - 8 * np.cos(2 * np.pi * (np.arange(305, 335) - 20) / 365)
    usual = float((9.6 + np.maximum(0, 15 - wave)).sum())
    assert abs(found.micro_kwh / 1e6 / usual - 1) < 0.12
    document = answered(session, one.account, "next", now=NOW, today=TODAY, language="en", params={})
    assert "usual for the season" in document["if_asked_on"]


def test_energy_by_dials_and_too_few_readings_are_said(session: Session, world: World) -> None:
    one = world.supplied()
    assert told(session, one) == Untold("no_readings")
    world.even(one.channel_id, date(2026, 11, 1), 5)
    assert told(session, one) == Untold("too_little_read")
    world.even(one.channel_id, date(2026, 11, 6), 8)
    first = ahead(session, one)  # the first bill can be told, too
    assert first.so_far is not None and first.so_far.period.days == 13 and first.low_minor is None
    session.execute(text("update channels set unit = 'm3' where id = :id"), {"id": one.channel_id})
    assert told(session, one) == Untold("by_dials")


def asked(session: Session, one: Supplied) -> AnswerDocument:
    return answered(session, one.account, "next", now=NOW, today=TODAY, language="en", params={})


def figure(document: AnswerDocument, name: str) -> str:
    return next(one["value"] for one in document["figures"] if one["name"] == name)


def test_what_is_missing_is_counted_and_said_and_so_is_a_hold(
    session: Session, world: World, lived: Supplied
) -> None:
    world.random(lived.channel_id, date(2026, 11, 21), 12, 12)
    whole = asked(session, lived)
    assert "all of it is read" in whole["sentence"] and figure(whole, "missing_readings") == "0"
    session.execute(
        text("delete from blocks where channel_id = :c and day in ('2026-11-10', '2026-11-11')"),
        {"c": lived.channel_id},
    )
    found = asked(session, lived)
    said = found["sentence"] + found["if_asked_on"]
    assert "96 readings are missing and would be estimated." in found["sentence"]
    assert "all of it is read" not in said and "Every day of it is read" not in said and "held" not in said
    assert figure(found, "missing_readings") == figure(found, "estimated_readings") == "96"
    assert Decimal(figure(found, "low")) < Decimal(figure(found, "forecast")) < Decimal(figure(found, "high"))
    issue(session, lived, Month(2026, 11))
    held = asked(session, lived)
    assert "It is held for a person to look at: " in held["sentence"] and figure(held, "held") == "missing"


def test_where_nothing_was_ever_read_no_dials_are_spoken_of(session: Session, world: World) -> None:
    one = world.supplied()
    session.execute(text("delete from channels where id = :id"), {"id": one.channel_id})
    assert told(session, one) == Untold("no_readings")
    assert asked(session, one)["sentence"] == "The next bill cannot be told: no readings have come."


def test_statements_do_not_grow_with_service_points(session: Session, world: World, lived: Supplied) -> None:
    def count() -> int:
        seen: list[str] = []
        connection = session.connection()

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        bills = bills_of(session, [lived.account_id])
        event.listen(connection, "before_cursor_execute", note)
        found = next_bill(session, lived.account_id, bills, 1, TODAY, lambda: None)
        event.remove(connection, "before_cursor_execute", note)
        assert isinstance(found, NextBill)
        return len(seen)

    before = count()
    for seed in (21, 22):
        point, channel = world.point()
        world.agreement(lived.account_id, point, "night", date(2026, 11, 1))
        world.random(channel, date(2026, 11, 1), 20, seed)
    assert count() == before <= 6
