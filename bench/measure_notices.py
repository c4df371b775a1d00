"""Text messages through a gateway that breaks off, refuses and answers too late, by four workers that are
killed with -9 again and again: what is lost, what takes effect twice, what goes out at night, and what
without permission. NOTICES and KILLS in the environment make it smaller.

Nothing is timed against a peer; how long it took stands on standard error.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, TextClause, text

from bench.databases import migrated_database
from bench.measurement import Measurement
from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.settings import settings

NOTICES, KILLS, WORKERS = int(os.environ.get("NOTICES", "100000")), int(os.environ.get("KILLS", "50")), 4
EACH, AT_ONCE = 2, 5_000
LONGEST_SECONDS = 3600


def people(kind: str, address: str, channel: str) -> TextClause:
    """Customers reached by one address each, an SQL expression over `number`. Of ten one lives where it is
    night, one asked for nothing by the channel."""
    return text(f"""
        with people as (
            insert into customers (number, kind, name, segment, since)
            select 'C' || n, 'person', 'Person ' || n, 'household', '2025-01-01'
            from generate_series(1, :people) as n
            returning id, number
        ), reached as (
            insert into contact_points (customer_id, kind, value, normal)
            select id, '{kind}', address, address
            from people, lateral (select {address} as address) as made
        ), word as (
            insert into consents (customer_id, purpose, channel, granted, at, proof)
            select id, 'service', '{channel}', false, now() - interval '1 day', 'measured' from people
            where substr(number, 2)::int % 10 = 1
        ), own as (
            insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
            select 'A' || substr(number, 2), id, id, 1, 'GBP', '2025-01-01' from people returning id, number
        ), homes as (
            insert into premises (code, address, timezone)
            select 'P' || n, n || ' Mill Lane', case when n % 10 = 0 then :night else :day end
            from generate_series(1, :people) as n returning id, code
        )
        insert into occupancies (account_id, premise_id, starts_on)
        select own.id, homes.id, '2025-01-01'
        from own join homes on substr(own.number, 2) = substr(homes.code, 2)
    """)


# One more of ten has the word withdrawn while the rest goes out. Nobody has e-mail.
_PEOPLE = people("phone", "'+4477' || lpad(substr(number, 2), 8, '0')", "sms")
_WITHDRAW = text("""
    insert into consents (customer_id, purpose, channel, granted, at, proof)
    select id, 'service', 'sms', false, now(), 'measured' from customers where substr(number, 2)::int % 10 = 2
""")
_STATES = text("select state, coalesce(reason, '') as reason, count(*) as number from outbox group by 1, 2")
_LEFT = text("""
    select count(*) from outbox
    where state = 'sending' or state = 'waiting' and coalesce(reason, '') <> 'quiet_hours'
""")
# A word counts from a minute after it was given: what was on its way then is not held against anybody.
_WRONG = text("""
    select count(*) filter (where premises.timezone = :night) as at_night,
           count(*) filter (where word.at + interval '1 minute' < outbox.sent_at) as without_permission,
           count(*) filter (where outbox.sent_at is not null) as sent
    from outbox
    join occupancies on occupancies.account_id = outbox.account_id
    join premises on premises.id = occupancies.premise_id
    left join consents as word on word.customer_id = outbox.customer_id and not word.granted
    where outbox.state = 'sent'
""")


@dataclass(frozen=True, slots=True)
class Hours:
    """Two zones: one where it is noon, one where it is deep in the night, for hours to come."""

    day: str
    night: str

    @staticmethod
    def now() -> Hours:
        hour = datetime.now(UTC).hour
        # Etc/GMT-3 is three hours ahead; the zones reach from GMT-14 to GMT+12.
        return Hours(f"Etc/GMT{hour - 12:+d}", f"Etc/GMT{(hour - 23 if hour > 11 else hour + 1):+d}")


def measurements() -> Iterator[Measurement]:
    """Notices that are wrong, of all."""
    load_tables()
    hours = Hours.now()
    gate = {"GATEWAY_SECRET": "measured", "MAIL_TO": "smtp"}
    with (
        migrated_database() as engine,
        _gateway() as address,
        surroundings(GATEWAY_URL=address, **gate),
    ):
        queue_reminders(engine, _PEOPLE, NOTICES, hours)
        started = time.monotonic()
        url = engine.url.render_as_string(hide_password=False)
        with workers(url) as (start, alive):
            kill_while_they_work(engine, start, alive, KILLS, NOTICES / 500 / KILLS / 2, _WITHDRAW)
        seconds = time.monotonic() - started
        figures = json.load(urllib.request.urlopen(f"{address}figures"))
        with engine.connect() as connection:
            states = {(row.state, row.reason): row.number for row in connection.execute(_STATES)}
            wrong = connection.execute(_WRONG, {"night": hours.night}).one()
        sent = states.get(("sent", ""), 0)
        print(f"  {seconds:.0f} s; outbox {states}; gateway {figures}", file=sys.stderr, flush=True)
    settled = sent + sum(number for (state, _), number in states.items() if state == "withheld")
    night = states.get(("waiting", "quiet_hours"), 0)
    # What the gateway took without saying so may have been withheld since: it was said once, and is not lost.
    unsaid = max(sent - figures["messages"], 0)
    words = f"of {NOTICES} text messages, {KILLS} kills -9:"
    yield Measurement(f"{words} lost", NOTICES - settled - night + unsaid, NOTICES, "lower", 0)
    yield Measurement(f"{words} taken twice by the gateway", figures["repeats"], NOTICES, "lower", 0)
    yield Measurement(f"{words} sent at night", wrong.at_night, NOTICES, "lower", 0)
    yield Measurement(f"{words} sent without permission", wrong.without_permission, NOTICES, "lower", 0)


def queue_reminders(engine: Engine, people: TextClause, notices: int, hours: Hours) -> None:
    """Put in people (a statement that is given `people`, `day` and `night`), and queue so many notices to
    them."""
    with engine.begin() as connection:
        connection.execute(people, {"people": notices // EACH, "day": hours.day, "night": hours.night})
        connection.execute(text("analyze"))
        accounts = connection.execute(text("select id, number, payer_id from accounts order by id")).all()
    due_on = date(2026, 11, 6)
    asked = [
        payment_reminder(
            customer_id=one.payer_id, account_id=one.id, account=one.number, bill=f"F-{one.number}-{n}",
            amount_minor=1000 + n, currency="GBP", due_on=due_on,
        )
        for n in range(EACH) for one in accounts
    ]  # fmt: skip
    started = time.monotonic()
    for begin in range(0, len(asked), AT_ONCE):
        with unit_of_work(engine) as session:
            queue_all(session, asked[begin : begin + AT_ONCE], datetime.now(UTC))
    print(f"  {len(asked)} queued in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def kill_while_they_work(
    engine: Engine, start: Any, alive: list[int], kills: int, pause: float, withdraw: TextClause
) -> None:
    """Four at work until nothing is left; so many of them die at random moments, `pause` seconds apart, and
    are followed. When a third has died, customers take their word back by the statement given."""
    chance, killed, until = random.Random(50), 0, time.monotonic() + LONGEST_SECONDS
    for _ in range(WORKERS):
        start()
    pause = max(0.2, pause)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while left := int(connection.scalar(_LEFT) or 0):
            assert time.monotonic() < until, f"{left} still wait"
            time.sleep(chance.uniform(0.2, 2 * pause))
            if killed < kills:
                victim = alive.pop(chance.randrange(len(alive)))
                os.kill(victim, signal.SIGKILL)
                killed += 1
                start()
            if killed == kills // 3:
                connection.execute(withdraw)
    assert killed == kills, f"all was sent after {killed} kills: more notices are needed"


@contextmanager
def _gateway(*options: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = subprocess.Popen([sys.executable, "-m", "bench.misbehaving_gateway", str(port), *options])
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        program.kill()
        program.wait()


@contextmanager
def surroundings(**given: str) -> Iterator[None]:
    """These settings hold, for this process and those it starts."""
    os.environ.update({f"UTILITY_CRM_{name}": value for name, value in given.items()})
    settings.cache_clear()
    try:
        yield
    finally:
        for name in given:
            del os.environ[f"UTILITY_CRM_{name}"]
        settings.cache_clear()


@contextmanager
def workers(url: str) -> Iterator[tuple[Any, list[int]]]:
    """Starts a worker each time it is called; the list is of those alive."""
    alive: list[int] = []
    with subprocess.Popen(
        [sys.executable, "-m", "bench.notice_worker", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin and parent.stdout
        asks, answers = parent.stdin, parent.stdout

        def start() -> None:
            asks.write("\n")
            asks.flush()
            alive.append(int(answers.readline()))

        try:
            yield start, alive
        finally:
            for process in alive:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            parent.kill()
