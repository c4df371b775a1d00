"""Two clocks run, the leader is killed (`kill -9`) or stopped (SIGSTOP, its connections stand): seconds until
the other has run a job. The worst of some rounds counts. Real processes, a job each second.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text

from bench.databases import migrated_database
from bench.measurement import Measurement

BAR_SECONDS, LONGEST_SECONDS = 10.0, 60.0
ROUNDS = 5
ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "bench" / "ticking_clock.py"
_TICKS = text("select pid, extract(epoch from written_at) as at from ticks order by written_at desc limit 1")


def measurements() -> Iterator[Measurement]:
    """The worst takeover after a kill, and after a leader stood still."""
    with migrated_database() as engine:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "create table ticks (pid int not null, written_at timestamptz default clock_timestamp())"
                )
            )
        for words, number in (("kill -9", signal.SIGKILL), ("standing still", signal.SIGSTOP)):
            worst = max(_takeovers(engine, number))
            yield Measurement(
                f"clock: takeover after {words}, worst of {ROUNDS}, s", worst, 1, "lower", BAR_SECONDS
            )


def _takeovers(engine: Engine, number: signal.Signals) -> Iterator[float]:
    url = engine.url.render_as_string(hide_password=False)
    clocks = {one.pid: one for one in (_clock(url), _clock(url))}
    try:
        for _ in range(ROUNDS):
            leader = _ticked_by(engine, set(clocks))
            struck = time.time()
            os.kill(leader, number)
            _ticked_by(engine, set(clocks) - {leader})
            seconds = time.time() - struck
            print(f"  {number.name} {seconds:.2f} s", file=sys.stderr, flush=True)
            yield seconds
            _end(clocks.pop(leader))
            fresh = _clock(url)
            clocks[fresh.pid] = fresh
    finally:
        for one in clocks.values():
            _end(one)


def _ticked_by(engine: Engine, pids: set[int]) -> int:
    """Whose tick was the newest, once it is one of these."""
    until = time.monotonic() + LONGEST_SECONDS
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        begun = time.time()
        while True:
            newest = connection.execute(_TICKS).one_or_none()
            if newest is not None and newest.pid in pids and newest.at >= begun:
                return int(newest.pid)
            assert time.monotonic() < until, "nobody took over"
            time.sleep(0.05)


def _clock(url: str) -> subprocess.Popen[bytes]:
    place = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, str(PROGRAM), url], env=place)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
