"""A bill run of a month, against COPYing that month's blocks out and the same bill rows in.

The reference is the least that any run must move: every reading once, in binary, to nowhere, and finished
rows of bills, lines, fills, invoices and ledger into the same tables with their constraints. It rates
nothing, fills no gap, judges nothing, and cannot be repeated. Each turn is made in a database cloned anew,
whose readings have been touched once; both commit. Seconds of processor are those of this process and of the
whole database server.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.bill_base import MONTH, NOW, TODAY, bill_base
from bench.databases import migrated_database, seconds_of_both
from bench.measurement import Measurement
from billing.runs import issue_bills
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.driver import driver_cursor

ACCOUNTS, ROUNDS = 2_000, 5
_BLOCKS = (
    "copy (select * from blocks where day between '2026-10-01' and '2026-10-31') to stdout (format binary)"
)
_OURS = f"(select id from bills where number like '{MONTH}-%')"
_TABLES = {
    "bills": "id",
    "bill_lines": "bill_id",
    "bill_fills": "bill_id",
    "invoices": "bill_id",
    "ledger_entries": "bill_id",
}
_Times = dict[str, list[tuple[float, float]]]


def measurements() -> Iterator[Measurement]:
    """Seconds by the wall and of processor."""
    load_tables()
    with migrated_database() as engine:
        bill_base(engine, ACCOUNTS)
        rows: dict[str, bytes] = {}
        times: _Times = {"ours": [], "reference": []}
        for turn in range(ROUNDS + 1):
            kept: _Times = times if turn else {"ours": [], "reference": []}  # the first is a rehearsal
            with _clone(engine) as clone:
                kept["ours"].append(_timed(clone, lambda: _run(clone)))
                rows = rows or _bill_rows(clone)
            with _clone(engine) as clone:
                kept["reference"].append(_timed(clone, lambda: _copied(clone, rows)))  # noqa: B023
    for place, name in enumerate(("wall", "CPU")):
        ours, reference = (statistics.median(one[place] for one in found) for found in times.values())
        words = f"bill run of {ACCOUNTS:,} accounts, s ({name}), to COPY of its blocks out and rows in"
        yield Measurement(words, ours, reference, "lower", 3.0)


def _timed(engine: Engine, act: Callable[[], None]) -> tuple[float, float]:
    worked_so_far = seconds_of_both(engine)
    started, worked = time.perf_counter(), worked_so_far()
    act()
    return time.perf_counter() - started, worked_so_far() - worked


def _run(engine: Engine) -> None:
    done = issue_bills(engine, MONTH, today=TODAY, now=NOW)
    assert done.issued > 0.98 * ACCOUNTS and done.issued + len(done.held) == ACCOUNTS


def _copied(engine: Engine, rows: dict[str, bytes]) -> None:
    with Session(engine) as session, session.begin(), driver_cursor(session) as cursor:
        with cursor.copy(_BLOCKS) as copy:
            moved = sum(len(piece) for piece in copy)
        assert moved > ACCOUNTS * 31 * 48 * 8
        for table, data in rows.items():
            statement = SQL("copy {} from stdin (format binary)").format(Identifier(table))
            with cursor.copy(statement) as copy:
                copy.write(data)


def _bill_rows(engine: Engine) -> dict[str, bytes]:
    """The rows of the month's bills, as COPY takes them."""
    found: dict[str, bytes] = {}
    with Session(engine) as session, driver_cursor(session) as cursor:
        for table, column in _TABLES.items():
            statement = f"copy (select * from {table} where {column} in {_OURS}) to stdout (format binary)"
            with cursor.copy(statement) as copy:
                found[table] = b"".join(copy)
    return found


@contextmanager
def _clone(engine: Engine) -> Iterator[Engine]:
    """The base once more, gone afterwards. Its readings and bills have been looked at once."""
    engine.dispose()
    admin = make_engine(engine.url.set(database="postgres").render_as_string(hide_password=False))
    clone = make_engine(engine.url.set(database="measured").render_as_string(hide_password=False))
    try:
        with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("drop database if exists measured with (force)"))
            connection.execute(text(f'create database measured template "{engine.url.database}"'))
        with clone.connect() as connection:
            connection.execute(text("select sum(cardinality(micro)) from blocks"))
            connection.execute(text("select count(*) from bills join bill_lines on bill_id = id"))
        yield clone
    finally:
        clone.dispose()
        with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("drop database if exists measured with (force)"))
        admin.dispose()
