"""A base to bill: accounts on three tariffs and two cycle days, with the half-hours of three months."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Engine, text

from bench.measure_rating import three_rates
from billing.actions.tariffs import import_tariff
from billing.runs import issue_bills
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.driver import driver_cursor

MONTH = "2026-10"
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
BEFORE = (("2025-10", date(2025, 11, 20)), ("2026-09", date(2026, 10, 20)))
"""Months billed beforehand, which this month's are held against, and the day each was run. Between the two
nobody took supply."""
_SPANS = ((date(2025, 9, 10), date(2025, 11, 5)), (date(2026, 8, 10), date(2026, 11, 5)))

_PEOPLE = """
insert into premises (code, address, timezone)
select 'P' || n, n || ' Row', 'Europe/London' from generate_series(1, :accounts) n;
insert into customers (number, kind, name, segment, since)
select 'C' || n, 'person', 'Customer ' || n, 'household', '2020-01-01' from generate_series(1, :accounts) n;
insert into accounts (number, customer_id, payer_id, cycle_day, currency, opened_on)
select 'A' || number, id, id, 1 + 14 * (id % 2), 'GBP', '2020-01-01' from customers;
insert into occupancies (account_id, premise_id, starts_on)
select a.id, p.id, '2020-01-01' from accounts a join premises p on 'AC' || substr(p.code, 2) = a.number;
insert into service_points (code, premise_id) select 'SP' || id, id from premises;
insert into channels (service_point_id, name, unit, direction, offset_minutes)
select id, 'import', 'kWh', 'import', 0 from service_points;
insert into agreements (account_id, service_point_id, tariff_id, starts_on, ends_before, end_reason)
select o.account_id, s.id, t.id, span.starts_on, span.ends_before, span.end_reason from occupancies o
join accounts a on a.id = o.account_id
join service_points s on s.premise_id = o.premise_id
join (values (1, date '2025-10-01', date '2025-11-01', 'moved'), (1, '2026-09-01', null, null),
             (15, '2025-09-15', '2025-10-15', 'moved'), (15, '2026-08-15', null, null))
     as span (cycle_day, starts_on, ends_before, end_reason) on span.cycle_day = a.cycle_day
join (select id, row_number() over (order by id) - 1 as place from tariffs) t on t.place = o.account_id % 3;
insert into feeds (name, sha256, format, status, received_at)
values ('all.csv', '', 'csv', 'ok', '2025-01-01Z')
"""


def tariff_documents() -> list[dict[str, Any]]:
    """One price, day and night, and three with a tax; all in GBP and London's time."""
    flat: list[dict[str, Any]] = [{"label": "All hours", "price": "0.24"}]
    night: list[dict[str, Any]] = [
        {"label": "Night", "price": "0.12", "hours": ["00:00-07:00"]},
        {"label": "Day", "price": "0.29", "otherwise": True},
    ]
    three = three_rates()["versions"][0]["charges"][1]["periods"]
    return [_tariff("flat", flat), _tariff("night", night), _tariff("three", three)]


def _tariff(code: str, periods: list[dict[str, Any]]) -> dict[str, Any]:
    standing = {
        "kind": "fixed",
        "code": "standing",
        "label": "Standing charge",
        "price": "0.50",
        "per": "day",
    }
    charges = [
        standing,
        {"kind": "energy", "code": "energy", "periods": periods},
        {"kind": "tax", "code": "vat", "label": "VAT", "percent": "5"},
    ]
    versions = [{"starts_on": "2020-01-01", "charges": charges}]
    return {
        "format": "tariff/1", "code": code, "name": code.title(), "currency": "GBP",
        "timezone": "Europe/London", "versions": versions,
    }  # fmt: skip


def bill_base(engine: Engine, accounts: int, *, seed: int = 7) -> None:
    """Fill a migrated, empty database. One account in 50 lacks two half-hours of the month, one in 200 more
    than a day; the months of BEFORE are billed."""
    with unit_of_work(engine) as session:
        for document in tariff_documents():
            import_tariff(session, document)
        for statement in _PEOPLE.split(";"):
            session.execute(text(statement), {"accounts": accounts})
        chance = np.random.default_rng(seed)
        for first, last in _SPANS:
            session.execute(
                text("select make_block_partitions(:first, :last)"), {"first": first, "last": last}
            )
            days = [first + timedelta(days=number) for number in range((last - first).days)]
            with (
                driver_cursor(session) as cursor,
                cursor.copy(
                    "copy blocks (channel_id, day, micro, quality, feed_id) from stdin (format binary)"
                ) as copy,
            ):
                copy.set_types(["int8", "date", "int8[]", "int2", "int8"])
                for channel in range(1, accounts + 1):
                    used = chance.gamma(1.2, 180_000, (len(days), 48)).astype(np.int64)
                    for day, values in zip(days, used.tolist(), strict=True):
                        copy.write_row((channel, day, _holed(values, channel, day), 1, 1))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("vacuum analyze"))
    for month, today in BEFORE:
        issue_bills(engine, month, today=today, now=NOW)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("vacuum analyze"))


def _holed(values: list[int | None], channel: int, day: date) -> list[int | None]:
    if day == date(2026, 10, 7) and channel % 50 == 0:
        return [*values[:10], None, None, *values[12:]]
    if day.month == 10 and day.day < 4 and day.year == 2026 and channel % 200 == 1:
        return [None] * 48
    return values
