"""Bill runs killed with -9 at random points and begun again; what stands in the end, account by account."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from sqlalchemy import Engine, text

from bench.bill_base import MONTH

# Whatever a bill is made of, but for numbers of sequences and instants of the day it was made on.
_BOOKS = text(
    f"""
    select a.number,
           md5(string_agg(row(b.starts_on, b.ends_before, b.total_minor, b.open_minor, b.micro_kwh,
                              b.estimated_readings, l.lines, f.fills, e.entries, i.invoices)::text, ''
                          order by b.starts_on)),
           count(b.id), coalesce(sum(b.total_minor), 0), coalesce(max(w.balance_minor), 0)
    from accounts a
    left join bills b on b.account_id = a.id and b.number like '{MONTH}-%' and b.status = 'issued'
    left join account_balances w on w.account_id = a.id
    left join lateral (select string_agg(row(position, charge, label, starts_on, ends_before, quantity_micro,
                                             price_micro, amount_minor)::text, '' order by position) as lines
                       from bill_lines where bill_id = b.id) l on true
    left join lateral (select string_agg(row(channel_id, starts_at, micro_kwh)::text, '' order by channel_id)
                       as fills from bill_fills where bill_id = b.id) f on true
    left join lateral (select string_agg(row(debit, credit, amount_minor)::text, '' order by debit, credit)
                       as entries from ledger_entries where bill_id = b.id) e on true
    left join lateral (select count(*) as invoices from invoices where bill_id = b.id) i on true
    group by a.id order by a.number
    """
)
_NUMBERS = text(f"select number from bills where number like '{MONTH}-%' order by number")


@dataclass(frozen=True, slots=True)
class Books:
    """bills: by account, how many of the month, their total, a digest of all they are made of, and the
    account's balance. numbers: of the bills, in order."""

    bills: dict[str, tuple[int, int, str, int]]
    numbers: tuple[str, ...]

    @property
    def count(self) -> int:
        return sum(one[0] for one in self.bills.values())

    @property
    def total_minor(self) -> int:
        return sum(one[1] for one in self.bills.values())

    @property
    def gapless(self) -> bool:
        return self.numbers == tuple(f"{MONTH}-{place:06d}" for place in range(1, len(self.numbers) + 1))


def books(engine: Engine) -> Books:
    """The month as it stands."""
    with engine.connect() as connection:
        rows = connection.execute(_BOOKS)
        bills = {row[0]: (row[2], int(row[3]), row[1] or "", int(row[4])) for row in rows}
        return Books(bills, tuple(connection.scalars(_NUMBERS)))


@dataclass(frozen=True, slots=True)
class Compared:
    """One history of kills against a run that nobody disturbed: accounts, by what is wrong with them."""

    lost: int
    doubled: int
    different: int

    @property
    def wrong(self) -> int:
        return self.lost + self.doubled + self.different


def compared(clean: Books, found: Books) -> Compared:
    """Account by account; a bill that stands twice is not also different."""
    lost = doubled = different = 0
    for account, wanted in clean.bills.items():
        mine = found.bills[account]
        lost += mine[0] < wanted[0]
        doubled += mine[0] > wanted[0]
        different += mine[0] == wanted[0] and mine != wanted
    return Compared(lost, doubled, different)


class Runner:
    """`with Runner(url, chunk) as run: run(0.3)` runs the month in a process that is killed after so many
    seconds; `run()` lets it end. `begin` and `wait` are its two halves, for two runners at once."""

    def __init__(self, url: str, chunk: int) -> None:
        program = [sys.executable, "-m", "bench.bill_run_process", url, str(chunk)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=60)

    def begin(self, killed_after: float | None = None) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write("\n" if killed_after is None else f"{killed_after}\n")
        stdin.flush()

    def wait(self) -> bool:
        """Whether it was killed. RuntimeError if it failed by itself."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if said not in ("0", str(-signal.SIGKILL)):
            raise RuntimeError(f"a run ended with {said or 'its process'}")
        return said != "0"

    def __call__(self, killed_after: float | None = None) -> bool:
        self.begin(killed_after)
        return self.wait()


def clean_run(url: str, chunk: int) -> float:
    """A run that nobody disturbs; its seconds."""
    with Runner(url, chunk) as run:
        run(0)  # the process is warm from here on
        begun = time.perf_counter()
        assert not run()
        return time.perf_counter() - begun


def killed_runs(url: str, chunk: int, kills: int, seconds: float, chance: random.Random) -> Iterator[None]:
    """Kill `kills` runs at random moments of the `seconds` that a whole one takes, and let the last one end;
    yields after each kill. A run that ended before it could be killed counts for none, so there may be
    fewer."""
    with Runner(url, chunk) as run:
        for left in range(kills, 0, -1):
            if not run(chance.uniform(0, seconds / left)):
                break
            yield
        assert not run()


@contextmanager
def cloned(admin: Engine, template: str, name: str) -> Iterator[None]:
    """A database of its own, gone afterwards. admin: autocommit, on another database."""
    with admin.connect() as connection:
        connection.execute(text(f'drop database if exists "{name}" with (force)'))
        connection.execute(text(f'create database "{name}" template "{template}"'))
    try:
        yield
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'drop database if exists "{name}" with (force)'))
