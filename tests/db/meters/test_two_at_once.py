"""Two feeds of the same readings at the same time: nothing doubled, nobody stuck."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from meter_files import JUNE, csv_file
from psycopg.errors import DeadlockDetected
from sqlalchemy import Engine, text

from meters.actions import TakenFeed, ingest, ingesting
from utility_crm.kit.database import make_engine, unit_of_work

POINTS = [f"SP{number}" for number in range(12)]


@pytest.fixture
def fresh(fresh_database_url: str) -> Iterator[Engine]:
    engine = make_engine(fresh_database_url)
    yield engine
    engine.dispose()


def at_once(engine: Engine, paths: list[Path]) -> list[TakenFeed]:
    together = Barrier(len(paths))

    def taken(path: Path) -> TakenFeed:
        with unit_of_work(engine) as session:
            together.wait(timeout=120)
            return ingest(session, path)

    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(taken, paths))


def test_overlapping_files_in_opposite_orders(fresh: Engine, tmp_path: Path) -> None:
    """New points, then corrections, each time in four files that share all channels and differ in order."""
    for turn in range(5):
        paths = []
        for number in range(4):
            points = POINTS[number:] if number % 2 else POINTS[::-1]
            days = [(point, JUNE, [turn * 10 + number] * 24) for point in points]
            paths.append(csv_file(tmp_path, f"{turn}-{number}.csv", *days))
        taken = at_once(fresh, paths)
        assert all(feed.status == "ok" and not feed.problems for feed in taken)
        assert sum(feed.blocks_added for feed in taken) == (len(POINTS) if turn == 0 else 0)
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from blocks")) == len(POINTS)
        assert connection.scalar(text("select count(*) from service_points")) == len(POINTS)
        assert connection.scalar(text("select count(*) from channels")) == len(POINTS)
        written = connection.scalar(text("select sum(blocks_changed) from feeds"))
        assert connection.scalar(text("select count(*) from block_history")) == written


def test_parts_of_one_day_from_two_files_both_stay(fresh: Engine, tmp_path: Path) -> None:
    """Neither may lay its part over a day as it was before the other."""
    morning, evening = [1] * 12 + [None] * 12, [None] * 12 + [2] * 12
    paths = [
        csv_file(tmp_path, "a.csv", *[(point, JUNE, morning) for point in POINTS]),
        csv_file(tmp_path, "b.csv", *[(point, JUNE, evening) for point in reversed(POINTS)]),
    ]
    at_once(fresh, paths)
    with fresh.connect() as connection:
        held = connection.execute(text("select micro from blocks")).scalars().all()
    assert held == [[1_000_000] * 12 + [2_000_000] * 12] * len(POINTS)


def test_whoever_is_ended_by_the_server_is_stored_again(
    fresh: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has to give way in a deadlock with a stranger: half of it was written by then."""
    really, ended = ingesting.store_feed, []

    def stored(session, feed_id, *more):
        done = really(session, feed_id, *more)
        if len(ended) < 2:
            ended.append(feed_id)
            raise DeadlockDetected("deadlock detected")
        return done

    monkeypatch.setattr(ingesting, "store_feed", stored)
    path = csv_file(tmp_path, "a.csv", *[(point, JUNE, [1] * 24) for point in POINTS])
    with unit_of_work(fresh) as session:
        taken = ingest(session, path)
    assert (taken.status, taken.blocks_added) == ("ok", len(POINTS)) and len(ended) == 2
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from feeds")) == 1
        assert connection.scalar(text("select array_agg(distinct feed_id) from blocks")) == [taken.feed_id]
    ended.clear()
    ended.extend([0])
    monkeypatch.setattr(ingesting, "_ATTEMPTS", 1)
    other = csv_file(tmp_path, "b.csv", *[(point, JUNE, [2] * 24) for point in POINTS])
    with pytest.raises(DeadlockDetected), unit_of_work(fresh) as session:
        ingest(session, other)
    with fresh.connect() as connection:
        assert connection.scalar(text("select count(*) from feeds")) == 1


def test_the_same_file_twice_at_once_is_taken_once(fresh: Engine, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a.csv", *[(point, JUNE, [1] * 24) for point in POINTS])
    taken = at_once(fresh, [path, path])
    assert sorted(feed.status for feed in taken) == ["ok", "unchanged"]
    assert sorted(feed.blocks_added for feed in taken) == [0, len(POINTS)]
    assert sorted(feed.blocks_unchanged for feed in taken) == [0, len(POINTS)]
