"""Two thousand reminders, and a delivery worker that is killed ten times."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from free_ports import free_port
from sqlalchemy import Engine, text

from notifications.domain.message_id import message_id
from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).parent / "programs" / "run_worker.py"
SECONDS = 240.0
PEOPLE = text("""
    with people as (
        insert into customers (number, kind, name, segment, since)
        select 'C' || n, 'person', 'Person ' || n, 'household', '2025-01-01' from generate_series(1, :people)
        as n returning id, number
    ), mail as (
        insert into contact_points (customer_id, kind, value, normal)
        select id, 'email', lower(number) || '@example.org', lower(number) || '@example.org' from people
    ), own as (
        insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
        select 'A' || number, id, id, 1, 'GBP', '2025-01-01' from people returning id
    ), homes as (
        insert into premises (code, address, timezone)
        select 'P' || n, n || ' Mill Lane', :zone from generate_series(1, :people) as n returning id
    )
    insert into occupancies (account_id, premise_id, starts_on)
    select account.id, home.id, '2025-01-01'
    from (select id, row_number() over (order by id) as n from own) as account
    join (select id, row_number() over (order by id) as n from homes) as home using (n)
""")


@dataclass
class Post:
    """What the story does over and over."""

    engine: Engine
    url: str

    def queue_reminders(self, people: int) -> set[str]:
        """People who owe something, in a zone where it is noon; the Message-IDs their reminders must have."""
        now = datetime.now(UTC)
        # (signs of these zones are turned round: Etc/GMT-3 is three hours ahead)
        noon = f"Etc/GMT{now.hour - 12:+d}"
        with unit_of_work(self.engine) as session:
            session.execute(PEOPLE, {"people": people, "zone": noon})
            accounts = session.execute(text("select id, number, payer_id from accounts order by id")).all()
            became = queue_all(
                session,
                [
                    payment_reminder(
                        customer_id=account.payer_id,
                        account_id=account.id,
                        account=account.number,
                        bill=f"F-{account.number}",
                        amount_minor=1000 + account.id,
                        currency="GBP",
                        due_on=date(2026, 11, 6),
                    )
                    for account in accounts
                ],
                now,
            )
        assert {(one.outcome, one.reason) for one in became} == {("queued", None)}
        return {message_id(one.key, settings().mail_from) for one in became}

    @contextmanager
    def workers(self, **environment: str) -> Iterator[Callable[[], int]]:
        """Starts a worker each time it is called, and gives its process; none is left afterwards."""
        given = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        arguments = [sys.executable, str(PROGRAM), self.url]
        started: list[int] = []
        with subprocess.Popen(
            arguments, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdin and parent.stdout
            asks, answers = parent.stdin, parent.stdout

            def start() -> int:
                asks.write("\n")
                asks.flush()
                started.append(int(answers.readline()))
                return started[-1]

            try:
                yield start
            finally:
                for process in started:
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                parent.kill()

    def count(self, statement: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(text(statement)) or 0)

    def sent(self) -> int:
        return self.count("select count(*) from outbox where state = 'sent'")

    def wait_for(self, sent: int) -> None:
        give_up_at = time.monotonic() + SECONDS
        while self.sent() < sent:
            assert time.monotonic() < give_up_at, "delivery takes too long"
            time.sleep(0.03)


@pytest.fixture
def post(fresh_database_url: str) -> Iterator[Post]:
    engine = make_engine(fresh_database_url)
    yield Post(engine, fresh_database_url)
    engine.dispose()


def test_none_of_2000_is_lost_when_the_worker_is_killed_ten_times(post: Post) -> None:
    message_ids = post.queue_reminders(2000)
    chance = random.Random()
    caught_sending = 0
    with post.workers() as start:
        worker = start()
        for _ in range(10):
            # it is at work again, and then, at some letter, it is gone
            post.wait_for(post.sent() + chance.randrange(1, 100))
            os.kill(worker, signal.SIGKILL)
            assert post.sent() < 2000, "all was sent before the tenth kill: the test proves nothing"
            caught_sending += post.count("select count(*) from outbox where state = 'sending'") > 0
            worker = start()
        post.wait_for(2000)
    with post.engine.connect() as connection:
        arrived = connection.scalars(text("select message_id from mailbox")).all()
        states = connection.execute(text("select state, count(*) from outbox group by state")).all()
    assert caught_sending >= 5
    assert set(arrived) == message_ids
    assert len(arrived) == 2000
    assert [tuple(row) for row in states] == [("sent", 2000)]


class Inbox:
    """An SMTP server's memory, which refuses one letter at first."""

    def __init__(self) -> None:
        self.message_ids: list[str] = []
        self.refused = False

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        content: bytes = envelope.content  # type: ignore[attr-defined]
        if not self.refused:
            self.refused = True
            return "451 try again later"
        head = content.decode("utf-8", "replace").split("\r\n\r\n")[0].replace("\r\n ", " ")
        lines = [line for line in head.split("\r\n") if line.lower().startswith("message-id:")]
        self.message_ids.append(lines[0].partition(":")[2].strip())
        return "250 taken"


def test_over_smtp_a_letter_sent_twice_has_one_message_id(post: Post) -> None:
    message_ids = post.queue_reminders(60)
    inbox = Inbox()
    port = free_port()
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    mail = {
        "UTILITY_CRM_MAIL_TO": "smtp",
        "UTILITY_CRM_SMTP_HOST": "127.0.0.1",
        "UTILITY_CRM_SMTP_PORT": str(port),
    }
    with post.workers(**mail) as start:
        worker = start()
        post.wait_for(5)
        os.kill(worker, signal.SIGKILL)
        with post.engine.begin() as connection:
            # what a worker killed between sending and marking leaves behind: sent, and nobody knows
            connection.execute(
                text(
                    "update outbox set state = 'sending', sent_at = null, lease_until = now() "
                    "where id in (select id from outbox where state = 'sent' order by id limit 3)"
                )
            )
            # and the one refused with a 451 need not wait its half minute
            connection.execute(text("update outbox set not_before = now() where state = 'waiting'"))
        start()
        post.wait_for(60)
    server.stop()
    assert set(inbox.message_ids) == message_ids
    assert len(inbox.message_ids) >= 63
    assert post.count("select max(attempts) from outbox") == 2
