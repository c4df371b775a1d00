"""The build itself: the same each time, whole or not at all, never on top of something."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from demo_world import AS_OF, CUSTOMERS, SEED, build_small
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from utility_crm.auth.actions import check_password
from utility_crm.demo.build import Built, build, build_into, built, is_built
from utility_crm.demo.progress import Steps
from utility_crm.installed import modules
from utility_crm.kit.database import make_engine
from utility_crm.kit.errors import Conflict
from utility_crm.kit.module import Module

# Passwords are made anew and secrets sealed anew each time; the clock's stamps on them are its own.
NOT_THE_PLANS = {"users", "webhook_subscriptions", "alembic_version"}

TABLES = text("""
    select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1
""")


def digest(connection: Connection) -> dict[str, str]:
    """A digest of every table's rows as text, in an order of their own."""
    found = {}
    for table in connection.scalars(TABLES):
        if table not in NOT_THE_PLANS:
            rows = connection.scalars(text(f"select t::text from {table} t order by 1"))
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def built_and_undone(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        transaction = connection.begin()
        build_into(connection, modules(), as_of=AS_OF, seed=SEED, customers=20)
        found = digest(connection)
        transaction.rollback()
    return found


def test_the_same_seed_and_date_make_the_same_rows(engine: Engine) -> None:
    """Minutes later, too, and after a build that was undone, which leaves the numbering further on."""
    first = built_and_undone(engine)
    again = built_and_undone(engine)
    assert {table for table in first if first[table] != again[table]} == set()
    assert {
        "blocks",
        "bills",
        "bill_lines",
        "ledger_entries",
        "payments",
        "outbox",
        "mailbox",
    } <= first.keys()
    empty = hashlib.sha256(b"").hexdigest()
    assert sum(value != empty for value in first.values()) > 20


def test_a_build_that_breaks_leaves_nothing_and_the_next_one_stands(fresh_database_url: str) -> None:
    engine = make_engine(fresh_database_url)
    breaks = replace(modules()[-1], demo="db_demo_breaks:build")
    with pytest.raises(ModuleNotFoundError):
        build(engine, (*modules()[:-1], breaks), as_of=AS_OF, seed=SEED, customers=CUSTOMERS, steps=Steps())
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from customers")) == 0
        assert connection.scalar(text("select count(*) from users")) == 0
        assert connection.scalar(text("select count(*) from blocks")) == 0
    assert not is_built(engine)
    sign_ins = build_small(engine)
    assert built(engine) == Built(SEED, AS_OF, CUSTOMERS)
    with Session(engine) as session:
        for who in sign_ins:
            known = check_password(session, who.login, who.password)
            assert known is not None and known.role == who.role
    with pytest.raises(Conflict):
        build_small(engine)
    engine.dispose()


def test_steps_are_told(engine: Engine) -> None:
    steps = Steps()
    with engine.connect() as connection:
        transaction = connection.begin()
        build_into(connection, [Module("none")], as_of=AS_OF, customers=20, steps=steps)
        transaction.rollback()
    assert list(steps.seconds) == ["Plan", "Network, customers"]
