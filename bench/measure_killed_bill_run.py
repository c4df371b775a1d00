"""A bill run killed with -9 at 50 random points and begun again each time, against one that nobody disturbed.

What is counted is not time but accounts: those whose bill is lost, or there twice, or not to the last line,
fill, ledger entry and balance what the undisturbed run made it. Five runs through the month are killed ten
times each, every time somewhere in what is left of it.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from sqlalchemy import Engine

from bench.bill_base import bill_base
from bench.databases import migrated_database
from bench.killed_runs import Books, books, clean_run, cloned, compared, killed_runs
from bench.measurement import Measurement
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine

ACCOUNTS, CHUNK, KILLS, A_HISTORY = 300, 6, 50, 10


def measurements() -> Iterator[Measurement]:
    """Accounts that are wrong, of all."""
    load_tables()
    with migrated_database() as engine:
        bill_base(engine, ACCOUNTS)
        engine.dispose()
        admin = make_engine(_url(engine, "postgres"), isolation_level="AUTOCOMMIT")
        killed, wrong, billed = 0, 0, 0
        with cloned(admin, str(engine.url.database), "clean"):
            seconds = clean_run(_url(engine, "clean"), CHUNK)
            clean = _books(_url(engine, "clean"))
        assert clean.gapless and clean.count > 0.98 * ACCOUNTS
        chance = random.Random(50)
        while killed < KILLS:
            with cloned(admin, str(engine.url.database), "killed"):
                url = _url(engine, "killed")
                points = sum(
                    1 for _ in killed_runs(url, CHUNK, min(A_HISTORY, KILLS - killed), seconds, chance)
                )
                found = _books(url)
            result = compared(clean, found)
            killed, wrong, billed = killed + points, wrong + result.wrong, billed + ACCOUNTS
            same = found.total_minor == clean.total_minor and found.numbers == clean.numbers
            wrong += not same
            print(
                f"  killed {points} times: {found.count} bills of {clean.count}, {result.lost} lost, "
                f"{result.doubled} doubled, {result.different} different; total {found.total_minor} minor "
                f"units, undisturbed {clean.total_minor}; numbers {'the same' if same else 'NOT the same'}",
                file=sys.stderr,
                flush=True,
            )
        admin.dispose()
    words = (
        f"bill run killed -9 at {killed} random points: accounts lost, doubled or different, of those billed"
    )
    yield Measurement(words, wrong, billed, "lower", 0.0)


def _url(engine: Engine, database: str) -> str:
    return engine.url.set(database=database).render_as_string(hide_password=False)


def _books(url: str) -> Books:
    engine = make_engine(url)
    try:
        return books(engine)
    finally:
        engine.dispose()
