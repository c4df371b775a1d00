"""Fixtures for everyone: one embedded server, a template database named by the migrations' hash, a clone a
worker, and a session whose work is rolled back after each test."""

from __future__ import annotations

import fcntl
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session

from utility_crm.auth import passwords
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine
from utility_crm.kit.embedded_server import EmbeddedServer
from utility_crm.kit.migrations import history_hash, migrate

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
TODAY = date(2026, 11, 20)
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
EXAMPLES = int(os.environ.get("UTILITY_CRM_TEST_EXAMPLES", "0"))
# A busy machine is no fault of the code. Examples are the same each time: a rare one that is found by chance
# would stop whoever changed something else. `make search` draws others.
settings.register_profile("house", deadline=None, derandomize=not EXAMPLES)
settings.load_profile("house")
gc.disable()  # until everything is collected: going through what only grows took a third of the time
sys.dont_write_bytecode = False  # read by pytest for the tests, which it rewrites, and
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # by the hundreds of programs that tests start


def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end: the cyclic collector never goes through them again, and
    goes so seldom that what a test made is mostly gone before it would be counted as old."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if EXAMPLES:
        for item in items:
            test = getattr(item, "obj", None)
            if usual := getattr(test, "_hypothesis_internal_use_settings", None):
                more = settings(usual, max_examples=max(EXAMPLES, usual.max_examples))
                vars(test)["_hypothesis_internal_use_settings"] = more
    _longest_first(items)


def _longest_first(items: list[pytest.Item]) -> None:
    """Of several workers none shall begin what takes minutes when the others are about to end: stories and
    files that drive a browser come first (with --no-loadscope-reorder, which goes by the number of tests)."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        long = {item.path for item in items if item.get_closest_marker("browser")}
        stories = ROOT / "tests" / "stories"
        items.sort(key=lambda item: item.path not in long and not item.path.is_relative_to(stories))


OF_THE_HOUSE = passwords._HASHER
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # nobody guesses these


@pytest.fixture(scope="session")
def hasher() -> PasswordHasher:
    """What hashes passwords outside of tests, where it takes the time it is meant to take."""
    return OF_THE_HOUSE


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project; tests that read it skip where it is absent."""
    folder = Path(os.environ.get("UTILITY_CRM_SHARED", ROOT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip("the real data files are not beside the project")
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer | None]:
    """The embedded server, shared by all workers of one run; None where another database is set for tests."""
    if os.environ.get("UTILITY_CRM_TEST_DATABASE_URL"):
        yield None
        return
    home = Path(tempfile.gettempdir()) / f"utility-crm-tests-{_RUN[:12]}"
    started = EmbeddedServer(home, fast=True).start("postgres")
    yield started
    if started.leave():
        import shutil

        shutil.rmtree(home, ignore_errors=True)


def _address(server: EmbeddedServer | None, database: str) -> str:
    if server is not None:
        return server.url(database)
    url = make_url(os.environ["UTILITY_CRM_TEST_DATABASE_URL"]).set(database=database)
    return url.render_as_string(hide_password=False)


def _kept(
    server: EmbeddedServer | None, name: str, make: Callable[[str], None], of: str = "template1"
) -> str:
    """A database to be cloned, filled once by `make`, which is told its address; whole or not there."""
    lock = Path(tempfile.gettempdir()) / f"utility-crm-{name.partition('_')[0]}-{os.getuid()}.lock"
    with lock.open("w") as held, psycopg.connect(_address(server, "postgres"), autocommit=True) as admin:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not admin.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            admin.execute(f"drop database if exists {name}_new with (force)")
            admin.execute(f"create database {name}_new template {of} strategy file_copy")
            make(_address(server, f"{name}_new"))
            _seal(admin, f"{name}_new")
            admin.execute(f"alter database {name}_new rename to {name}")
    return name


def _migrated(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


def _template(server: EmbeddedServer | None) -> str:
    """The migrated template database, made once for this history."""
    return _kept(server, f"template_{history_hash()}", _migrated)


@contextmanager
def demo_databases(
    server: EmbeddedServer | None, name: str, make: Callable[[Engine], object]
) -> Iterator[Engine]:
    """A clone of a demo utility that is built once a run, by whichever worker needs it first: a dozen
    seconds each time otherwise. `make` builds and commits it."""

    def built(url: str) -> None:
        load_tables()
        engine = make_engine(url)
        make(engine)
        engine.dispose()

    kept = _kept(server, f"{name}_{_RUN[:12]}", built, _template(server))
    for url in _clone(server, name, kept):
        load_tables()
        engine = make_engine(url)
        yield engine
        engine.dispose()
    if server is None:  # ours goes with its server
        with psycopg.connect(_address(server, "postgres"), autocommit=True) as admin:
            admin.execute(f"drop database if exists {kept}")


def _seal(admin: psycopg.Connection[Any], name: str) -> None:
    """Nobody may be inside a template: TimescaleDB's own workers enter every database that lets them."""
    admin.execute(f"alter database {name} allow_connections false")
    inside = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
    while admin.execute(inside, (name,)).fetchone():
        time.sleep(0.05)


def _clone(server: EmbeddedServer | None, name: str, template: str | None = None) -> Iterator[str]:
    """A database of this worker alone: another one may be at a test of the same fixture. Copied as files: by
    way of the log, as PostgreSQL does by itself, it takes twice as long."""
    name = f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    template = template or _template(server)
    with psycopg.connect(_address(server, "postgres"), autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")
        admin.execute(f"create database {name} template {template} strategy file_copy")
        yield _address(server, name)
        admin.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def database_url(server: EmbeddedServer | None) -> Iterator[str]:
    """This worker's own migrated database, empty. Nothing is committed in it: see `fresh_database_url`."""
    yield from _clone(server, "test")


@pytest.fixture
def fresh_database_url(server: EmbeddedServer | None) -> Iterator[str]:
    """A database for one test that commits (0.2 s: keep them few)."""
    yield from _clone(server, "fresh")


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    load_tables()
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def demo_engine(server: EmbeddedServer | None) -> Iterator[Engine]:
    """The demo utility in the size of tests (tests/worlds/demo_world.py). Nothing is committed in it."""
    from demo_world import build_small

    with demo_databases(server, "demo", build_small) as engine:
        yield engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session inside a transaction that is rolled back after the test; its own commits are savepoints."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as opened:
            yield opened
        outer.rollback()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def today() -> date:
    return TODAY
