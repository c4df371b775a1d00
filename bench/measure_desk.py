"""The customer page under load, in a demo utility of simulated customers: twenty agents who each open another
customer's page every three seconds, alone and while bills are run on the same machine; and pages asked for
back to back, against a page with the same sign-in and layout that runs `SELECT 1`.

The bill run works in a database beside, on the same server, by a process of its own, over and over until the
agents are done. Every page passes over the network and is read to its last byte.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import cycle, islice

from sqlalchemy import Engine, text

from bench.agents import Desk, opened, served
from bench.bill_base import bill_base
from bench.databases import migrated_database
from bench.demo_house import demo_house
from bench.measurement import Measurement
from utility_crm.installed import load_tables
from utility_crm.kit.clock import today_in
from utility_crm.kit.database import make_engine
from utility_crm.kit.migrations import migrate

CUSTOMERS = int(os.environ.get("CUSTOMERS", 600))
ACCOUNTS = int(os.environ.get("BILLED", 3_000))
AGENTS, EVERY_SECONDS, SECONDS = 20, 3, 30
CLIENTS, ROUNDS, ROUND_SECONDS = 4, 5, 4.0
BUDGET_MS, TWICE, A_QUARTER = 100.0, 2.0, 0.25


def measurements() -> Iterator[Measurement]:
    """Milliseconds a page, and pages a second."""
    load_tables()
    with migrated_database() as engine:
        today = today_in("Europe/London")
        agent = demo_house(engine, CUSTOMERS, today)
        with engine.connect() as connection:
            ids = connection.scalars(text("select id from customers order by number")).all()
        paths = [f"/customers/{one}" for one in ids]
        random.Random(6).shuffle(paths)
        with served(engine, agent.login, agent.password, program="bench.served_house") as desk:
            yield from _agents(engine, desk, paths)
            yield _back_to_back(desk, paths)


def _agents(engine: Engine, desk: Desk, paths: Sequence[str]) -> Iterator[Measurement]:
    def worst() -> float:
        found = opened(desk, paths, agents=AGENTS, every_seconds=EVERY_SECONDS, seconds=SECONDS)
        print(f"  {len(found)} pages: median {statistics.median(found):.1f} ms", file=sys.stderr, flush=True)
        return statistics.quantiles(found, n=20)[-1]

    opened(desk, paths, agents=AGENTS, every_seconds=EVERY_SECONDS, seconds=EVERY_SECONDS)  # warms up
    alone = worst()
    who = f"customer page, {AGENTS} agents, one every {EVERY_SECONDS} s"
    yield Measurement(f"{who}, ms, to its budget: 95th percentile", alone, BUDGET_MS, "lower", 1.0)
    with _bills_being_run(engine):
        meanwhile = worst()
    name = f"{who}, ms, during a bill run to alone: 95th percentile"
    yield Measurement(name, meanwhile, alone, "lower", TWICE)


@contextmanager
def _bills_being_run(engine: Engine) -> Iterator[None]:
    """Bills of a month, drafted again and again by another process."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("create database billed"))
    beside = make_engine(engine.url.set(database="billed").render_as_string(hide_password=False))
    migrate(beside)
    bill_base(beside, ACCOUNTS)
    url = beside.url.render_as_string(hide_password=False)
    beside.dispose()
    command = [sys.executable, "-m", "bench.bills_over_and_over", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline() == b"running\n"
        try:
            yield
            assert child.poll() is None, "the bill run ended before the agents did"
        finally:
            child.terminate()


def _back_to_back(desk: Desk, paths: Sequence[str]) -> Measurement:
    """Pages a second, the two in turns."""
    customers, ones = [], []
    for turn in range(ROUNDS + 1):
        customer, one = _pages_a_second(desk, paths), _pages_a_second(desk, ["/one"])
        if turn:  # the first is a rehearsal
            customers.append(customer)
            ones.append(one)
    name = "customer page, back to back, pages a second, to a page of SELECT 1"
    return Measurement(name, statistics.median(customers), statistics.median(ones), "higher", A_QUARTER)


def _pages_a_second(desk: Desk, paths: Sequence[str]) -> float:
    began = time.perf_counter()
    ends = began + ROUND_SECONDS

    def client(place: int) -> int:
        connection = HTTPConnection("127.0.0.1", desk.port, timeout=60)
        asked = 0
        for path in islice(cycle(paths), place, None, CLIENTS):
            if time.perf_counter() >= ends:
                break
            connection.request("GET", path, headers={"Cookie": desk.cookie})
            answer = connection.getresponse()
            page = answer.read()
            assert answer.status == 200 and b"</html>" in page, path
            asked += 1
        connection.close()
        return asked

    with ThreadPoolExecutor(CLIENTS) as clients:
        asked = sum(clients.map(client, range(CLIENTS)))
    return asked / (time.perf_counter() - began)
