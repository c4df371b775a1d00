"""Facts as of a date: each from what was known then, none from what came later."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.tables import Bill
from churn.domain.facts import CATEGORICAL, NUMERIC_NAMES
from churn.features import FIGURES, features
from tests.db.churn.conftest import Person, Supplier
from utility_crm.customers.tables import CustomerFlag
from utility_crm.network.tables import NetworkNode

AS_OF = date(2026, 11, 27)
ZONE = "Europe/London"


def facts(session: Session, person: Person, as_of: date = AS_OF) -> pd.Series[object]:
    frame = features(session, [as_of], ZONE).set_index("customer_id")
    return frame.loc[person.customer]


@pytest.fixture
def ada(supplier: Supplier) -> Person:
    return supplier.moves_in(since=AS_OF - timedelta(days=731))


def with_a_past(supplier: Supplier, person: Person) -> None:
    """Bills, payments, contacts and readings before the date."""
    supplier.billed(person, date(2025, 10, 1), date(2025, 11, 1), 8_000)
    supplier.billed(person, date(2026, 9, 1), date(2026, 10, 1), 9_000, estimated=3)
    supplier.billed(person, date(2026, 10, 1), date(2026, 11, 1), 12_400)
    supplier.paid(person, date(2025, 11, 20), 8_000)
    supplier.paid(person, date(2026, 10, 25), 4_000)
    supplier.says(person, date(2026, 11, 11), complaint=True)
    supplier.says(person, date(2026, 6, 11), complaint=True, answered=date(2026, 6, 12))
    supplier.reads(person.imported, AS_OF - timedelta(days=40), 40, [400_000] * 14 + [200_000] * 34)


def test_tenure_segment_tariff_and_way_of_paying(session: Session, supplier: Supplier, ada: Person) -> None:
    found = facts(session, ada)
    assert found["tenure"] == pytest.approx(math.log1p(731 / 365.25))
    assert [found[name] for name in CATEGORICAL] == ["household", "steady", "transfer", "none"]
    assert found["service_points"] == 1
    assert math.isnan(found["bill_step"]) and math.isnan(found["estimated"])


def test_bills_are_compared_by_day(session: Session, supplier: Supplier, ada: Person) -> None:
    with_a_past(supplier, ada)
    found = facts(session, ada)
    assert found["bill_step"] == pytest.approx(math.log((12_400 / 31) / (9_000 / 30)))
    assert found["bill_year"] == pytest.approx(math.log((12_400 / 31) / (8_000 / 31)))
    assert (found["step_minor"], found["before_minor"], found["year_minor"]) == (12_400, 9_000, 8_000)
    assert found["estimated"] == pytest.approx(1 / 3)


def test_money_settles_the_oldest_bill_first(session: Session, supplier: Supplier, ada: Person) -> None:
    with_a_past(supplier, ada)
    found = facts(session, ada)
    # Due 15 October, 4,000 of 9,000 paid; due 15 November, nothing; what was due a year ago counts no more.
    assert found["late_day_count"] == 43 + 12
    assert found["overdue_minor"] == 5_000 + 12_400
    supplier.paid(ada, AS_OF - timedelta(days=1), 5_000)
    assert facts(session, ada)["late_day_count"] == 42 + 12


def test_credits_settle_bills_too_and_a_bill_taken_back_owes_nothing(
    session: Session, supplier: Supplier, ada: Person
) -> None:
    with_a_past(supplier, ada)
    supplier.credited(ada, date(2026, 11, 1), 5_000)
    found = facts(session, ada)
    # The bill due on 15 October was settled on 1 November; of the other, all is open.
    assert found["late_day_count"] == 17 + 12
    assert found["overdue_minor"] == 12_400
    wrong = supplier.billed(ada, date(2026, 8, 1), date(2026, 9, 1), 7_000)
    session.get_one(Bill, wrong).status = "cancelled"
    supplier.credited(ada, date(2026, 11, 2), 7_000, bill=wrong)
    assert facts(session, ada)["overdue_minor"] == 12_400
    supplier.credited(ada, date(2026, 11, 3), -1_500, kind="fee")
    assert facts(session, ada)["overdue_minor"] == 12_400 + 1_500
    supplier.credited(ada, AS_OF, 50_000)
    assert facts(session, ada)["overdue_minor"] == 12_400 + 1_500


def test_contacts_and_complaints(session: Session, supplier: Supplier, ada: Person) -> None:
    with_a_past(supplier, ada)
    found = facts(session, ada)
    assert (found["complaints"], found["unanswered"], found["contacts"]) == (2, 1, 1)
    assert found["unanswered_days"] == 16


def test_the_price_change_is_costed_at_their_own_use(
    session: Session, supplier: Supplier, ada: Person
) -> None:
    with_a_past(supplier, ada)
    found = facts(session, ada)
    kwh = 28 * (14 * 0.4 + 34 * 0.2)
    assert found["cost_minor"] == round(kwh * 22)
    assert found["price_rise_minor"] == round(kwh * 22) - round(kwh * 20)
    supplier.reads(ada.imported, AS_OF, 60, [400_000] * 48)
    assert facts(session, ada, date(2026, 12, 30))["price_rise"] > 0  # the change is 90 days old
    assert facts(session, ada, date(2026, 12, 31))["price_rise"] == 0


def test_a_cheaper_tariff_must_be_on_offer_to_their_like(
    session: Session, supplier: Supplier, ada: Person
) -> None:
    with_a_past(supplier, ada)
    assert facts(session, ada)["saving"] == 0
    for _ in range(5):
        other = supplier.moves_in(tariff=supplier.day_night)
        supplier.reads(other.imported, AS_OF - timedelta(days=28), 28, [100_000] * 48)
    found = facts(session, ada)
    night, day = 28 * 14 * 0.4, 28 * 34 * 0.2
    assert found["saving_minor"] == pytest.approx((night + day) * 22 - night * 10 - day * 25, abs=2)
    assert found["cheaper"] == "Day & Night"
    assert found["night_flat"] == pytest.approx(night / (night + day))
    frame = features(session, [AS_OF], ZONE).set_index("customer_id")
    assert frame.loc[other.customer, "night_flat"] == 0  # hours differ in price there


def test_too_few_readings_say_nothing(session: Session, supplier: Supplier, ada: Person) -> None:
    supplier.reads(ada.imported, AS_OF - timedelta(days=14), 14, [400_000] * 48)
    assert math.isnan(facts(session, ada)["saving"])


def test_export_is_seen_by_its_readings(session: Session, supplier: Supplier, ada: Person) -> None:
    assert facts(session, ada)["export"] == 0
    supplier.reads(ada.exported, AS_OF - timedelta(days=3), 2, [10_000] * 48)
    assert facts(session, ada)["export"] == 1


def test_several_dates_at_once_are_each_date_alone(session: Session, supplier: Supplier, ada: Person) -> None:
    with_a_past(supplier, ada)
    earlier = date(2026, 10, 28)
    both = features(session, [AS_OF, earlier], ZONE)
    for day in (earlier, AS_OF):
        alone = features(session, [day], ZONE)
        pd.testing.assert_frame_equal(
            both[both["as_of"] == day].reset_index(drop=True), alone, check_dtype=False
        )


def test_every_fact_and_figure_is_a_column(session: Session, supplier: Supplier, ada: Person) -> None:
    frame = features(session, [AS_OF], ZONE)
    assert {*NUMERIC_NAMES, *CATEGORICAL, *FIGURES} <= set(frame.columns)
    assert all(frame[name].dtype == np.float64 for name in NUMERIC_NAMES)


def test_whoever_is_not_supplied_is_not_there(session: Session, supplier: Supplier) -> None:
    supplier.moves_in(ends_before=AS_OF, end_reason="moved")
    supplier.moves_in(since=AS_OF + timedelta(days=1))
    there = supplier.moves_in(since=AS_OF)
    assert features(session, [AS_OF], ZONE)["customer_id"].tolist() == [there.customer]


def test_who_somebody_is_changes_no_fact(session: Session, supplier: Supplier, ada: Person) -> None:
    """Neither name, language, tags, being a person or a firm, how they like to be spoken with, nor care that
    is noted; and no place in the network beyond what happened there."""
    with_a_past(supplier, ada)
    before = features(session, [AS_OF], ZONE)
    session.execute(
        text(
            "update customers set name = 'Other', language = 'ru', kind = 'organisation', tags = '{elderly}',"
            " preferred_channel = 'letter', contact_times = '{morning}', number = 'X1'"
        )
    )
    for kind in ("vulnerable", "medical", "needs"):
        consented_at = datetime(2026, 1, 1, tzinfo=UTC)
        session.add(
            CustomerFlag(
                customer_id=ada.customer, kind=kind, consented_at=consented_at, review_on=date(2027, 1, 1)
            )
        )
    other = NetworkNode(code="AREA2", name="Valley", kind="area")
    session.add(other)
    session.flush()
    session.execute(
        text("update premises set node_id = :node, address = '2 Other Street', city = 'Else'"),
        {"node": other.id},
    )
    pd.testing.assert_frame_equal(features(session, [AS_OF], ZONE), before)
