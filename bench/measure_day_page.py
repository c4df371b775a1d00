"""Any day's half-hours on the customer page, in a base of 100 meters over three years.

The real application on the embedded server; no peer, but a promise: 50 ms of server time. Days are drawn at
random over the three years, so no page is asked for twice. The base has two kinds of customers: one with a
single meter, and one with a hundred of them, who is the heaviest there is.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from bench.databases import migrated_database
from bench.measurement import Measurement
from meters.completeness import recount
from utility_crm.app import create_app
from utility_crm.auth.actions import add_user
from utility_crm.installed import load_tables
from utility_crm.kit.clock import today_in, utc_now
from utility_crm.kit.database import unit_of_work

METERS, DAYS, PAGES = 100, 3 * 365, 60
BUDGET_MS = 50.0
PASSWORD = "measured and forgotten"

# A hundred households with a meter each, and one customer with another hundred.
_BASE = """
select setseed(0.3);
insert into network_nodes (code, name, kind) values ('A', 'Area', 'area');
insert into premises (code, address, timezone, node_id)
select 'P' || n, n || ' Row', 'Europe/London', (select id from network_nodes)
from generate_series(1, {all}) n;
insert into customers (number, kind, name, segment, since)
select 'C' || n, 'person', 'Who ' || n, 'household', date '2020-01-01' from generate_series(1, {homes}) n
union all select 'C0', 'organisation', 'Measured Estates', 'industry', date '2020-01-01';
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
select 'A' || number, id, id, 1, 'GBP', '2020-01-01' from customers;
insert into occupancies (account_id, premise_id, starts_on)
select a.id, p.id, '2020-01-01' from premises p join accounts a
on a.number = 'AC' || case when substr(p.code, 2)::int <= {homes} then substr(p.code, 2) else '0' end;
insert into service_points (code, premise_id) select 'SP' || lpad(id::text, 4, '0'), id from premises;
insert into channels (service_point_id, name, unit, direction, offset_minutes)
select id, 'import', 'kWh', 'import', 0 from service_points;
insert into feeds (name, sha256, format, status, received_at) values ('all.csv', '', 'csv', 'ok', now());
select make_block_partitions('{first}', '{last}');
insert into blocks (channel_id, day, micro, quality, feed_id)
select c.id, d::date,
       (select array_agg((random() * 900)::bigint * 1000 + 0 * n * c.id) from generate_series(1, 48) n),
       1, (select max(id) from feeds)
from channels c cross join generate_series(date '{first}', date '{last}', interval '1 day') d;
analyze
"""


def measurements() -> Iterator[Measurement]:
    """Milliseconds of server time, of the whole page and of the sheet that htmx swaps."""
    load_tables()
    with migrated_database() as engine:
        today = today_in("Europe/London")
        _build(engine, today)
        client = TestClient(create_app(engine, secret="measured"))
        signed_in = client.post("/sign-in", data={"login": "agent", "password": PASSWORD})
        assert signed_in.status_code == 200
        with engine.connect() as connection:
            one, many = (
                connection.scalar(text("select id from customers where number = :n"), {"n": number})
                for number in ("C7", "C0")
            )
        draw = random.Random(7)
        for who, customer in (("one meter", one), (f"{METERS} meters", many)):
            for what, headers in (("whole page", {}), ("the day alone", {"HX-Request": "true"})):
                found = [
                    _asked(client, customer, today - timedelta(days=draw.randrange(1, DAYS)), headers)
                    for _ in range(PAGES)
                ][10:]
                walls = [visit.wall_ms for visit in found]
                busy = statistics.median(visit.busy_ms for visit in found)
                worst = statistics.quantiles(walls, n=20)[-1]
                print(
                    f"  {who}, {what}: 95th percentile {worst:.1f} ms, own time {busy:.1f} ms",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
                name = f"any day's half-hours, {who}, {what}, ms, to its budget"
                yield Measurement(name, statistics.median(walls), BUDGET_MS, "lower", 1.0)


@dataclass(frozen=True, slots=True)
class _Visit:
    """wall_ms: as the server says itself (Server-Timing). busy_ms: processor time of the web process."""

    wall_ms: float
    busy_ms: float


def _asked(client: TestClient, customer: int | None, day: date, headers: dict[str, str]) -> _Visit:
    busy = time.process_time()
    answer = client.get(f"/customers/{customer}", params={"ask": "day", "day": str(day)}, headers=headers)
    spent = (time.process_time() - busy) * 1000
    assert answer.status_code == 200 and answer.text.count('class="slot"') >= 46
    return _Visit(float(answer.headers["server-timing"].rpartition("dur=")[2]), spent)


def _build(engine: Engine, today: date) -> None:
    first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
    given = {"homes": METERS, "all": 2 * METERS, "first": first, "last": last}
    with engine.begin() as connection:
        for statement in filter(str.strip, _BASE.format(**given).split(";")):
            connection.execute(text(statement))
    with unit_of_work(engine) as session:
        add_user(session, login="agent", name="Agent", role="agent", password=PASSWORD)
        recount(session, today, datetime.combine(today, utc_now().time(), UTC))
