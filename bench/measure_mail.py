"""Mails through a real SMTP server (aiosmtpd) that breaks off, refuses and is slow, by four workers that are
killed with -9 again and again: what is lost, what comes twice although its kind says that it must not, and
whether each repeat and each parked notice has a try behind it of which nobody could know. MAILS and
MAIL_KILLS in the environment make it smaller or larger.

Nothing is timed against a peer; how long it took stands on standard error.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from bench.databases import migrated_database
from bench.measure_notices import Hours, kill_while_they_work, people, queue_reminders, surroundings, workers
from bench.measurement import Measurement
from utility_crm.installed import load_tables

MAILS, KILLS = int(os.environ.get("MAILS", "10000")), int(os.environ.get("MAIL_KILLS", "50"))
A_SECOND = 150
"""Letters that four workers hand over on a slow machine: how far apart they are killed follows from it."""

# The server knows nobody of one address in a hundred.
_PEOPLE = people(
    "email",
    "case when substr(number, 2)::int % 100 = 7 then 'nobody' else 'c' end "
    "|| substr(number, 2) || '@example.org'",
    "email",
)
_ONCE_ONLY = text("update outbox set notice = 'once_only' where id % 4 = 0")
_WITHDRAW = text("""
    insert into consents (customer_id, purpose, channel, granted, at, proof)
    select id, 'service', 'email', false, now(), 'measured' from customers
    where substr(number, 2)::int % 10 = 2
""")
# A word counts from a minute after it was given: what was on its way then is not held against anybody.
_ENDED = text("""
    select outbox.message_id, outbox.notice, outbox.state, coalesce(outbox.reason, '') as reason,
           outbox.address, premises.timezone as zone,
           coalesce(word.at + interval '1 minute' < outbox.sent_at, false) as against
    from outbox
    join occupancies on occupancies.account_id = outbox.account_id
    join premises on premises.id = occupancies.premise_id
    left join consents as word on word.customer_id = outbox.customer_id and not word.granted
""")


def measurements() -> Iterator[Measurement]:
    """Mails that are wrong, of all."""
    load_tables()
    hours = Hours.now()
    with migrated_database() as engine, _mail_server() as (port, ask):
        with surroundings(MAIL_TO="smtp", SMTP_HOST="127.0.0.1", SMTP_PORT=str(port)):
            queue_reminders(engine, _PEOPLE, MAILS, hours)
            with engine.begin() as connection:
                connection.execute(_ONCE_ONLY)
            started = time.monotonic()
            with workers(engine.url.render_as_string(hide_password=False)) as (start, alive):
                pause = MAILS / A_SECOND / KILLS / 2
                kill_while_they_work(engine, start, alive, KILLS, pause, _WITHDRAW)
            seconds = time.monotonic() - started
        server = ask()
        with engine.connect() as connection:
            rows = connection.execute(_ENDED).all()
    yield from _judged(rows, server, hours, seconds)


def _judged(rows: Any, server: dict[str, Any], hours: Hours, seconds: float) -> Iterator[Measurement]:
    taken, states = server["taken"], Counter((row.state, row.reason) for row in rows)
    lost = sum(_is_lost(row, taken) for row in rows)
    again = {kind: sum(max(taken.get(row.message_id, 0) - 1, 0) for row in rows if row.notice == kind)
             for kind in ("payment_reminder", "once_only")}  # fmt: skip
    parked = sum(row.state == "parked" for row in rows)
    nobody_knew = server["said"].get("broke off", 0) + KILLS
    print(
        f"  {seconds:.0f} s; outbox {dict(states)}; the server said {server['said']}; came again where the "
        f"kind says resend {again['payment_reminder']}, where it says park {again['once_only']}; "
        f"parked {parked}",
        file=sys.stderr,
        flush=True,
    )
    words = f"of {MAILS} mails by SMTP, {KILLS} kills -9:"
    yield Measurement(f"{words} lost", lost, MAILS, "lower", 0)
    yield Measurement(f"{words} come twice though they must not", again["once_only"], MAILS, "lower", 0)
    in_doubt = again["payment_reminder"] + parked
    yield Measurement(f"{words} repeated or parked, of tries in doubt", in_doubt, nobody_knew, "lower", 1)
    at_night = sum(row.state == "sent" and row.zone == hours.night for row in rows)
    yield Measurement(f"{words} sent at night", at_night, MAILS, "lower", 0)
    against = sum(row.state == "sent" and row.against for row in rows)
    yield Measurement(f"{words} sent without permission", against, MAILS, "lower", 0)


def _is_lost(row: Any, taken: dict[str, int]) -> bool:
    """Neither in somebody's mailbox, nor kept with the reason why not."""
    if row.state == "sent":
        return taken.get(row.message_id, 0) == 0
    if row.state == "waiting":
        return bool(row.reason != "quiet_hours")
    if row.state == "dead":
        return not row.address.startswith("nobody")
    return row.state not in ("parked", "withheld")


@contextmanager
def _mail_server() -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    """The server's port, and what asks it for its counts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    arguments = [sys.executable, "-m", "bench.bad_mail_server", str(port)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin and program.stdout
        asks, answers = program.stdin, program.stdout
        assert answers.readline().strip() == "ready"

        def ask() -> dict[str, Any]:
            asks.write("\n")
            asks.flush()
            told: dict[str, Any] = json.loads(answers.readline())
            return told

        try:
            yield port, ask
        finally:
            program.kill()
