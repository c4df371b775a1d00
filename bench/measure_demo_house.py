"""The customer page within its budget, and notices delivered, in a demo utility of 200 simulated customers.

The page's reference is no peer but a promise: 100 ms of server time. Each customer's page is asked for three
times and the middle one counts, so that the tail is that of heavy pages, not of a busy machine. Then twenty
agents each open another customer's page every three seconds, over the network and as a whole, and every page
counts. The clock has foretold the next bills before, as it does in use.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from threading import Event

from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from bench.agents import opened, served
from bench.databases import migrated_database, seconds_of_both
from bench.demo_house import demo_house
from bench.measurement import Measurement, side_by_side
from notifications.channels.mailbox import Mailbox
from notifications.delivery.worker import Worker, deliver_batch
from notifications.outbox.new_notice import NewNotice
from notifications.outbox.queueing import queue_all
from notifications.types.payment_reminder import payment_reminder
from notifications.writing import Sender
from utility_crm.app import create_app
from utility_crm.demo.staff import SignIn
from utility_crm.installed import load_tables
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.database import unit_of_work

CUSTOMERS, ASKED = 200, 30
AGENTS, EVERY_SECONDS, SECONDS = 20, 3, 30
BUDGET_MS = 100.0
ROUNDS, BATCHES = 4, 3


def measurements() -> Iterator[Measurement]:
    """Milliseconds a page, and notices a second."""
    load_tables()
    with migrated_database() as engine:
        today = today_in("Europe/London")
        agent = demo_house(engine, CUSTOMERS, today)
        yield from _pages(engine, agent)
        yield from _agents(engine, agent)
        yield _notices(engine, today)


def _pages(engine: Engine, agent: SignIn) -> Iterator[Measurement]:
    client = TestClient(create_app(engine, secret="measured"))
    signed_in = client.post("/sign-in", data={"login": agent.login, "password": agent.password})
    assert signed_in.status_code == 200
    with engine.connect() as connection:
        ids = connection.scalars(text("select id from customers order by number")).all()
    asked = ids[:: len(ids) // ASKED][:ASKED]
    _visited(client, asked[0])
    visits = [[_visited(client, one) for _ in range(3)] for one in asked]
    walls = [statistics.median(visit.wall_ms for visit in of_one) for of_one in visits]
    busy = [statistics.median(visit.busy_ms for visit in of_one) for of_one in visits]
    for name, found in (
        ("median", statistics.median(walls)),
        ("95th percentile", statistics.quantiles(walls, n=20)[-1]),
        ("median, web process's own time", statistics.median(busy)),
        ("95th percentile, own time", statistics.quantiles(busy, n=20)[-1]),
    ):
        yield Measurement(f"customer page, ms, to its budget: {name}", found, BUDGET_MS, "lower", 1.0)


def _agents(engine: Engine, agent: SignIn) -> Iterator[Measurement]:
    with engine.connect() as connection:
        ids = connection.scalars(text("select id from customers order by number")).all()
    paths = [f"/customers/{one}" for one in ids]
    random.Random(6).shuffle(paths)
    of_both = seconds_of_both(engine)
    with served(engine, agent.login, agent.password) as desk:
        opened(desk, paths, agents=AGENTS, every_seconds=EVERY_SECONDS, seconds=EVERY_SECONDS)  # warms up
        web, database = desk.cpu_seconds(), of_both() - time.process_time()
        found = opened(desk, paths, agents=AGENTS, every_seconds=EVERY_SECONDS, seconds=SECONDS)
        web, database = desk.cpu_seconds() - web, of_both() - time.process_time() - database
    print(
        f"  {len(found)} pages: median {statistics.median(found):.1f} ms; a page takes "
        f"{1000 * web / len(found):.1f} ms of the web process, {1000 * database / len(found):.1f} ms of the "
        "database's",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    worst = statistics.quantiles(found, n=20)[-1]
    name = f"customer page, {AGENTS} agents, one every {EVERY_SECONDS} s, ms, to its budget: 95th percentile"
    yield Measurement(name, worst, BUDGET_MS, "lower", 1.0)


@dataclass(frozen=True, slots=True)
class _Visit:
    """busy_ms: processor time of this process, without the database's and without waiting for a turn."""

    wall_ms: float
    busy_ms: float


def _visited(client: TestClient, customer: int) -> _Visit:
    started, busy = time.perf_counter(), time.process_time()
    answer = client.get(f"/customers/{customer}")
    visit = _Visit((time.perf_counter() - started) * 1000, (time.process_time() - busy) * 1000)
    assert answer.status_code == 200 and "</html>" in answer.text
    return visit


def _notices(engine: Engine, today: date) -> Measurement:
    """One worker, from the outbox to the mailbox: claimed, permission asked, worded, sent, written down.

    The reference inserts as many finished letters into a table like the mailbox, each committed.
    """
    sender = Sender("Measured Energy", simulated=True)
    worker = Worker(engine, Mailbox(engine), sender, "care@utility.example")
    with engine.begin() as connection:
        connection.execute(text("create table plain (like mailbox including all)"))
        connection.execute(text("truncate outbox, mailbox cascade"))
        who = connection.execute(
            text("select distinct on (payer_id) id, number, payer_id from accounts order by payer_id, id")
        ).all()
    with unit_of_work(engine) as session:
        # Two a customer stay below the day's cap.
        queue_all(session, [_reminder(step, today, *one) for step in (1, 2) for one in who], utc_now())
    letters, numbers = BATCHES * worker.terms.batch, count()

    def ours() -> None:
        assert sum(deliver_batch(worker, Event()).sent for _ in range(BATCHES)) == letters

    insert = text(
        "insert into plain (message_id, recipient, subject, text, html) values (:id, 'a', 's', :t, :h)"
    )

    def plain() -> None:
        for _ in range(letters):
            with engine.begin() as connection:
                connection.execute(insert, {"id": str(next(numbers)), "t": "x" * 600, "h": "x" * 2500})

    seconds = side_by_side(ours, plain, rounds=ROUNDS)
    rates = letters / seconds.ours, letters / seconds.reference
    return Measurement("notices delivered a second, to plain inserts", *rates, "higher", 0.1)


def _reminder(step: int, today: date, account: int, number: str, payer: int) -> NewNotice:
    """Urgent, so that it can be measured at night, too."""
    made = payment_reminder(
        customer_id=payer, account_id=account, account=number, bill=f"B-{account}",
        amount_minor=4512, currency="GBP", due_on=today, step=step,
    )  # fmt: skip
    return replace(made, urgent=True)
