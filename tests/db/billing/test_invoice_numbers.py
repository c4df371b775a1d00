"""Numbers of documents: no gap and none twice, whoever asks at once and whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from billing_world import NOW, World, flat
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import billing.runs
from billing.actions.issuing import issue_cycle
from billing.cycles import Month
from billing.invoices import next_number, next_numbers, number_gaps
from billing.runs import issue_bills
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.migrations import migrate
from utility_crm.kit.settings import settings

TODAY = date(2026, 11, 3)
_KILLED = """
import os, signal, sys
from datetime import date, datetime, UTC
import billing.runs
from utility_crm.app import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
load_tables()
billing.runs.CHUNK = 2
store, done = billing.actions.issuing.store_bills, []
def dies(*given):
    found = store(*given)
    done.append(1)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
billing.actions.issuing.store_bills = dies
now = datetime.fromisoformat(sys.argv[2])
billing.runs.issue_bills(make_engine(sys.argv[1]), "2026-10", today=date(2026, 11, 3), now=now, known_at=now)
"""


@pytest.fixture
def committed(fresh_database_url: str) -> Iterator[Engine]:
    load_tables()
    engine = make_engine(fresh_database_url, pool_size=4)
    yield engine
    engine.dispose()


def stock(engine: Engine, accounts: int) -> None:
    with unit_of_work(engine) as session:
        world = World(session)
        world.tariff(flat())
        for _ in range(accounts):
            world.even(world.supplied().channel_id, date(2026, 9, 30), 33)


def rows(engine: Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement)))


def test_a_run_killed_inside_a_chunk_and_two_at_once_leave_no_gap(
    committed: Engine, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(committed, 9)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, fresh_database_url, NOW.isoformat()],
        env=dict(os.environ),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert [row[0] for row in rows(committed, "select number from bills order by 1")] == [
        "2026-10-000001",
        "2026-10-000002",
    ]
    monkeypatch.setattr(billing.runs, "CHUNK", 1)
    start = Barrier(2)

    def together(_: int) -> int:
        start.wait()
        return issue_bills(committed, "2026-10", today=TODAY, now=NOW, known_at=NOW).issued

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(together, range(2))) == 7
    wanted = [f"2026-10-{number:06d}" for number in range(1, 10)]
    for table in ("bills", "invoices"):
        assert [row[0] for row in rows(committed, f"select number from {table} order by 1")] == wanted
    with unit_of_work(committed) as session:
        assert number_gaps(session) == ()


def issued(world: World, accounts: int = 3) -> None:
    ids = [world.supplied() for _ in range(accounts)]
    for one in ids:
        world.even(one.channel_id, date(2026, 9, 30), 33)
    issue_cycle(
        world.session, Month(2026, 10), 1, [one.account_id for one in ids],
        issued_on=TODAY, known_at=NOW, now=NOW,
    )  # fmt: skip


def test_net_and_tax_are_the_total_by_rate(world: World, session: Session) -> None:
    issued(world, 1)
    net, tax, gross, taxes = session.execute(
        text("select net_minor, tax_minor, gross_minor, taxes from invoices")
    ).one()
    lines = session.execute(text("select charge, amount_minor, quantity_micro from bill_lines")).all()
    assert gross == sum(line[1] for line in lines) == session.scalar(text("select total_minor from bills"))
    assert tax == sum(line[1] for line in lines if line[0] == "tax") > 0
    assert net == sum(line[1] for line in lines if line[0] != "tax")
    assert taxes == [{"label": "VAT", "rate_ppm": 50_000, "base_micro": net * 10_000, "tax_minor": tax}]


@pytest.mark.parametrize(
    "harm",
    [
        "delete from invoices where sequence = 2",
        "update invoices set sequence = 7 where sequence = 3",
        "update invoices set tax_minor = tax_minor + 1 where sequence = 1",
        "insert into invoices (number, entity, series, period, sequence, follows, customer_id, issued_on, "
        "due_on, currency, net_minor, tax_minor, gross_minor, taxes, addressee) select 'x', entity, series, "
        "period, 5, 4, customer_id, issued_on, due_on, currency, 0, 0, 0, '[]', '{}' from invoices "
        "where sequence = 3",
    ],
)
def test_the_database_itself_allows_no_gap(world: World, session: Session, harm: str) -> None:
    issued(world)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(harm))
    assert number_gaps(session) == ()


def test_a_number_that_became_no_document_is_found(world: World, session: Session) -> None:
    issued(world)
    next_number(session, "bill", date(2026, 10, 31))
    (gap,) = number_gaps(session)
    assert (gap.period, gap.last_number, gap.documents) == ("2026-10", 4, 3)


def test_series_count_for_themselves(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(series: Any, day: date, count: int = 1) -> list[str]:
        return [one.number for one in next_numbers(session, series, day, count)]

    assert taken("credit_note", TODAY, 2) == ["CN-2026-000001", "CN-2026-000002"]
    assert taken("credit_note", TODAY.replace(month=1)) == ["CN-2026-000003"]
    assert taken("credit_note", TODAY.replace(year=2027)) == ["CN-2027-000001"]
    assert taken("invoice", TODAY) == ["INV-2026-000001"]
    assert taken("bill", date(2026, 10, 1)) == ["2026-10-000001"]
    assert taken("bill", date(2026, 10, 1), 0) == []
    monkeypatch.setenv("UTILITY_CRM_SUPPLIER_CODE", "NW")
    settings.cache_clear()
    assert taken("bill", date(2026, 10, 9)) == ["NW-2026-10-000001"]
    monkeypatch.undo()
    settings.cache_clear()
    assert taken("bill", date(2026, 10, 1)) == ["2026-10-000002"]


def test_numbers_from_before_stay_and_are_counted_on(fresh_database_url: str) -> None:
    load_tables()
    engine = make_engine(fresh_database_url)
    stock(engine, 4)
    issue_bills(engine, "2026-10", today=TODAY, now=NOW, known_at=NOW)
    with engine.begin() as connection:  # a hole, as an older version did not forbid it
        connection.execute(text("set local session_replication_role = replica"))  # no trigger minds
        connection.execute(text("delete from invoices"))
        connection.execute(text("delete from bills where number like '%2'"))
    before = rows(engine, "select id, number, total_minor from bills order by id")
    migrate(engine, "0016", down=True)
    migrate(engine)
    assert rows(engine, "select id, number, total_minor from bills order by id") == before
    kept = rows(engine, "select bill_id, number, gross_minor, sequence, follows from invoices order by 1")
    assert [tuple(row[:3]) for row in kept] == [tuple(row) for row in before]
    assert [tuple(row[3:]) for row in kept] == [(1, None), (3, 1), (4, 3)]
    with unit_of_work(engine) as session:
        assert next_number(session, "bill", date(2026, 10, 1)).number == "2026-10-000005"
        session.rollback()
    engine.dispose()
