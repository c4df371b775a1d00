"""Completeness of 20,000 channels over 30 days: read from what was counted, against opening every array.

The reference is the statement that pages asked before anything was counted. Beside the ratio the seconds are
told that keeping it up to date takes: a day's files counted, the figures added up, and all of it anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.databases import migrated_database
from bench.measurement import Measurement, side_by_side
from meters.completeness import completeness, late_meters, recount, silent_meters
from meters.completeness.adding import add_up
from meters.completeness.counting import count_feeds
from utility_crm.kit.database import unit_of_work

CHANNELS, DAYS, AREAS = 20_000, 30, 12
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOURS = 12

# One meter in 500 is silent since three days, one day in 100 is missing, another in 100 has a hole, another
# is estimated.
_BASE = f"""
select setseed(0.7);
insert into network_nodes (code, name, kind)
select 'A' || n, 'Area ' || n, 'area' from generate_series(1, {AREAS}) n;
insert into premises (code, address, timezone, node_id)
select 'P' || n, n || ' Row', 'UTC', (select min(id) from network_nodes) + n % {AREAS}
from generate_series(1, {CHANNELS}) n;
insert into customers (number, kind, name, segment, since)
select 'C' || n, 'person', 'Who ' || n, (array['household', 'small_business', 'industry'])[1 + n % 3],
       '2020-01-01' from generate_series(1, {CHANNELS}) n;
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
select 'A' || number, id, id, 1, 'GBP', '2020-01-01' from customers;
insert into occupancies (account_id, premise_id, starts_on)
select a.id, p.id, '2020-01-01' from accounts a join premises p on 'AC' || substr(p.code, 2) = a.number;
insert into service_points (code, premise_id) select 'SP' || id, id from premises;
insert into channels (service_point_id, name, unit, direction, offset_minutes)
select id, 'import', 'kWh', 'import', 0 from service_points;
insert into feeds (name, sha256, format, status, received_at)
select 'all_' || d::date || '.csv', '', 'csv', 'ok', d + interval '28 hours'
from generate_series(timestamptz '2026-11-20Z' - interval '{DAYS} days', '2026-11-19Z', '1 day') d;
select make_block_partitions('2026-09-01', '2026-11-30');
insert into blocks (channel_id, day, micro, quality, feed_id)
select c.id, f.day, case when lot between 0.01 and 0.02
                         then array_fill(250000::bigint, array[40]) || array_fill(null::bigint, array[8])
                         else array_fill(250000::bigint, array[48]) end,
       case when lot between 0.02 and 0.03 then 2 else 1 end, f.id
from channels c
cross join (select id, (received_at - interval '28 hours')::date as day from feeds) f
cross join lateral (select random() + 0 * c.id as lot) l
where lot > 0.01 and not (c.id % 500 = 0 and f.day > '2026-11-16');
analyze;
"""

LIVE = """
with recursive below (node_id, area) as (
    select id, name from network_nodes where parent_id is null
    union all
    select n.id, below.area from network_nodes n join below on n.parent_id = below.node_id
), supplied as (
    select s.id as point_id, coalesce(below.area, '') as area, u.segment,
           greatest(o.starts_on, :first) as starts_on,
           least(coalesce(o.ends_before, :last + 1), :last + 1) as ends_before
    from service_points s
    join premises p on p.id = s.premise_id
    join occupancies o on o.premise_id = p.id
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    left join below on below.node_id = p.node_id
    where o.starts_on <= :last and coalesce(o.ends_before, :last + 1) > :first
), came as materialized (
    select channel_id, day, cardinality(micro) as size,
           case when array_position(micro, null) is null then cardinality(micro)
                else cardinality(micro) - cardinality(array_positions(micro, null)) end as present
    from blocks where day between :first and :last
), owed as (
    select s.*, c.id as channel_id, coalesce(m.size, 48) as size
    from supplied s
    left join channels c on c.service_point_id = s.point_id
    left join (select channel_id, max(size) as size from came group by 1) m on m.channel_id = c.id
), due as (
    select o.*, cast(d.day as date) as day, least(coalesce(came.present, 0), o.size) as present
    from owed o
    cross join lateral generate_series(o.starts_on, o.ends_before - 1, interval '1 day') as d(day)
    left join came on came.channel_id = o.channel_id and came.day = d.day
)
select area, segment, day, sum(size), sum(present), count(distinct point_id) filter (where present < size)
from due group by area, segment, day order by area, segment, day
"""


def measurements() -> Iterator[Measurement]:
    """Milliseconds of the page's figures, to those of a look at every array."""
    with migrated_database() as engine:
        with engine.begin() as connection:
            for statement in filter(str.strip, _BASE.split(";")):
                connection.execute(text(statement))
        _tell("count all anew", engine, lambda session: recount(session, TODAY, NOW))
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("vacuum analyze"))
        _again(engine, "f.id = (select max(id) from feeds)")
        _tell("count a day's file of all channels", engine, _count)
        _again(engine, "f.id = (select max(id) from feeds)", channels=200)
        _tell("count a file of 200 channels", engine, _count)
        _tell("add up 62 days", engine, lambda session: add_up(session, TODAY, NOW))
        days = [TODAY - timedelta(days=back) for back in range(DAYS, 0, -1)]
        _tell("who lacks most, of 30 days", engine, lambda session: late_meters(session, days))
        _tell("silent for 3 days, listed", engine, lambda session: silent_meters(session, TODAY, 3))
        with Session(engine) as session:
            seconds = side_by_side(
                lambda: completeness(session, days),
                lambda: session.execute(text(LIVE), {"first": days[0], "last": days[-1]}).all(),
                rounds=3,
            )
        found = seconds.ours * 1000, seconds.reference * 1000
        yield Measurement("completeness of 20,000 channels x 30 days, ms, to live", *found, "lower", 0.05)


def _count(session: Session) -> int:
    return count_feeds(session, TODAY, NOW, HOURS) or 0


def _again(engine: Engine, which: str, channels: int = CHANNELS) -> None:
    """As if the feed had come just now, with the days of so many channels."""
    with engine.begin() as connection:
        connection.execute(text(f"update feeds f set counted_at = null where {which}"))
        connection.execute(
            text("update blocks set feed_id = 1 where feed_id = (select max(id) from feeds) "
                 "and channel_id > (select min(id) from channels) + :channels"), {"channels": channels}
        )  # fmt: skip


def _tell(what: str, engine: Engine, act: Callable[[Session], object]) -> None:
    with unit_of_work(engine) as session:
        started = time.perf_counter()
        act(session)
        took = time.perf_counter() - started
    print(f"  {what}: {took * 1000:.0f} ms", file=sys.stderr, flush=True)
