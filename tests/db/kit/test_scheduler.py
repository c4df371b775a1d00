"""The clock: one leads, each job in a unit of work, and what it did is kept. Its time is in
`test_simulated_time.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.kit.own_connection import locked, own_connection
from utility_crm.kit.said import in_words, said
from utility_crm.kit.scheduler import LEADER_LOCK, run_clock, run_job

PROGRAM = Path(__file__).parent / "programs" / "run_clock.py"
PLACE = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@contextmanager
def clock(engine: Engine, *jobs: Job) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_clock, args=(engine, jobs, stop), kwargs={"look_seconds": 0.05})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(120)
    assert not thread.is_alive()


def tick(session: Session, now: datetime) -> str:
    session.execute(text("insert into ticks values (1, :at)"), {"at": now})
    return "ticked"


def ticks(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(text("select pid from ticks order by at")))


def runs(engine: Engine) -> dict[str, tuple[bool, str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(text("select name, finished_at is not null, result, error from job_runs"))
        return {row[0]: (row[1], row[2], row[3]) for row in rows}


def test_a_job_is_one_unit_of_work_and_its_failure_is_kept(
    committing: Engine, until: Callable[..., None]
) -> None:
    def half_done(session: Session, now: datetime) -> str:
        tick(session, now)
        raise ValueError("the meter is on fire")

    def elsewhere(session: Session, now: datetime) -> str:
        return "all of it in units of work of its own"

    jobs = [
        Job("test.half", 3600, half_done),
        Job("test.whole", 3600, tick),
        Job("test.own", 3600, elsewhere),
    ]
    with clock(committing, *jobs):
        until(lambda: {job.name for job in jobs} <= runs(committing).keys())
        until(lambda: all(done for done, _, _ in runs(committing).values()))
    assert runs(committing) == {
        "test.half": (True, "", "ValueError: the meter is on fire"),
        "test.whole": (True, "ticked", None),
        "test.own": (True, "all of it in units of work of its own", None),
    }
    assert ticks(committing) == [1]


def test_a_result_is_kept_for_every_language(committing: Engine) -> None:
    def counts(session: Session, now: datetime) -> str:
        return said("%(done)s done of %(all)s", done=3, all=7)

    assert run_job(committing, Job("test.counts", 3600, counts), LONG_AGO) is True
    (kept,) = (result for _, result, _ in runs(committing).values())
    assert in_words(kept, {"%(done)s done of %(all)s": "сделано %(done)s из %(all)s"}.__getitem__) == (
        "сделано 3 из 7"
    )


def test_a_new_leader_does_not_repeat_what_is_not_due(committing: Engine, until: Callable[..., None]) -> None:
    now = datetime.now(UTC)
    run_job(committing, Job("test.fresh", 3600, tick), now - timedelta(minutes=59))
    run_job(committing, Job("test.due", 3600, tick), now - timedelta(minutes=61))
    run_job(committing, Job("test.cut_off", 3600, tick), now)
    with committing.begin() as connection:
        connection.execute(text("update job_runs set finished_at = null where name = 'test.cut_off'"))
    jobs = [Job(f"test.{name}", 3600, tick) for name in ("fresh", "due", "cut_off")]
    with clock(committing, *jobs):
        until(lambda: len(ticks(committing)) == 5)
        time.sleep(0.2)
    assert len(ticks(committing)) == 5


def test_a_job_that_runs_is_left_alone(committing: Engine) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(session: Session, now: datetime) -> str:
        begun.set()
        assert go_on.wait(120)
        return tick(session, now)

    first = threading.Thread(target=run_job, args=(committing, Job("test.slow", 1, slow), LONG_AGO))
    first.start()
    assert begun.wait(120)
    assert run_job(committing, Job("test.slow", 1, slow), LONG_AGO) is False
    assert run_job(committing, Job("test.other", 1, tick), LONG_AGO) is True
    go_on.set()
    first.join(120)
    assert run_job(committing, Job("test.slow", 1, slow), LONG_AGO) is True
    assert len(ticks(committing)) == 3


def test_it_outlives_its_connection(committing: Engine, until: Callable[..., None]) -> None:
    with clock(committing, Job("test.tick", 1, tick)):
        until(lambda: ticks(committing))
        with committing.begin() as connection:
            ended = connection.scalars(
                text(
                    "select pg_terminate_backend(pid) from pg_locks "
                    "where locktype = 'advisory' and granted "
                    "and database = (select oid from pg_database where datname = current_database()) "
                    "and (classid::bigint << 32) + objid::bigint = :lock"
                ),
                {"lock": LEADER_LOCK},
            ).all()
        assert ended == [True]
        before = len(ticks(committing))
        until(lambda: len(ticks(committing)) > before)


def test_a_clock_that_stands_still_is_put_out_and_its_job_ended(
    committing: Engine, fresh_database_url: str, until: Callable[..., None]
) -> None:
    """Its connections stand, as the kernel of a stopped process keeps them: only silence tells."""
    clock = subprocess.Popen([sys.executable, str(PROGRAM), fresh_database_url], env=PLACE)
    try:
        until(lambda: ticks(committing))
        os.kill(clock.pid, signal.SIGSTOP)
        with committing.begin() as connection:
            connection.execute(text("update clocks set seen_at = seen_at - interval '2 minutes'"))
        with own_connection(committing) as other:
            until(lambda: locked(other, LEADER_LOCK))
    finally:
        clock.kill()
        clock.wait()


def test_one_leads_and_another_follows_when_it_is_killed(
    committing: Engine, fresh_database_url: str, until: Callable[..., None]
) -> None:
    clocks = [
        subprocess.Popen([sys.executable, str(PROGRAM), fresh_database_url], env=PLACE) for _ in range(3)
    ]
    try:
        followed: list[int] = []
        while len(followed) < 2:
            known = set(followed)
            until(lambda known=known: set(ticks(committing)) - known)  # type: ignore[misc]
            leader = ticks(committing)[-1]
            until(lambda leader=leader: ticks(committing).count(leader) >= 2)  # type: ignore[misc]
            os.kill(leader, signal.SIGKILL)
            followed.append(leader)
        until(lambda: set(ticks(committing)) - set(followed))
    finally:
        for process in clocks:
            process.kill()
            process.wait()
    seen = ticks(committing)
    # each lead is one unbroken stretch: no two ever ticked in turns
    assert [pid for number, pid in enumerate(seen) if number == 0 or seen[number - 1] != pid][:2] == followed
    assert len(set(seen)) == 3
