"""Consumption by register for billing: cut where a price changes, as known then, marked where nobody read."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from meter_files import csv_file
from register_reads import DAY, KWH, START, consumption, read
from sqlalchemy import select, text

from meters.domain.quality import Quality
from meters.registers.consumption import register_consumption
from meters.registers.storing import store_accumulated
from meters.tables import Feed, ServicePoint

UNTIL = START + DAY * 30


@pytest.fixture
def store(session):
    """`store(*items)`: a feed of its own, a day after the one before; the instant it is known at."""
    numbers = count(1)

    def stored(*items):
        number = next(numbers)
        feed = Feed(name="f", sha256="x", status="ok", received_at=UNTIL + DAY * number)
        session.add(feed)
        session.flush()
        store_accumulated(session, feed.id, feed.received_at, items)
        return feed.received_at

    return stored


@pytest.fixture
def used(session):
    """`used(*boundaries, first=0, last=30)`: register -> parts, of service point SP1."""

    def by_register(*boundaries, first=0, last=30, known_at=None):
        point = session.scalars(select(ServicePoint.id).where(ServicePoint.code == "SP1")).one()
        at = [START + DAY * day for day in boundaries]
        found = register_consumption(session, [point], START + DAY * first, START + DAY * last, at, known_at)
        return {usage.name: usage for usage in found[point]}

    return by_register


def kwh(usage) -> list[float]:
    return [part.micro / KWH for part in usage.parts]


def test_each_rate_by_itself(store, used) -> None:
    store(read(100, 0), read(160, 30), read(7, 0, register="T2"), read(8, 30, register="T2"))
    found = used()
    assert {name: kwh(usage) for name, usage in found.items()} == {"T1": [60], "T2": [1]}
    assert not found["T1"].estimated and found["T1"].unit == "kWh" and found["T1"].direction == "import"


def test_evenly_over_a_price_change_where_nothing_is_known_of_the_place(store, used) -> None:
    store(read(100, 0), read(160, 30))
    (before, after) = used(10)["T1"].parts
    assert (before.micro, after.micro) == (20 * KWH, 40 * KWH)
    assert before.spread_micro == before.micro and before.estimated_micro == 0 and before.known


def test_by_its_own_intervals_where_there_are_all_of_them(store, used, take, tmp_path) -> None:
    days = [("SP1", (START + DAY * number).date(), [3 if number < 10 else 1] * 48) for number in range(31)]
    take(csv_file(tmp_path, "a.csv", *days))
    store(read(100, 0), read(160, 30))
    assert kwh(used(10)["T1"]) == [36, 24]


def test_by_the_standard_profile_where_there_are_none(store, used, session, premise) -> None:
    store(read(100, -30), read(460, 150))
    home = premise("P1", "Europe/Berlin", country="DE")
    session.execute(text("update service_points set premise_id = :home"), {"home": home})
    winter, spring = used(60, first=-30, last=150)["T1"].parts
    assert winter.micro + spring.micro == 360 * KWH
    assert 1.05 < winter.micro / spring.micro < 1.4  # evenly it would be 1


def test_a_rate_that_feeds_in_does_not_run_like_a_household(store, used, session, premise) -> None:
    store(read(100, -30, direction="export"), read(460, 150, direction="export"))
    home = premise("P1", "Europe/Berlin", country="DE")
    session.execute(text("update service_points set premise_id = :home"), {"home": home})
    assert kwh(used(60, first=-30, last=150)["T1"]) == [180, 180]


def test_bills_of_neighbouring_months_sum_to_what_was_read(store, used, session, premise) -> None:
    store(read(100, 0), read(1_100, 91, multiplier_micro=1_000_001))
    home = premise("P1", "Europe/London")
    session.execute(text("update service_points set premise_id = :home"), {"home": home})
    months = [used(first=first, last=last)["T1"].micro for first, last in ((0, 31), (31, 59), (59, 91))]
    assert sum(months) == used(first=0, last=91)["T1"].micro
    assert months == [part.micro for part in used(31, 59, first=0, last=91)["T1"].parts]


def test_estimates_are_marked_and_put_right(store, used) -> None:
    then = store(read(100, 0), read(190, 30, "estimated"))
    assert used()["T1"].parts[0].estimated_micro == 90 * KWH
    store(read(150, 60))
    assert kwh(used()["T1"]) == [25] and not used(last=60)["T1"].estimated
    assert kwh(used(known_at=then)["T1"]) == [90]


def test_what_was_known_at_an_instant(store, used) -> None:
    first = store(read(100, 0), read(160, 30), consumption(5, 0, 30, channel="T2"))
    store(read(170, 30), consumption(6, 0, 30, channel="T2"))
    assert (kwh(used()["T1"]), kwh(used()["T2"])) == ([70], [6])
    then = used(known_at=first)
    assert (kwh(then["T1"]), kwh(then["T2"])) == ([60], [5])
    assert used(known_at=first - timedelta(seconds=1))["T1"].parts[0].unknown == DAY * 30


def test_consumption_that_is_told_goes_before_what_reads_say_unless_it_is_a_guess(store, used) -> None:
    store(consumption(50, 0, 30), read(100, 0), read(160, 30))
    assert kwh(used()["T1"]) == [50]
    store(consumption(50, 0, 30, quality=Quality.ESTIMATED))
    assert kwh(used()["T1"]) == [60]


def test_of_told_consumptions_that_overlap_the_newest_stands(store, used) -> None:
    store(consumption(90, 0, 30))
    store(consumption(10, 0, 10))
    assert kwh(used(10)["T1"]) == [10, 60]


def test_time_without_a_read_is_unknown(store, used) -> None:
    store(read(100, 0), read(160, 20))
    (part,) = used()["T1"].parts
    assert part.micro == 60 * KWH and part.unknown == DAY * 10 and part.estimated


def test_faults_of_the_time_asked_for_come_with_it(store, used) -> None:
    store(read(100, 0), read(90, 20), read(95, 30), read(99, 60))
    assert [fault.code for fault in used()["T1"].faults] == ["went_backwards"]
    assert used(first=30, last=60)["T1"].faults == ()


def test_a_service_point_without_registers_has_none(session, store) -> None:
    session.execute(text("insert into service_points (code) values ('SP9')"))
    point = session.scalars(select(ServicePoint.id)).one()
    assert register_consumption(session, [point], START, UNTIL) == {point: ()}
