"""Pushes at the same time, in real transactions of the real application: one effect a key, none lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from utility_crm.app import create_app
from utility_crm.auth.tokens import make_token
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine, unit_of_work

URL = "/api/v1/readings"
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[object]:
    made = make_engine(fresh_database_url, pool_size=10)
    yield made
    made.dispose()


@pytest.fixture
def push(engine):
    """`push(key, points, hour)`: 1 kWh an hour for points in the order given; status and document."""
    with unit_of_work(engine) as session:
        token = make_token(session, "head-end", ["readings:write"], utc_now()).token
    client = TestClient(create_app(engine, secret="only for tests"))

    def sent(key: str, points: list[int], hour: int, value: int = 1) -> tuple[int, dict[str, object]]:
        stamp = MARCH.replace(hour=hour).isoformat()
        readings = [
            {"service_point": f"SP{point}", "starts_at": stamp, "interval_minutes": 60, "value": value}
            for point in points
        ]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        answer = client.post(URL, content=json.dumps({"readings": readings}), headers=headers)
        return answer.status_code, answer.json()

    return sent


def counted(engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text(f"select count(*) from {table}"))


def test_one_key_sent_by_many_has_one_effect(engine, push) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _turn: push("same", [1, 2, 3], 0), range(16)))
    assert {status for status, _document in answers} == {200}
    assert len({json.dumps(document) for _status, document in answers}) == 1
    assert (counted(engine, "feeds"), counted(engine, "blocks")) == (1, 3)


def test_one_key_with_two_bodies_takes_one_of_them(engine, push) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda turn: push("same", [1], 0, value=turn % 2), range(16)))
    assert sorted(status for status, _document in answers) == [200] * 8 + [409] * 8
    assert counted(engine, "feeds") == 1


def test_parts_of_one_day_pushed_at_once_all_stay(engine, push) -> None:
    """24 hours of 20 meters, each hour a batch of its own, the meters in opposite orders."""
    points = list(range(20))

    def hour(number: int) -> int:
        return push(f"h{number}", points if number % 2 else points[::-1], number)[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(hour, range(24))) == {200}
    with engine.connect() as connection:
        whole = connection.execute(text("select micro from blocks")).scalars().all()
    assert len(whole) == 20 and all(day == [1_000_000] * 24 for day in whole)
    assert counted(engine, "block_history") == 20 * 23
