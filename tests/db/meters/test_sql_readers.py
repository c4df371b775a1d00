"""A role for SQL reads readings, writes nothing, and sees no customer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from meter_files import JUNE, csv_file
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.sql_readers import READABLE, add_sql_reader, remove_sql_reader
from tests.db.meters.conftest import Take
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused

NAME = f"reader_{os.getpid()}"


@pytest.fixture
def reader(session: Session) -> Iterator[str]:
    """The session acts as the role until the test ends; roles go with the transaction."""
    add_sql_reader(session, NAME)
    yield NAME


def test_it_reads_the_views_and_nothing_else(
    session: Session, take: Take, tmp_path: Path, reader: str
) -> None:
    take(csv_file(tmp_path, "a.csv", ("SP1", JUNE, [1] * 24)), timezone="UTC")
    session.execute(text(f"set local role {reader}"))
    assert session.scalar(text("select count(*) from readings where day = '2024-06-01'")) == 24
    assert session.scalar(text("select sum(micro) from daily_totals")) == 24_000_000
    for table in READABLE:
        session.execute(text(f"select 1 from {table} limit 1"))
    for forbidden in ("select 1 from customers", "select 1 from bills", "update channels set unit = 'm3'"):
        with pytest.raises(Exception, match="permission denied"), session.begin_nested():
            session.execute(text(forbidden))
    session.execute(text("reset role"))


def test_a_name_is_taken_once_and_can_go(session: Session, reader: str) -> None:
    with pytest.raises(Conflict):
        add_sql_reader(session, reader)
    remove_sql_reader(session, reader)
    with pytest.raises(NotFound):
        remove_sql_reader(session, reader)


def test_nobody_else_is_removed(session: Session) -> None:
    owner = session.scalar(text("select current_user"))
    with pytest.raises(Refused):
        remove_sql_reader(session, str(owner))
    with pytest.raises(Refused):
        remove_sql_reader(session, "pg_monitor")


@pytest.mark.parametrize("name", ["", "Grafana", 'x"; drop table bills; --', "a" * 60])
def test_a_name_is_plain(session: Session, name: str) -> None:
    with pytest.raises(Invalid):
        add_sql_reader(session, name)
