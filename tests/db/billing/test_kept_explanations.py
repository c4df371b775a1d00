"""A kept explanation is used while nothing that it was made from has changed, and says what would be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from billing_world import NOW, Supplied, World, two_rate
from sqlalchemy import text
from sqlalchemy.orm import Session
from warm_household import daily_degrees, heated, in_an_area, warmed

from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.explaining import Explained, explain_bill, read_both
from billing.explaining.hours import laid, stretch_of
from billing.explaining.kept import Kept, explanation_of, may_be_kept
from billing.explaining.right_alone import alone_minor
from billing.forecasting import kept_of, refresh_next_bills
from billing.forecasting.basis import bases
from billing.queries.bills import bills_of
from utility_crm.kit.errors import CareError

TODAY = date(2026, 11, 20)


@pytest.fixture
def lived(world: World) -> Supplied:
    """A heated home with a year of readings in an area whose weather is known, billed from August to
    October."""
    world.tariff(two_rate())
    one = world.supplied("night")
    degrees = daily_degrees()
    warmed(world, in_an_area(world, one), degrees)
    heated(world, one.channel_id, degrees)
    for month in (8, 9, 10):
        issue_cycle(
            world.session, Month(2026, month), 1, [one.account_id], issued_on=TODAY, known_at=NOW, now=NOW
        )
    return one


def kept(session: Session, one: Supplied) -> Kept | None:
    newest, before, *_ = bills_of(session, [one.account_id])
    document = kept_of(session, one.account_id, TODAY, (newest.id, before.id)).explanation
    return None if document is None else explanation_of(document, newest, before)


def live(session: Session, one: Supplied) -> Kept:
    newest, before, *_ = bills_of(session, [one.account_id])
    read = read_both(session, newest, before)
    found = explain_bill(session, newest, before, read=read)
    hours = laid(read[-1])
    return Kept(found, alone_minor(found, read), hours is not None, stretch_of(hours) if hours else None)


def told(found: Explained) -> tuple[object, ...]:
    """All of it, with what numpy holds as lists."""
    records = [
        (one.point, one.found, [] if one.record is None else [
            one.record.period, one.record.kwh.tolist(), one.record.celsius.tolist(),
            one.record.daylight.tolist(), one.record.free.tolist(),
        ])
        for one in found.weathers
    ]  # fmt: skip
    return (
        found.bill, found.against, found.decimals, found.kind, found.sentence, found.if_asked_on, found.rows,
        found.caveats, found.moved, found.moved_at, str(records), dict(found.names), found.by_dials,
    )  # fmt: skip


def test_what_is_kept_is_what_would_be_found(session: Session, lived: Supplied) -> None:
    assert kept(session, lived) is None
    assert refresh_next_bills(session, TODAY, NOW, 100).explained == 1
    one, other = kept(session, lived), live(session, lived)
    assert one is not None
    assert (one.alone_minor, one.by_hours, one.most) == (other.alone_minor, True, other.most)
    assert told(one.explained) == told(other.explained)
    (weather,) = one.explained.weathers
    assert weather.record is not None and np.isfinite(weather.record.celsius).any()
    assert one.explained.left_over_minor == 0
    assert refresh_next_bills(session, TODAY, NOW + timedelta(hours=1), 100).explained == 0


def _a_day_replaced(session: Session, world: World, one: Supplied) -> None:
    world.even(one.channel_id, date(2026, 5, 3), 1)


def _the_last_day_replaced(session: Session, world: World, one: Supplied) -> None:
    world.even(one.channel_id, date(2026, 10, 31), 1)


def _another_temperature(session: Session, world: World, one: Supplied) -> None:
    session.execute(
        text("update temperature_days set millicelsius[1] = millicelsius[1] + 1 where day = '2026-03-01'")
    )


def _labels_changed(session: Session, world: World, one: Supplied) -> None:
    session.execute(text('update tariffs set document = document || \'{"name": "Renamed"}\''))


def _a_bill_taken_back(session: Session, world: World, one: Supplied) -> None:
    session.execute(text("update agreements set starts_on = starts_on - 1"))


@pytest.mark.parametrize(
    "change",
    [_a_day_replaced, _the_last_day_replaced, _another_temperature, _labels_changed, _a_bill_taken_back],
)
def test_each_change_makes_it_stale_until_it_is_found_anew(
    session: Session, world: World, lived: Supplied, change: Callable[[Session, World, Supplied], None]
) -> None:
    refresh_next_bills(session, TODAY, NOW, 100)
    assert kept(session, lived) is not None
    change(session, world, lived)
    assert kept(session, lived) is None
    assert refresh_next_bills(session, TODAY, NOW + timedelta(hours=1), 100).explained == 1
    one = kept(session, lived)
    if one is None:  # what cannot be explained any more is not kept, either
        with pytest.raises(CareError):
            live(session, lived)
    else:
        assert told(one.explained) == told(live(session, lived).explained)


def test_days_after_the_newest_bill_do_not_touch_it(session: Session, world: World, lived: Supplied) -> None:
    refresh_next_bills(session, TODAY, NOW, 100)
    world.even(lived.channel_id, date(2026, 11, 19), 1)
    again = refresh_next_bills(session, TODAY, NOW + timedelta(hours=1), 100)
    assert (again.foretold, again.explained) == (1, 0)
    assert kept(session, lived) is not None


def test_bills_too_far_apart_for_the_digest_are_worked_out_at_each_look(
    session: Session, lived: Supplied
) -> None:
    newest, *_ = bills_of(session, [lived.account_id])
    first = date(2025, 6, 1)
    since = bases(session, [lived.account_id], TODAY)[lived.account_id].since
    assert may_be_kept(newest, newest, since)
    assert not may_be_kept(newest, replace(newest, starts_on=first), since)
