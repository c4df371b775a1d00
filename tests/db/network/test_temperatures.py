"""Temperatures of an area: kept once, laid over, asked for on a grid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.network.tables import NetworkNode
from utility_crm.network.temperatures import daily_temperatures, store_temperatures, temperatures

DAY = date(2026, 1, 1)
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def area(session: Session) -> int:
    node = NetworkNode(code="N", name="North", kind="area", parent_id=None)
    session.add(node)
    session.flush()
    session.add(NetworkNode(code="N1", name="North 1", kind="feeder", parent_id=node.id))
    session.flush()
    return node.id


def test_a_day_is_kept_once_and_laid_over(session: Session, area: int) -> None:
    morning = [*range(0, 12000, 1000), *[None] * 12]
    evening = [*[None] * 12, *range(12000, 24000, 1000)]
    assert store_temperatures(session, "N", [DAY], [morning]).written == 1
    assert store_temperatures(session, "N", [DAY], [morning]).unchanged == 1
    assert store_temperatures(session, "N", [DAY], [evening]).written == 1
    found = temperatures(session, area, MIDNIGHT, MIDNIGHT + timedelta(days=1), 60)
    assert found.tolist() == list(range(24))


def test_coarser_is_the_mean_and_finer_the_value_around(session: Session, area: int) -> None:
    store_temperatures(session, "N", [DAY], [[1000 * hour for hour in range(24)]])
    two = temperatures(session, area, MIDNIGHT, MIDNIGHT + timedelta(hours=4), 120)
    assert two.tolist() == [0.5, 2.5]
    half = temperatures(session, area, MIDNIGHT + timedelta(hours=1), MIDNIGHT + timedelta(hours=2), 30)
    assert half.tolist() == [1.0, 1.0]


def test_what_is_unknown_is_nan(session: Session, area: int) -> None:
    store_temperatures(session, "N", [DAY], [[5000, *[None] * 23]])
    found = temperatures(session, area, MIDNIGHT - timedelta(hours=1), MIDNIGHT + timedelta(hours=2), 60)
    assert np.isnan(found[[0, 2]]).all() and found[1] == 5.0
    assert daily_temperatures(session, area, DAY, DAY) == {DAY: 5.0}


def test_another_interval_replaces_the_day(session: Session, area: int) -> None:
    store_temperatures(session, "N", [DAY], [[1000] * 24])
    store_temperatures(session, "N", [DAY], [[2000] * 48])
    assert daily_temperatures(session, area, DAY, DAY) == {DAY: 2.0}


def test_weather_belongs_to_an_area(session: Session, area: int) -> None:
    with pytest.raises(NotFound):
        store_temperatures(session, "X", [DAY], [[0] * 24])
    with pytest.raises(Invalid):
        store_temperatures(session, "N1", [DAY], [[0] * 24])
