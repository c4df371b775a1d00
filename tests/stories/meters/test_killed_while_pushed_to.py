"""A head-end pushes a week; the web process is killed at random moments and started again."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from utility_crm.auth.tokens import make_token
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine, unit_of_work

ROOT = Path(__file__).resolve().parents[3]
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
METERS, KILLS = 40, 4


def batch(number: int) -> str:
    """Six hours of 40 meters, every batch 1 kWh a half-hour and its number more."""
    stamp = (MARCH + timedelta(hours=6 * number)).isoformat()
    plain = {"starts_at": stamp, "interval_minutes": 30, "values": [1 + number] * 12}
    return json.dumps({"readings": [plain | {"service_point": f"SP{meter}"} for meter in range(METERS)]})


class Server:
    """The web process behind a socket that stays: who connects while it is down waits."""

    def __init__(self, database_url: str) -> None:
        self.environment = {**os.environ, "UTILITY_CRM_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT),
                            "UTILITY_CRM_SECRET_KEY": "only for tests"}  # fmt: skip
        self.door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.door.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        descriptor = self.door.fileno()
        command = [sys.executable, "-m", "utility_crm", "serve", "--fd", str(descriptor)]
        self.process = subprocess.Popen(
            command, env=self.environment, pass_fds=[descriptor], cwd=ROOT, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @contextmanager
    def running(self) -> Iterator[Server]:
        self.start()
        try:
            yield self
        finally:
            self.kill()
            self.door.close()

    def push(self, token: str, number: int, patience: float | None = None) -> dict[str, Any] | None:
        """The answer; None where the process is killed `patience` seconds after it was asked, or was."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"six hours {number}"}
        try:
            connection.request("POST", "/api/v1/readings", batch(number), headers)
            if patience is not None:
                select.select([connection.sock], [], [], patience)
                self.kill()
                self.start()
            answer = connection.getresponse()
            said: dict[str, Any] = json.loads(answer.read())
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
        assert answer.status == 200, said
        return said


def test_every_batch_is_there_once_whatever_was_killed(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        token = make_token(session, "head-end", ["readings:write"], utc_now()).token
    chance, unanswered = random.Random(4), 0
    with Server(fresh_database_url).running() as server:
        server.push(token, 0)
        for number in range(1, 28):
            if number % 4 == 2 and number // 4 < KILLS:
                # the first time at once: no machine answers before that
                patience = chance.uniform(0, 0.25) if number > 4 else 0
                unanswered += server.push(token, number, patience) is None
                assert held(engine, number) in (0, METERS * 12), "a batch is there whole or not at all"
            answer = server.push(token, number)
            assert answer is not None and answer["readings"] == METERS * 12
    assert unanswered, "no kill came in time"
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from feeds where source = 'push'")) == 28
        assert connection.scalar(text("select count(*) from api_answers")) == 28
        days = connection.execute(text("select day, micro from blocks")).all()
    assert len(days) == 7 * METERS
    for day, micro in days:
        first = 4 * (day - MARCH.date()).days
        expected = [(1 + first + part) * 1_000_000 for part in range(4) for _ in range(12)]
        assert micro == expected
    engine.dispose()


def held(engine: Engine, number: int) -> int:
    """Readings of one batch that are in the database."""
    statement = "select count(*) from blocks b cross join unnest(b.micro) m where m = :value"
    with engine.connect() as connection:
        return connection.execute(text(statement), {"value": (1 + number) * 1_000_000}).scalar_one()
