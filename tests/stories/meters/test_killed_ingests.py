"""An ingest is killed (`kill -9`) at any moment and started again; two run at once: nothing shows of it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from stored_state import stored_state

from utility_crm.kit.database import make_engine

KILLS = 6
FIRST = date(2025, 1, 1)


def large_file(path: Path, meters: range, days: int, salt: int) -> Path:
    """Days of meters, of which some have two qualities."""
    chance = random.Random(salt)
    shapes = [",".join(f"{chance.randrange(2_500) / 1000:.3f}" for _ in range(48)) for _ in range(200)]
    lines = [f"100,NEM12,2026020100{salt:02},MDP,RETAILER"]
    for meter in meters:
        lines.append(f"200,{6_100_000_000 + meter},E1,E1,E1,N1,M{meter:06},kWh,30,20300101")
        for number in range(days):
            mixed = (meter + number) % 17 == 0
            shape = shapes[(meter * 31 + number + salt) % 200]
            lines.append(f"300,{FIRST + timedelta(days=number):%Y%m%d},{shape},{'V' if mixed else 'A'},,,,")
            lines += ["400,1,20,A,,", "400,21,48,S14,76,"] if mixed else []
    path.write_text("\n".join([*lines, "900"]) + "\n")
    return path


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    made = make_engine(fresh_database_url)
    yield made
    made.dispose()


Started = Callable[[Path], "subprocess.Popen[str]"]


@pytest.fixture
def ingest(fresh_database_url: str) -> Started:
    """`ingest(path)`: the command line, under way."""
    words = {**os.environ, "UTILITY_CRM_DATABASE_URL": fresh_database_url}

    def started(path: Path) -> subprocess.Popen[str]:
        program = [sys.executable, "-m", "utility_crm", "meters", "ingest", str(path), "--json"]
        return subprocess.Popen(program, env=words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return started


def taken(running: subprocess.Popen[str]) -> dict[str, Any]:
    """What became of the file of an ingest, once it is done."""
    out, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    (feed,) = json.loads(out)["feeds"]
    return feed


def emptied(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("set local session_replication_role = replica")
        )  # bills hang on points, and stay
        connection.execute(
            text("truncate blocks, block_history, block_remarks, feeds, service_points, channels cascade")
        )


def state(engine: Engine) -> dict[str, tuple[int, str | None]]:
    with engine.connect() as connection:
        return stored_state(connection)


def test_killed_at_random_moments_and_started_again(engine: Engine, ingest: Started, tmp_path: Path) -> None:
    """First days, then corrections of most of them: what stands, what was replaced and the feeds are in the
    end those of two runs that nobody disturbed."""
    files = [
        large_file(tmp_path / "a.csv", range(150), 120, 1),
        large_file(tmp_path / "b.csv", range(30, 170), 120, 2),
    ]
    lengths = []
    for path in files:
        begun = time.monotonic()
        assert taken(ingest(path))["status"] == "ok"
        lengths.append(time.monotonic() - begun)
    undisturbed = state(engine)
    assert undisturbed["block_history"][0] == 120 * 120
    emptied(engine)
    chance, killed = random.Random(11), 0
    for path, length in zip(files, lengths, strict=True):
        for _ in range(KILLS // len(files)):
            running = ingest(path)
            try:
                running.wait(timeout=chance.uniform(0.2, 0.95) * length)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGKILL)
                killed += 1
            running.communicate()
            with engine.connect() as connection:
                whole = connection.scalar(
                    text("select count(*) from feeds where name = :name"), {"name": path.name}
                )
                days = connection.scalar(
                    text(
                        "select count(*) from blocks b join feeds f on f.id = b.feed_id where f.name = :name"
                    ),
                    {"name": path.name},
                )
                assert (whole > 0) == (days > 0), "a feed is there with all its days, or not at all"
        assert taken(ingest(path))["status"] in ("ok", "unchanged")
    assert killed > 0
    assert state(engine) == undisturbed


def test_two_overlapping_files_at_once_are_one_after_the_other(
    engine: Engine, ingest: Started, tmp_path: Path
) -> None:
    one = large_file(tmp_path / "a.csv", range(80), 90, 1)
    other = large_file(tmp_path / "b.csv", range(60, 120), 90, 2)
    in_sequence = []
    for order in ([one, other], [other, one]):
        for path in order:
            assert taken(ingest(path))["status"] == "ok"
        in_sequence.append(state(engine))
        emptied(engine)
    running = [ingest(one), ingest(other)]
    assert [taken(each)["status"] for each in running] == ["ok", "ok"]
    assert state(engine) in in_sequence
