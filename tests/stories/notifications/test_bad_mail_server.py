"""Six hundred letters, four workers that are killed six times, and a mail server that is bad: it breaks off
after it has taken a letter, takes none now, takes some never, and is slow. `make bench` has a larger one."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from free_ports import free_port
from sqlalchemy import text

from tests.stories.notifications.test_killed_workers import SECONDS, Post
from utility_crm.kit.database import make_engine

PEOPLE, WORKERS, KILLS = 600, 4, 6
NEVER = tuple(f"c{number}@example.org" for number in (7, 207, 307, 507))
"""Addresses of which the server knows nobody."""


class BadServer:
    """What it took, by Message-ID, whatever it said of it afterwards."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.chance = random.Random()

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in NEVER:
            self.said["never"] += 1
            return "550 5.1.1 nobody of that name here"
        envelope.rcpt_tos.append(address)
        return "250 go on"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        dice = self.chance.random()
        if dice < 0.04:
            self.said["later"] += 1
            return "451 4.3.0 try again later"
        if dice < 0.06:
            self.said["slow"] += 1
            await asyncio.sleep(0.2)
        head = envelope.content.decode("utf-8", "replace").split("\r\n\r\n")[0].replace("\r\n ", " ")
        (line,) = [one for one in head.split("\r\n") if one.lower().startswith("message-id:")]
        self.taken[line.partition(":")[2].strip()] += 1
        if dice > 0.94:
            self.said["broke off"] += 1
            server.transport.abort()
        return "250 taken"


@contextmanager
def running(server: BadServer) -> Iterator[dict[str, str]]:
    """The server on a port of its own; the environment that leads workers there."""
    port = free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield {
            "UTILITY_CRM_MAIL_TO": "smtp",
            "UTILITY_CRM_SMTP_HOST": "127.0.0.1",
            "UTILITY_CRM_SMTP_PORT": str(port),
            "TEST_IMPATIENT": "yes",
        }
    finally:
        controller.stop()


@pytest.fixture
def post(fresh_database_url: str) -> Iterator[Post]:
    engine = make_engine(fresh_database_url)
    yield Post(engine, fresh_database_url)
    engine.dispose()


def test_none_is_lost_and_what_must_not_arrive_twice_does_not(post: Post) -> None:
    message_ids = post.queue_reminders(PEOPLE)
    with post.engine.begin() as connection:
        connection.execute(text("update outbox set notice = 'once_only' where id % 4 = 0"))
    under_way = "select count(*) from outbox where state in ('waiting', 'sending')"
    server, chance = BadServer(), random.Random()
    with running(server) as environment, post.workers(**environment) as start:
        alive = [start() for _ in range(WORKERS)]
        for kill in range(KILLS):
            goal = (kill + 1) * PEOPLE // (KILLS + 2)
            _wait(lambda goal=goal: sum(server.taken.values()) >= goal)
            os.kill(alive.pop(chance.randrange(WORKERS)), signal.SIGKILL)
            alive.append(start())
        assert post.count(under_way) > 0, "all was sent before the last kill: the test proves nothing"
        _wait(lambda: post.count(under_way) == 0)
    with post.engine.connect() as connection:
        rows = connection.execute(text("select notice, state, address, message_id from outbox")).all()
    assert {"broke off", "later", "slow", "never"} == set(server.said)
    assert len(rows) == PEOPLE and set(server.taken) <= message_ids
    for row in rows:
        arrived = server.taken[row.message_id]
        if row.address in NEVER:
            assert (row.state, arrived) == ("dead", 0)
        elif row.notice == "once_only":
            assert arrived <= 1 and row.state in ("sent", "parked")
            assert row.state == "parked" or arrived == 1
        else:
            assert row.state == "sent" and arrived >= 1
    parked = sum(row.state == "parked" for row in rows)
    again = sum(number - 1 for number in server.taken.values())
    assert parked > 0 and again > 0, "nothing was ever in doubt: the test proves nothing"


def _wait(reached: Any) -> None:
    give_up_at = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < give_up_at, "delivery takes too long"
        time.sleep(0.02)
