"""Every table of every room and package is a holding, or is said to hold nothing of a customer, and why."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import JSON, Column, LargeBinary, MetaData, Table, Text

from utility_crm.installed import load_tables, personal
from utility_crm.kit.database import Base
from utility_crm.kit.personal import Holding
from utility_crm.privacy.reading import agings, holdings, keepings

PEOPLE = {
    "customers.id",
    "accounts.id",
    "tickets.id",
    "ticket_messages.id",
    "outbox.id",
    "bills.id",
    "calls.id",
}
NAMED_LIKE_ONE = {"customer_id", "account_id", "ticket_id", "person_id"}


def could_hold_a_person(table: Table) -> list[str]:
    """Its columns that name a customer or a thing of theirs, or hold what somebody wrote."""
    found = []
    for column in table.columns:
        names_one = column.name in NAMED_LIKE_ONE or any(
            one.target_fullname in PEOPLE for one in column.foreign_keys
        )
        if names_one or isinstance(column.type, Text | JSON | LargeBinary):
            found.append(column.name)
    return found


def unspoken(metadata: MetaData) -> dict[str, list[str]]:
    spoken = {one.table for _package, one in holdings()}
    spoken |= {table for _package, said in personal() for table in said.apart}
    return {
        name: columns
        for name, table in metadata.tables.items()
        if name not in spoken and (columns := could_hold_a_person(table))
    }


@pytest.fixture(autouse=True)
def whole() -> None:
    load_tables()


def test_every_table_that_could_hold_a_person_is_spoken_for() -> None:
    missing = unspoken(Base.metadata)
    assert not missing, f"say in your package's `personal` what becomes of these: {missing}"


def test_a_new_table_is_noticed() -> None:
    other = MetaData()
    Table("gossip", other, Column("id"), Column("said", Text))
    Table("links", other, Column("customer_id"))
    assert unspoken(other) == {"gossip": ["said"], "links": ["customer_id"]}


def test_what_is_said_names_tables_and_columns_that_are_there() -> None:
    for package, said in personal():
        for table, why in said.apart.items():
            assert table in Base.metadata.tables, f"{package} speaks of {table}"
            assert len(why) > 8
        for one in said.holdings:
            columns = set(Base.metadata.tables[one.table].columns.keys())
            named = {*one.hidden, *one.masked, *one.seals, *one.sweeps, *_columns(one)}
            assert named <= columns, (package, one.table, named - columns)


def _columns(one: Holding) -> set[str]:
    return {name for forget in (one.now, one.then) if not isinstance(forget, str) for name in forget}


def test_whatever_is_sealed_is_emptied_and_kept_for_a_time_that_is_known() -> None:
    kinds = {one.kind for _package, one in keepings()} | {"last", ""}
    for package, one in holdings():
        assert one.kept in kinds, (package, one.table)
        assert not one.seals or (one.kept and set(one.seals) <= _columns(one))
        assert one.now != "stays" or one.kept or one.table in {"audit_log", "ticket_links", "ticket_promises"}


def test_conditions_use_scopes_that_there_are() -> None:
    known = {"customer", "today", "like", "words", *(s.name for _p, said in personal() for s in said.scopes)}
    for package, one in holdings():
        for sql in (one.whose, one.out or "", one.only):
            used = set(re.findall(r"(?<![:\w]):([a-z_]+)", sql))
            assert used <= known, (package, one.table, used - known)


def test_every_aging_names_a_table_a_column_and_a_rule() -> None:
    kinds = [one.kind for _package, one in agings()]
    assert len(set(kinds)) == len(kinds)
    for package, one in agings():
        table = Base.metadata.tables[one.table]
        assert one.by in table.columns, (package, one.kind)
        assert one.source and one.months >= max(one.least, 1)
        assert bool(one.calls) != bool(one.old), (package, one.kind)
