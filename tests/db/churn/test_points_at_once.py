"""The same form twice at the same time: points are credited once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from churn.campaigns.tables import LoyaltyPoint
from churn.value.points import redeem_points
from tests.worlds.lock_waits import until_all_wait
from utility_crm.customers.tables import Account, Customer
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import Conflict
from utility_crm.kit.settings import settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@pytest.fixture
def fresh(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("UTILITY_CRM_POINT_WORTH_MICRO", "12500")
    settings.cache_clear()
    load_tables()
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()
    settings.cache_clear()


def with_points(session: Session) -> int:
    customer = Customer(number="C1", kind="person", name="Ada", segment="household", since=TODAY)
    session.add(customer)
    session.flush()
    session.add_all(
        [
            Account(
                number="A1", customer_id=customer.id, payer_id=customer.id, cycle_day=1, currency="GBP",
                opened_on=TODAY, payment_method="transfer",
            ),
            LoyaltyPoint(customer_id=customer.id, points=500, at=NOW),
        ]
    )  # fmt: skip
    return customer.id


def test_who_waits_for_another_sees_what_they_left(fresh: Engine) -> None:
    with unit_of_work(fresh) as session:
        customer = with_points(session)
    common: dict[str, Any] = {"seen": 500, "words": "Points", "today": TODAY, "now": NOW, "by": None}

    def second() -> object:
        try:
            with unit_of_work(fresh) as session:
                return redeem_points(session, customer, "A1", 500, **common)
        except Conflict as told:
            return told.code

    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(fresh) as session:
            redeem_points(session, customer, "A1", 500, **common)
            waiting = pool.submit(second)
            assert until_all_wait(fresh, waiting)
        assert waiting.result(timeout=30) == "points_changed"
    with fresh.connect() as connection:
        assert connection.scalar(text("select sum(points) from loyalty_points")) == 0
        assert connection.scalar(text("select count(*) from adjustments")) == 1
