"""One small demo utility for all tests of a file; nothing of it is committed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demo_world import build_small_into
from sqlalchemy import Connection, Engine


@pytest.fixture(scope="module")
def demo(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        transaction = connection.begin()
        build_small_into(connection)
        yield connection
        transaction.rollback()
