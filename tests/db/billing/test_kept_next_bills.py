"""A kept next bill is used while nothing that it was made from has changed, and never after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from billing_world import NOW, Supplied, World, flat, two_rate
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from warm_household import daily_degrees, in_an_area, warmed

from billing.actions.agreements import change_tariff
from billing.actions.issuing import issue_cycle
from billing.actions.payments import take_payment
from billing.answers.asking import answered
from billing.cycles import Month
from billing.domain.explanation.weather.parting import Slope, WeatherFit
from billing.domain.reckoning.days import Period
from billing.forecasting import (
    NextBill,
    Part,
    Refreshed,
    Stretch,
    Untold,
    kept_next_bill,
    next_bill,
    refresh_next_bills,
)
from billing.forecasting.documents import document_of, of_document
from billing.forecasting.foretold import HowFarOff
from billing.life.budgets import start_budget
from billing.queries.bills import bills_of
from billing.what_if.jobs import foretell_next_bills

TODAY = date(2026, 11, 20)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def lived(world: World) -> Supplied:
    """Read from January to 20 November, billed to October, on the two-rate tariff."""
    world.tariff(two_rate())
    one = world.supplied("night")
    world.random(one.channel_id, date(2026, 1, 1), 324, 11)
    for month in range(8, 11):
        issue(world.session, one, Month(2026, month))
    return one


def issue(session: Session, one: Supplied, month: Month) -> None:
    issue_cycle(session, month, 1, [one.account_id], issued_on=TODAY, known_at=NOW, now=NOW)


def now_told(session: Session, one: Supplied) -> NextBill | Untold:
    bills = bills_of(session, [one.account_id])
    return next_bill(session, one.account_id, bills, 1, TODAY, lambda: None)


def refreshed(session: Session, now: datetime = NOW) -> Refreshed:
    return refresh_next_bills(session, TODAY, now, 100)


def test_what_is_kept_is_what_would_be_told(session: Session, lived: Supplied) -> None:
    assert kept_next_bill(session, lived.account_id, TODAY) is None
    assert refreshed(session) == Refreshed(1, 1)
    kept = kept_next_bill(session, lived.account_id, TODAY)
    assert isinstance(kept, NextBill) and kept == now_told(session, lived)
    row = session.execute(text("select * from next_bills")).mappings().one()
    assert (row["forecast_minor"], row["low_minor"], row["high_minor"]) == (
        kept.minor, kept.low_minor, kept.high_minor,
    )  # fmt: skip
    assert (row["starts_on"], row["ends_before"]) == (kept.ahead.starts_on, kept.ahead.ends_before)
    # Nothing has changed: it is looked at, and not made again.
    assert refreshed(session, LATER) == Refreshed(1, 0)
    looked, reckoned = session.execute(text("select looked_at, reckoned_at from next_bills")).one()
    assert (looked, reckoned) == (LATER, NOW)


def _a_day_more(session: Session, world: World, one: Supplied) -> None:
    world.even(one.channel_id, date(2026, 11, 21), 1)


def _a_day_replaced(session: Session, world: World, one: Supplied) -> None:
    world.even(one.channel_id, date(2026, 5, 3), 1)


def _another_tariff(session: Session, world: World, one: Supplied) -> None:
    world.tariff(flat())
    [agreement] = session.scalars(text("select id from agreements"))
    [tariff] = session.scalars(text("select id from tariffs where code = :code"), {"code": flat()["code"]})
    change_tariff(session, agreement, tariff, date(2026, 11, 25))


def _prices_changed(session: Session, world: World, one: Supplied) -> None:
    session.execute(text('update tariffs set document = document || \'{"name": "Renamed"}\''))


def _a_bill_more(session: Session, world: World, one: Supplied) -> None:
    world.random(one.channel_id, date(2026, 11, 21), 11, 3)
    issue(session, one, Month(2026, 11))


def _a_fixed_amount(session: Session, world: World, one: Supplied) -> None:
    start_budget(session, one.account_id, 5000, date(2026, 11, 1))


def _others_forecasts(session: Session, world: World, one: Supplied) -> None:
    session.execute(
        text(
            "insert into forecast_spreads "
            "(segment, level, low, high, base_sd, households, months, computed_at) "
            "select segment, 80, -1, 1, 0.2, 9, 99, now() from customers limit 1"
        )
    )


def _prices_came(session: Session, world: World, one: Supplied) -> None:
    session.execute(text("insert into price_series (name) values ('day-ahead')"))
    session.execute(
        text(
            "insert into price_imports (series_id, file_name, received_at) "
            "select id, 'p.csv', now() from price_series"
        )
    )


CHANGES = (
    _a_day_more, _a_day_replaced, _another_tariff, _prices_changed, _a_bill_more, _a_fixed_amount,
    _others_forecasts, _prices_came,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_makes_it_stale_until_it_is_foretold_anew(
    session: Session, world: World, lived: Supplied, change: Callable[[Session, World, Supplied], None]
) -> None:
    refreshed(session)
    assert kept_next_bill(session, lived.account_id, TODAY) is not None
    change(session, world, lived)
    assert kept_next_bill(session, lived.account_id, TODAY) is None
    assert refreshed(session, LATER) == Refreshed(1, 1)
    assert kept_next_bill(session, lived.account_id, TODAY) is not None


def test_another_temperature_makes_it_stale(session: Session, world: World, lived: Supplied) -> None:
    area, degrees = in_an_area(world, lived), daily_degrees()
    warmed(world, area, degrees)
    refreshed(session)
    assert kept_next_bill(session, lived.account_id, TODAY) is not None
    degrees[100] += 1
    warmed(world, area, degrees)
    assert kept_next_bill(session, lived.account_id, TODAY) is None


def test_what_does_not_touch_it_leaves_it_fresh(session: Session, world: World, lived: Supplied) -> None:
    other = world.supplied("night")
    world.random(other.channel_id, date(2026, 11, 1), 20, 5)
    refreshed(session)
    world.even(other.channel_id, date(2026, 11, 21), 1)
    take_payment(session, lived.account_id, 500, reference="P1", received_at=NOW, posted_on=TODAY)
    assert kept_next_bill(session, lived.account_id, TODAY) is not None
    assert kept_next_bill(session, other.account_id, TODAY) is None


def test_who_was_never_billed_is_foretold_anew_each_day(session: Session, world: World) -> None:
    world.tariff(two_rate())
    one = world.supplied("night")
    assert refreshed(session) == Refreshed(1, 1)
    assert kept_next_bill(session, one.account_id, TODAY) == Untold("no_readings")
    assert kept_next_bill(session, one.account_id, TODAY + timedelta(days=1)) is None


def test_each_call_takes_those_whose_turn_it_is(session: Session, world: World) -> None:
    world.tariff(two_rate())
    made = [world.supplied("night") for _ in range(3)]
    for one, looked_at in zip(made, (NOW, LATER, LATER + timedelta(hours=1)), strict=True):
        assert refresh_next_bills(session, TODAY, looked_at, 1) == Refreshed(1, 1)
        assert kept_next_bill(session, one.account_id, TODAY) is not None
    assert refresh_next_bills(session, TODAY, LATER + timedelta(hours=2), 2) == Refreshed(2, 0)
    last = session.scalars(text("select account_id from next_bills order by looked_at limit 1")).one()
    assert last == made[2].account_id


def test_the_answer_is_the_same_kept_or_not_and_asks_less(session: Session, lived: Supplied) -> None:
    asked: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        asked.append(statement)

    def told() -> tuple[object, int]:
        asked.clear()
        return answered(session, lived.account, "next", now=NOW, today=TODAY), len(asked)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    live, many = told()
    foretell_next_bills(session, NOW)
    kept, few = told()
    event.remove(engine, "before_cursor_execute", note)
    assert kept == live and few < many


fractions = st.floats(allow_nan=False)
days = st.dates(date(2000, 1, 1), date(2090, 1, 1))
periods = st.builds(lambda first, count: Period(first, first + timedelta(count)), days, st.integers(1, 99))
whole = st.integers(-(2**62), 2**62)
slopes = st.builds(Slope, fractions, fractions, fractions)
fits = st.builds(
    WeatherFit, periods, st.integers(0, 400), *[fractions] * 3, st.none() | slopes, slopes, *[fractions] * 3
)
told = st.builds(
    NextBill,
    ahead=periods, currency=st.just("JPY"), minor=whole, low_minor=st.none() | whole, high_minor=whole,
    micro_kwh=whole, low_micro_kwh=st.none(), high_micro_kwh=whole, level=st.just(80),
    so_far=st.none() | st.builds(Stretch, periods, whole, whole), to_come=st.none(),
    parts=st.lists(st.builds(Part, st.text(), st.text(), periods, whole, whole), max_size=3).map(tuple),
    final=st.booleans(), year_ago=st.booleans(),
    weather=st.none() | fits,
    how_far_off=st.none() | st.builds(HowFarOff, st.just("own"), st.integers(0, 9), st.integers(0, 9)),
    carried_minor=whole, estimated_readings=whole, missing_readings=whole, filled_readings=whole,
    days_not_measured=whole,
)  # fmt: skip


@given(told | st.builds(Untold, st.text(), st.none() | days))
def test_a_document_gives_back_what_was_written(found: NextBill | Untold) -> None:
    assert of_document(document_of(found)) == found
