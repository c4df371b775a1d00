"""A bill run is killed (`kill -9`) at any moment and begun again; two run at once: nothing shows of it.

`python -m bench killed_bill_run` does the same with more accounts and fifty kills.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, make_url

from bench.bill_base import bill_base
from bench.killed_runs import Books, Runner, books, clean_run, cloned, compared, killed_runs
from utility_crm.kit.database import make_engine

ACCOUNTS, CHUNK, KILLS = 36, 3, 6


@pytest.fixture
def base(fresh_database_url: str) -> str:
    """Of a database to clone; nobody is connected to it."""
    engine = make_engine(fresh_database_url)
    bill_base(engine, ACCOUNTS)
    engine.dispose()
    return fresh_database_url


@pytest.fixture
def admin(base: str) -> Iterator[Engine]:
    engine = make_engine(_named(base, "postgres"), isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _books(url: str) -> Books:
    engine = make_engine(url)
    found = books(engine)
    engine.dispose()
    return found


def test_killed_at_random_moments_and_begun_again_and_two_at_once(base: str, admin: Engine) -> None:
    template = str(make_url(base).database)
    here, there = f"{template}_one", f"{template}_other"
    with cloned(admin, template, here):
        seconds = clean_run(_named(base, here), CHUNK)
        clean = _books(_named(base, here))
    assert clean.gapless and clean.count >= ACCOUNTS - 1
    chance, kills = random.Random(6), 0
    with cloned(admin, template, here):
        for _ in killed_runs(_named(base, here), CHUNK, KILLS, seconds, chance):
            kills += 1
            half = _books(_named(base, here))
            assert half.gapless and half.count <= clean.count
        found = _books(_named(base, here))
    assert kills > 0
    assert (found.bills, found.numbers) == (clean.bills, clean.numbers)
    with cloned(admin, template, there):
        url = _named(base, there)
        with Runner(url, CHUNK) as one, Runner(url, CHUNK) as other:
            one.begin(0.5 * seconds)
            other.begin()
            killed = one.wait()
            assert not other.wait()
            assert killed or not one()
        together = _books(url)
    result = compared(clean, together)
    assert (result.lost, result.doubled, result.different) == (0, 0, 0)
    assert together.gapless and together.total_minor == clean.total_minor


def test_what_is_lost_doubled_or_different_is_seen() -> None:
    """The comparison itself: it must be able to fail."""
    two = {"A": (1, 100, "x", 100), "B": (1, 50, "y", 50), "C": (1, 70, "z", 70)}
    clean = Books(two, ("2026-10-000001", "2026-10-000002", "2026-10-000003"))
    spoilt = {"A": (0, 0, "", 0), "B": (2, 100, "yy", 100), "C": (1, 70, "other", 70)}
    result = compared(clean, Books(spoilt, ("2026-10-000001", "2026-10-000003")))
    assert (result.lost, result.doubled, result.different, result.wrong) == (1, 1, 1, 3)
    assert clean.gapless and not Books(spoilt, ("2026-10-000001", "2026-10-000003")).gapless
