"""A whole demo utility, and what a test does to it taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session


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
