"""A whole demo utility, built once a module: it is uncommitted, and whoever writes beside it would wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demo_world import build_small_into
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session


@pytest.fixture(scope="module")
def demo(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        transaction = connection.begin()
        build_small_into(connection)
        yield connection
        transaction.rollback()


@pytest.fixture
def house(demo: Connection) -> Iterator[Session]:
    with Session(demo, join_transaction_mode="create_savepoint") as session:
        yield session
        session.rollback()
