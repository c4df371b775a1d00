"""Nothing that happens on a date or after it changes a fact of that date; the same, earlier, does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.tables import Tariff
from churn.features import features
from tests.db.churn.conftest import FLAT, Person, Supplier, at

AS_OF = date(2026, 11, 27)
ZONE = "Europe/London"
EARLIER = AS_OF - timedelta(days=10)
Plant = Callable[[Supplier, Person, date], None]


def bill(supplier: Supplier, person: Person, day: date) -> None:
    supplier.billed(person, day - timedelta(days=9), day, 99_000, estimated=99)


def payment(supplier: Supplier, person: Person, day: date) -> None:
    supplier.paid(person, day, 5_000)


def credit(supplier: Supplier, person: Person, day: date) -> None:
    supplier.credited(person, day, 3_000)


def fee(supplier: Supplier, person: Person, day: date) -> None:
    supplier.credited(person, day, -1_500, kind="fee")


def contact(supplier: Supplier, person: Person, day: date) -> None:
    supplier.says(person, day)


def complaint(supplier: Supplier, person: Person, day: date) -> None:
    supplier.says(person, day, complaint=True)


def answer(supplier: Supplier, person: Person, day: date) -> None:
    _run(supplier, "update contacts set answered_at = :at where answered_at is null", at=at(day))


def outage(supplier: Supplier, person: Person, day: date) -> None:
    _run(
        supplier,
        "insert into outages (node_id, planned, starts_at, ends_at, restored_at, state) "
        "values (:node, false, :at, :at + interval '3 hours', :at + interval '3 hours', 'restored')",
        node=supplier.area, at=at(day, 0),
    )  # fmt: skip


def restoration(supplier: Supplier, person: Person, day: date) -> None:
    words = (
        "update outages set restored_at = :at, ends_at = :at, state = 'restored' where restored_at is null"
    )
    _run(supplier, words, at=at(day))


def withdrawal(supplier: Supplier, person: Person, day: date) -> None:
    _run(supplier, "update outages set withdrawn_at = :at", at=at(day))


def offer(supplier: Supplier, person: Person, day: date) -> None:
    _run(
        supplier,
        "insert into campaign_members (campaign_id, customer_id, arm, segment, drawn_at, sent_at) "
        "select max(id), :customer, 'A', 'household', :at, :at from campaigns",
        customer=person.customer, at=at(day),
    )  # fmt: skip


def acceptance(supplier: Supplier, person: Person, day: date) -> None:
    words = "update campaign_members set answer = 'accepted', answered_via = 'link', answered_at = :at"
    _run(supplier, words, at=at(day))


def readings(supplier: Supplier, person: Person, day: date) -> None:
    read(supplier, person.imported, day, 30, 9_000_000)


def feeding_in(supplier: Supplier, person: Person, day: date) -> None:
    read(supplier, person.exported, day, 30, 9_000_000)


def warmth(supplier: Supplier, person: Person, day: date) -> None:
    weather(supplier, AS_OF - timedelta(days=60) if day < AS_OF else day, 90, -20)


def change_of_tariff(supplier: Supplier, person: Person, day: date) -> None:
    supplier.ends(person, day + timedelta(days=1), "changed_tariff")
    supplier.agrees(person.account, person.point, supplier.day_night, day + timedelta(days=1))


def switch(supplier: Supplier, person: Person, day: date) -> None:
    supplier.ends(person, day + timedelta(days=1), "switched")


def new_customers(supplier: Supplier, person: Person, day: date) -> None:
    for _ in range(5):
        supplier.moves_in(since=day + timedelta(days=1), tariff=supplier.day_night)


def new_prices(supplier: Supplier, person: Person, day: date) -> None:
    steady = supplier.session.get_one(Tariff, supplier.steady)
    dearer = {"kind": "energy", "code": "energy", "periods": [{"label": "All hours", "price": "0.90"}]}
    later = {"starts_on": day.isoformat(), "charges": [dearer]}
    steady.document = {**FLAT, "versions": [*FLAT["versions"], later]}
    supplier.session.flush()


EVENTS: tuple[Plant, ...] = (
    bill, payment, credit, fee, contact, complaint, answer, outage, restoration, withdrawal, offer,
    acceptance, readings, feeding_in, warmth, change_of_tariff, switch, new_customers, new_prices,
)  # fmt: skip


@pytest.fixture
def ada(supplier: Supplier) -> Person:
    """Somebody of whom every fact is known, and others with the other tariff."""
    person = supplier.moves_in(since=AS_OF - timedelta(days=731))
    _run(supplier, "update agreements set term_ends_before = date '2027-03-01'")
    _run(
        supplier,
        "insert into occupancies (account_id, premise_id, starts_on) select a.id, p.id, a.opened_on "
        "from accounts a join premises p on substr(p.code, 2) = substr(a.number, 2)",
    )
    starts = [date(2025 + (8 + n) // 12, (8 + n) % 12 + 1, 1) for n in range(15)]
    for turn, (one, other) in enumerate(pairwise(starts)):
        supplier.billed(person, one, other, 8_000 + 150 * turn, estimated=turn % 2)
        if turn < 12:
            supplier.paid(person, other + timedelta(days=10 + turn), 8_000 + 150 * turn)
    weather(supplier, date(2025, 9, 1), 452, 8)
    supplier.says(person, date(2026, 11, 6), complaint=True)
    supplier.says(person, date(2026, 6, 11), complaint=True, answered=date(2026, 6, 12))
    read(supplier, person.imported, AS_OF - timedelta(days=40), 40, 300_000)
    outage(supplier, person, date(2026, 10, 2))
    _run(
        supplier,
        "insert into outages (node_id, planned, starts_at, state) values (:node, false, :at, 'confirmed')",
        node=supplier.area, at=at(EARLIER, 0),
    )  # fmt: skip
    for code in ("one", "two"):
        _run(
            supplier,
            "insert into campaigns (code, name, kind, offer, currency, state, audience, secret, control_ppm,"
            " baseline_ppm, starts_on, ends_on, decides_on, budget_minor, costs, margin_minor, made_at,"
            " launched_at) values (:code, :code, 'efficiency', 'audit', 'GBP', 'running', '{}', 's', 100000,"
            " 0, '2026-10-01', '2026-12-31', '2026-12-31', 0, '{}', null, :at, :at)",
            code=code, at=at(date(2026, 10, 1)),
        )  # fmt: skip
        if code == "one":
            offer(supplier, person, date(2026, 10, 9))
    for _ in range(5):
        other_person = supplier.moves_in(tariff=supplier.day_night)
        read(supplier, other_person.imported, AS_OF - timedelta(days=28), 28, 100_000)
    return person


def read(supplier: Supplier, channel: int, first: date, days: int, micro: int) -> None:
    """The same half-hours again and again, over whatever was there."""
    _run(
        supplier,
        "select make_block_partitions(:first, :last)",
        first=first,
        last=first + timedelta(days=days),
    )
    _run(
        supplier,
        "insert into blocks (channel_id, day, micro, quality, feed_id) "
        "select :channel, cast(:first as date) + n, array_fill(cast(:micro as bigint), array[48]), 1, 1 "
        "from generate_series(0, :days - 1) n "
        "on conflict (channel_id, day) do update set micro = excluded.micro",
        channel=channel, first=first, days=days, micro=micro,
    )  # fmt: skip


def weather(supplier: Supplier, first: date, days: int, celsius: int) -> None:
    """Days about a temperature, warmer in July than in January, over whatever was known."""
    _run(
        supplier,
        "insert into temperature_days (area_id, day, millicelsius) "
        "select :area, day, array_fill(cast(1000 * (:celsius - 6 * cos(extract(doy from day) / 58)) as int), "
        "array[24]) from (select cast(:first as date) + n as day from generate_series(0, :days - 1) n) "
        "on conflict (area_id, day) do update set millicelsius = excluded.millicelsius",
        area=supplier.area, first=first, days=days, celsius=celsius,
    )  # fmt: skip


def _run(supplier: Supplier, words: str, **values: object) -> None:
    supplier.session.execute(text(words), values)


def test_of_somebody_everything_is_known(session: Session, ada: Person) -> None:
    """So that the events below meet facts that could move."""
    frame = features(session, [AS_OF], ZONE).set_index("customer_id")
    known = frame.loc[ada.customer].drop(["cheaper"])
    assert known[known.isna()].index.tolist() == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_changes_no_fact_of_its_own_day_or_before(
    session: Session, supplier: Supplier, ada: Person, event: Plant
) -> None:
    before = features(session, [AS_OF], ZONE)
    with session.begin_nested() as planted:
        event(supplier, ada, EARLIER)
        session.flush()
        assert not before.equals(features(session, [AS_OF], ZONE)), "planted earlier, it has to show"
        planted.rollback()
    session.expire_all()
    event(supplier, ada, AS_OF)
    pd.testing.assert_frame_equal(before, features(session, [AS_OF], ZONE))


def test_all_of_them_together_change_nothing(session: Session, supplier: Supplier, ada: Person) -> None:
    before = features(session, [AS_OF], ZONE)
    for place, event in enumerate(EVENTS):
        if event is not switch:
            event(supplier, ada, AS_OF + timedelta(days=place * 21))
    pd.testing.assert_frame_equal(before, features(session, [AS_OF], ZONE))
