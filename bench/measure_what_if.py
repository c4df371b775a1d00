"""The whole base on another tariff, from the database, against copying the same blocks out.

2,000 customers with a year of half-hours, on a rate of three prices, re-rated on another over twelve bills
each: both tariffs are priced, every account is judged. The reference sends the same rows through the same
driver and looks at none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

import numpy as np
from psycopg.sql import SQL, Literal
from sqlalchemy import Engine, text

from bench.databases import migrated_database, seconds_of_both
from bench.measure_rating import three_rates
from bench.measurement import Measurement, side_by_side
from billing.actions.tariffs import import_tariff
from billing.queries.tariffs import tariff_named, tariffs_by_id
from billing.what_if.base import CHUNK, Other, base_what_ifs
from billing.what_if.supplies import base_supplies
from meters.demo.block_copy import copying_blocks
from utility_crm.installed import load_tables
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.driver import driver_cursor

CUSTOMERS = 2_000
TODAY = date(2026, 11, 20)
FIRST, LAST = date(2025, 10, 31), date(2026, 11, 1)

_BASE = """
insert into premises (code, address, timezone)
select 'P' || n, n || ' Row', 'UTC' from generate_series(1, {n}) n;
insert into customers (number, kind, name, segment, since)
select 'C' || n, 'person', 'Customer ' || n, 'household', date '2020-01-01' from generate_series(1, {n}) n;
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
select 'A' || number, id, id, 1, 'USD', '2020-01-01' from customers;
insert into service_points (code, premise_id) select 'SP' || id, id from premises;
insert into channels (service_point_id, name, unit, direction, offset_minutes)
select id, 'import', 'kWh', 'import', 0 from service_points;
insert into agreements (account_id, service_point_id, tariff_id, starts_on)
select a.id, s.id, t.id, '2020-01-01' from tariffs t, service_points s join accounts a on a.id = s.id
where t.code = 'three';
insert into feeds (name, sha256, format, status, received_at) values ('all.csv', '', 'csv', 'ok', now());
select make_block_partitions('{first}', '{last}')
"""
_BARE = SQL(
    "copy (select channel_id, day, micro from blocks where channel_id = any({channels}::bigint[]) "
    "and day between {first} and {last}) to stdout (format binary)"
)


def measurements() -> Iterator[Measurement]:
    """Seconds by the wall, and of this process's and the database server's processor."""
    load_tables()
    with migrated_database() as engine:
        _build(engine)
        with unit_of_work(engine) as session:
            supplies = base_supplies(session, TODAY)
            other = tariff_named(session, "flat")
            tariffs = tariffs_by_id(session, {one.tariff_id for one in supplies})
        assert len(supplies) == CUSTOMERS
        channels = [one.channel_id for one in supplies]

        def ours() -> None:
            asked = [Other(other, supplies, tariffs)]
            (found,) = base_what_ifs(partial(unit_of_work, engine), asked, today=TODAY)
            assert len(found.accounts) == CUSTOMERS and not found.left_out

        seconds = side_by_side(ours, lambda: _bare(engine, channels), worked_so_far=seconds_of_both(engine))
        name = f"{CUSTOMERS:,} customers' year on another tariff, s (%s), to COPY of the blocks"
        yield Measurement(name % "wall", seconds.ours, seconds.reference, "lower", 2.0)
        yield Measurement(name % "CPU", seconds.ours_cpu, seconds.reference_cpu, "lower", 2.0)


def _bare(engine: Engine, channels: list[int]) -> None:
    sent = 0
    for start in range(0, len(channels), CHUNK):
        statement = _BARE.format(
            channels=Literal(channels[start : start + CHUNK]), first=Literal(FIRST), last=Literal(LAST)
        )
        with (
            unit_of_work(engine) as session,
            driver_cursor(session) as cursor,
            cursor.copy(statement) as copy,
        ):
            for message in copy:
                sent += len(message)
    assert sent > len(channels) * ((LAST - FIRST).days + 1) * 48 * 12


def _build(engine: Engine) -> None:
    flat = {
        **three_rates(), "code": "flat", "name": "Flat",
        "versions": [{"starts_on": "2010-01-01", "charges": [
            {"kind": "fixed", "code": "standing", "label": "Standing", "price": "9.00", "per": "month"},
            {"kind": "energy", "code": "energy", "periods": [{"label": "All", "price": "0.21"}]},
            {"kind": "tax", "code": "vat", "label": "VAT", "percent": "5"}]}],
    }  # fmt: skip
    with unit_of_work(engine) as session:
        import_tariff(session, three_rates())
        import_tariff(session, flat)
    given = {"n": CUSTOMERS, "first": FIRST - timedelta(days=1), "last": LAST}
    with engine.begin() as connection:
        for statement in filter(str.strip, _BASE.format(**given).split(";")):
            connection.execute(text(statement))
    _fill(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _fill(engine: Engine) -> None:
    """A year of random half-hours, channel by channel."""
    draw = np.random.default_rng(7)
    days = np.arange(np.datetime64(FIRST - timedelta(days=1)), np.datetime64(LAST + timedelta(days=1)))
    ones = np.ones(days.size, dtype=np.int64)
    with unit_of_work(engine) as session:
        feed = session.scalar(text("select id from feeds"))
        channels = session.scalars(text("select id from channels order by id")).all()
        assert feed is not None
        with driver_cursor(session) as cursor, copying_blocks(cursor.connection) as blocks:
            for channel in channels:
                micro = draw.integers(0, 900, (days.size, 48)) * 1000
                blocks.write(ones * channel, days, micro, ones, ones * feed)
