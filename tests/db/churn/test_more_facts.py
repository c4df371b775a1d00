"""How much and when they use energy, how they pay, how long they waited, what they met: each by hand."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.db.churn.conftest import Person, Supplier, at
from tests.db.churn.test_features import AS_OF, facts

MONTHS = [date(2025 + (7 + n) // 12, (7 + n) % 12 + 1, 1) for n in range(16)]


@pytest.fixture
def ada(supplier: Supplier) -> Person:
    return supplier.moves_in(since=AS_OF - timedelta(days=731))


def used(supplier: Supplier, person: Person, daily_kwh: dict[date, float]) -> None:
    """A bill of each month, with so many kWh a day."""
    for one, other in pairwise(MONTHS):
        micro = round(daily_kwh[one] * (other - one).days * 1_000_000)
        supplier.billed(person, one, other, 9_000, micro_kwh=micro)


def test_use_of_a_year_and_against_a_year_before(session: Session, supplier: Supplier, ada: Person) -> None:
    used(supplier, ada, {one: 12.0 if one >= date(2026, 8, 1) else 10.0 for one in MONTHS})
    found = facts(session, ada)
    assert found["recent_kwh"] == pytest.approx(12.0) and found["year_kwh"] == pytest.approx(10.0)
    assert found["use_change"] == pytest.approx(math.log(1.2))
    assert math.expm1(float(found["use"])) == found["daily_kwh"] == pytest.approx(10 + 2 * 92 / 365, abs=0.02)
    assert math.isnan(found["beyond_weather"])  # nobody knows how cold it was


def test_what_the_cold_explains_is_no_change(session: Session, supplier: Supplier, ada: Person) -> None:
    """Half a kWh a degree below 15.5 on top of 6; then a tenth more than that."""
    degrees = {one: 9 - 7 * math.cos((one.month - 1) / 6 * math.pi) for one in MONTHS}
    for one, other in pairwise(MONTHS):
        session.execute(
            text(
                "insert into temperature_days (area_id, day, millicelsius) "
                "select :area, cast(:first as date) + n, array_fill(cast(:milli as int), array[24]) "
                "from generate_series(0, :days - 1) n"
            ),
            {
                "area": supplier.area,
                "first": one,
                "milli": round(1000 * degrees[one]),
                "days": (other - one).days,
            },
        )
    by_weather = {one: 6 + 0.5 * max(0.0, 15.5 - degrees[one]) for one in MONTHS}
    used(supplier, ada, by_weather)
    found = facts(session, ada)
    assert found["beyond_weather"] == pytest.approx(0, abs=1e-4)
    assert found["felt_kwh"] != pytest.approx(found["daily_kwh"], rel=0.05)
    grown = supplier.moves_in()
    used(
        supplier,
        grown,
        {one: kwh * (1.1 if one >= date(2026, 8, 1) else 1) for one, kwh in by_weather.items()},
    )
    assert facts(session, grown)["beyond_weather"] == pytest.approx(math.log(1.1), abs=1e-4)


def test_the_evening_is_a_share_of_all_use(session: Session, supplier: Supplier, ada: Person) -> None:
    supplier.reads(
        ada.imported, AS_OF - timedelta(days=30), 30, [100_000] * 34 + [500_000] * 8 + [100_000] * 6
    )
    assert facts(session, ada)["evening_share"] == pytest.approx(8 * 5 / (8 * 5 + 40))


def test_bills_not_paid_in_time(session: Session, supplier: Supplier, ada: Person) -> None:
    for one, other in list(pairwise(MONTHS))[-4:]:
        supplier.billed(ada, one, other, 9_000)
    supplier.paid(ada, date(2026, 8, 10), 9_000)  # of the bill due on 15 August
    supplier.paid(ada, date(2026, 10, 20), 9_000)  # of that due on 15 September
    found = facts(session, ada)
    assert (found["due_bills"], found["late_bills"]) == (4, 3)
    assert found["late_share"] == 0.75


def test_how_long_a_complaint_waited(session: Session, supplier: Supplier, ada: Person) -> None:
    assert facts(session, ada)["waited_days"] == 0
    supplier.says(ada, date(2026, 10, 1), complaint=True, answered=date(2026, 10, 13))
    assert facts(session, ada)["waited_day_count"] == 12
    supplier.says(ada, date(2026, 11, 1), complaint=True)
    assert facts(session, ada)["waited_day_count"] == 26
    assert facts(session, ada)["contact_channel"] == "call"


def test_the_end_of_the_term(session: Session, supplier: Supplier, ada: Person) -> None:
    assert math.isnan(facts(session, ada)["term_days"])
    session.execute(
        text("update agreements set term_ends_before = :day"), {"day": AS_OF + timedelta(days=40)}
    )
    assert facts(session, ada)["term_days"] == pytest.approx(math.log1p(40))
    session.execute(
        text("update agreements set term_ends_before = :day"), {"day": AS_OF - timedelta(days=40)}
    )
    assert facts(session, ada)["term_days"] == 0


def test_outages_lived_through(session: Session, supplier: Supplier, ada: Person) -> None:
    session.execute(
        text(
            "insert into occupancies (account_id, premise_id, starts_on) select a.id, p.id, '2026-07-01' "
            "from accounts a, premises p"
        )
    )
    insert = text(
        "insert into outages (node_id, planned, starts_at, ends_at, restored_at, state) values "
        "(:node, false, :at, :back, :back, 'restored')"
    )
    for day, hours in ((date(2026, 6, 25), 9), (date(2026, 9, 1), 2), (date(2026, 10, 1), 3)):
        starts_at = at(day)
        session.execute(
            insert, {"node": supplier.area, "at": starts_at, "back": starts_at + timedelta(hours=hours)}
        )
    found = facts(session, ada)  # the first was before they lived there
    assert (found["outage_count"], found["outage_minutes"]) == (2, 300)
    assert found["outage_hours"] == pytest.approx(math.log1p(5))
