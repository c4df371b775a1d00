"""Counting a segment over 100,000 simulated customers: questions of six facts, to the budget of 300 ms.

Each count is the whole way of the builder's figure: a tree compiled and counted in one statement on a
session of its own. The values asked for are drawn anew each time, and so is which facts a
question is of; each of them has facts of every package, an `or` and a `not`.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, text

from bench.databases import migrated_database
from bench.measurement import Measurement
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work
from utility_crm.segments.domain.tree import read_tree
from utility_crm.segments.offers import offers
from utility_crm.segments.queries import count, look

CUSTOMERS = int(os.environ.get("CUSTOMERS", 100_000))
ASKED = int(os.environ.get("ASKED", 120))
BUDGET_MS = 300.0
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
_BASE = """
insert into network_nodes (code, name, kind) select 'A' || n, 'Area ' || n, 'area'
from generate_series(1, 12) n;
insert into network_nodes (code, name, kind, parent_id)
select a.code || 'F' || n, a.name || '/' || n, 'feeder', a.id
from network_nodes a cross join generate_series(1, 20) n;
insert into customers (number, kind, name, segment, since, tags)
select 'C' || n, 'person', 'Customer ' || n, case when n % 6 = 0 then 'small_business' else 'household' end,
       date '2010-01-01' + n % 5000, cast(case when n % 40 = 0 then '{staff}' else '{}' end as text[])
from generate_series(1, :n) n;
insert into premises (code, address, city, timezone, node_id)
select 'P' || n, n || ' Street', 'City ' || n % 40, 'Europe/London', f.id from generate_series(1, :n) n
join (select id, row_number() over (order by id) as at from network_nodes where kind = 'feeder') f
on f.at = 1 + (n * 7919 % 240);
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on, payment_method)
select 41000000 + id, id, id, 1 + id % 28, 'GBP', '2015-01-01',
       (array['card', 'transfer', 'direct_debit'])[1 + id % 3] from customers;
insert into occupancies (account_id, premise_id, starts_on)
select a.id, p.id, '2015-01-01' from customers c join accounts a on a.customer_id = c.id
join premises p on p.code = 'P' || substr(c.number, 2);
insert into service_points (code, premise_id) select 'S' || id, id from premises;
insert into tariffs (code, name, currency, document)
select 'T' || n, 'Tariff ' || n, 'GBP', '{}' from generate_series(1, 5) n;
insert into agreements (account_id, service_point_id, tariff_id, starts_on, ends_before, end_reason,
    term_ends_before)
select o.account_id, s.id, t.id, '2020-01-01', case when o.id % 50 = 0 then date '2026-03-01' end,
       case when o.id % 50 = 0 then 'switched' end,
       case when o.id % 3 = 0 then date '2026-11-20' + cast(o.id * 31 % 700 as int) end
from occupancies o join service_points s on s.premise_id = o.premise_id
join tariffs t on t.code = 'T' || 1 + o.id % 5;
set local session_replication_role = replica;
insert into account_balances (account_id, balance_minor)
select id, id * 7919 % 30000 - 10000 from accounts on conflict (account_id) do nothing;
set local session_replication_role = origin;
insert into fact_values (fact, parameter, customer_id, value, computed_at)
select 'saving_on', 'T' || t, id, id * 104729 % 20000 - 8000, now()
from customers cross join generate_series(1, 5) t;
insert into fact_values (fact, parameter, customer_id, value, computed_at)
select 'yearly_use', '', id, 800 + id * 15485863 % 7000, now() from customers;
insert into consents (customer_id, purpose, channel, granted, at)
select c.id, 'marketing', k.channel, true, '2024-01-01' from customers c
cross join (values ('email', 2), ('sms', 3), ('letter', 2)) k (channel, each) where c.id % k.each = 0;
insert into consents (customer_id, purpose, channel, granted, at)
select customer_id, purpose, channel, false, '2025-01-01' from consents where customer_id % 11 = 0;
insert into contacts (customer_id, at, channel, topic, complaint)
select 1 + n * 7919 % :n, timestamptz '2026-11-20' - n % 700 * interval '1 day', 'call', 'bill', n % 60 = 0
from generate_series(1, :n) n;
insert into churn_models (as_of, parameters, figures) values ('2026-11-20', '{}', '{}');
insert into churn_scores (customer_id, model_id, as_of, score, reasons)
select c.id, m.id, '2026-11-20', (c.id * 7919 % 1000) / 2500.0, '[]'
from customers c cross join churn_models m
"""


def measurements() -> Iterator[Measurement]:
    """Milliseconds of a count."""
    load_tables()
    chance = random.Random(7)
    with migrated_database() as engine:
        began = time.perf_counter()
        _fill(engine)
        print(f"  {CUSTOMERS} customers: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
        found = sorted(_timed(engine, chance, shown=False) for _ in range(ASKED))
        steps = sorted(_timed(engine, chance, shown=True) for _ in range(max(10, ASKED // 6)))
    said = (
        f"median {statistics.median(found):.0f} ms, worst {found[-1]:.0f}; with each condition's own figures"
    )
    print(
        f"  {said} median {statistics.median(steps):.0f}, worst {steps[-1]:.0f}", file=sys.stderr, flush=True
    )
    name = f"segment of {CUSTOMERS}, 6 facts, ms, to its budget: 95th percentile"
    yield Measurement(name, statistics.quantiles(found, n=20)[-1], BUDGET_MS, "lower", 1.0)


def _fill(engine: Engine) -> None:
    with engine.begin() as connection:
        for statement in _BASE.split(";\n"):
            given = {"n": CUSTOMERS} if ":n)" in statement or ":n," in statement else {}
            connection.execute(text(statement), given)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _timed(engine: Engine, chance: random.Random, *, shown: bool) -> float:
    document = _question(chance)
    began = time.perf_counter()
    with unit_of_work(engine) as session:
        tree = read_tree(document, offers())
        if shown:
            look(session, tree, NOW)
        else:
            count(session, tree, NOW)
    return 1000 * (time.perf_counter() - began)


def _question(chance: random.Random) -> dict[str, Any]:
    """Six facts: four that have to hold, of which one is turned round, and two of which one is enough."""
    known: list[dict[str, Any]] = [
        {"fact": "customer_kind", "op": "any_of", "values": ["household"]},
        {"fact": "tariff", "op": "any_of", "values": chance.sample(["T1", "T2", "T3", "T4", "T5"], 2)},
        {"fact": "area", "op": "any_of", "values": [f"A{n}" for n in chance.sample(range(1, 13), 6)]},
        {
            "fact": "saving_on",
            "parameter": f"T{chance.randint(1, 5)}",
            "op": "above",
            "values": [chance.randrange(0, 8000)],
        },
        {"fact": "yearly_use", "op": "between", "values": [1000, chance.randrange(3000, 7500)]},
        {"fact": "balance", "op": "at_most", "values": [chance.randrange(0, 15000)]},
        {"fact": "may_be_written_to", "op": "any_of", "values": ["email", "sms"]},
        {"fact": "chance_to_leave", "op": "at_least", "values": [chance.randrange(5, 30)]},
        {"fact": "agreement_ends", "op": "in_next_days", "values": [chance.randrange(30, 400)]},
        {"fact": "contacts_90", "op": "at_most", "values": [chance.randint(0, 2)]},
        {"fact": "open_complaint", "op": "no"},
        {"fact": "tag", "op": "any_of", "values": ["staff"]},
    ]
    one, two, three, turned, first, second = chance.sample(known, 6)
    return {"and": [one, two, three, {"not": turned}, {"or": [first, second]}]}
