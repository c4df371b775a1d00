"""Whoever is merged with whomever in a whole utility, taken back every table is as it was, to the byte."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from utility_crm.kit.database import Base
from utility_crm.quality.finding import find_duplicates
from utility_crm.quality.merging import merge_customers, undo_merge
from utility_crm.quality.references import OWN, references

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(demo_engine: Engine) -> Iterator[Connection]:
    with demo_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def house(demo: Connection) -> Iterator[Session]:
    with Session(demo, join_transaction_mode="create_savepoint") as session:
        yield session
        session.rollback()


def tables() -> list[str]:
    """All but what merges write down, and the audit log, which keeps both."""
    apart = OWN | {"audit_log"}
    return [table.name for table in Base.metadata.sorted_tables if table.name not in apart]


def fingerprints(session: Session, names: list[str]) -> dict[str, str]:
    return {
        name: session.execute(
            text(f"select md5(coalesce(string_agg(t::text, chr(10) order by t::text), '')) from \"{name}\" t")
        ).scalar_one()
        for name in names
    }


def test_every_column_that_names_a_customer_is_moved_or_said_to_be_recomputed() -> None:
    known = {(one.table, one.column) for one in references()}
    assert {("accounts", "payer_id"), ("relations", "other_id"), ("customers", "merged_into_id")} <= known
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if any(one.target_fullname == "customers.id" for one in column.foreign_keys):
                apart = table.name in OWN or table.info.get("recomputed")
                assert ((table.name, column.name) in known) is not bool(apart)


def test_merged_and_taken_back_nothing_is_another(house: Session) -> None:
    holds = "exists (select from accounts a where a.customer_id = c.id)"
    free = "not exists (select from privacy_requests q where q.customer_id = c.id and q.kind = 'erasure')"
    found = text(f"select c.id from customers c where kind = 'person' and {holds} and {free} order by 1")
    people = list(house.scalars(found))
    before = fingerprints(house, tables())
    chance = random.Random(7)
    ahead = [tuple(chance.sample(people, 2)) for _ in range(6)]
    for keep, gone in ahead:
        done = merge_customers(house, keep, gone, None, NOW)
        assert done.moved["accounts"] >= 2
        find_duplicates(house, NOW)  # what runs in between has no part in it
        undo_merge(house, done.id, None, NOW)
    after = fingerprints(house, tables())
    assert [name for name in before if before[name] != after[name]] == []


def test_three_made_one_come_apart_in_the_other_order(house: Session) -> None:
    first, second, third = house.scalars(
        text("select id from customers where kind = 'person' order by id limit 3")
    )
    before = fingerprints(house, tables())
    one = merge_customers(house, second, third, None, NOW)
    two = merge_customers(house, first, second, None, NOW)
    changed = fingerprints(house, tables())
    assert {"accounts", "customers", "customer_words"} <= {n for n in before if before[n] != changed[n]}
    undo_merge(house, two.id, None, NOW)
    undo_merge(house, one.id, None, NOW)
    after = fingerprints(house, tables())
    assert [name for name in before if before[name] != after[name]] == []
