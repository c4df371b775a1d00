"""Servers of these tests' own, in folders that the user PostgreSQL runs as may enter."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from utility_crm.kit.database import make_engine
from utility_crm.kit.embedded_server import EmbeddedServer


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A short-named folder; pytest's own are closed to others and deep."""
    folder = Path(tempfile.mkdtemp(prefix="ucrm-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def home(open_folder: Path) -> Iterator[Path]:
    """A home with blanks and a quote in its name, whose server is stopped afterwards."""
    folder = open_folder / "a home's own"
    yield folder
    EmbeddedServer(folder, fast=True).discard()


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits for something another process does."""

    def wait(condition: Callable[[], object], seconds: float = 120.0) -> None:
        give_up_at = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up_at, "it did not happen in time"
            time.sleep(0.02)

    return wait


@pytest.fixture
def committing(fresh_database_url: str) -> Iterator[Engine]:
    """An engine on a database of this test's own, with a table for the clock's ticks."""
    engine = make_engine(fresh_database_url, pool_size=10)
    with engine.begin() as connection:
        connection.execute(text("create table ticks (pid int not null, at timestamptz not null)"))
    yield engine
    engine.dispose()
