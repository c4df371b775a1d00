"""The clock: calls every package's jobs at their times, in one process of however many run.

The one that holds a PostgreSQL advisory lock leads; its jobs live in the memory of its own scheduler. The
lock goes with the connection, so a leader that dies, even by `kill -9`, is followed within a second or two.
A job runs in one unit of work under a lock of its own: should an old leader still be in it, the new one
leaves it alone. What the clock did is kept in `job_runs`; a new leader reads there when each job is due
again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from utility_crm.kit.clock import utc_now
from utility_crm.kit.module import Job
from utility_crm.kit.tables import JobRun

_log = logging.getLogger(__name__)

LEADER_LOCK: Final = 0x636C6F636B
"""The advisory lock of whoever leads ("clock")."""
_AT_ONCE: Final = 2
_LOOK_SECONDS: Final = 1.0
_LOST = (OperationalError, InterfaceError)


def run_clock(
    engine: Engine,
    jobs: Sequence[Job],
    stop: Event,
    *,
    alive: Callable[[], None] = lambda: None,
    look_seconds: float = _LOOK_SECONDS,
) -> None:
    """Lead, or wait to, until `stop` is set; running jobs are then waited for. Outlives a lost database.

    `alive` is called every `look_seconds`, leading or waiting. The engine needs four connections.
    """
    while not stop.is_set():
        alive()
        try:
            with _own_connection(engine) as connection:
                if _locked(connection, LEADER_LOCK):
                    _lead(engine, connection, jobs, stop, alive, look_seconds)
        except _LOST as error:
            _log.warning("the clock lost the database, and tries again: %s", error.orig)
        stop.wait(look_seconds)


def run_job(engine: Engine, job: Job, now: datetime) -> bool:
    """Run a job once in one unit of work and keep what came of it; False if it is running already.

    An error of the job is kept and logged, not raised.
    """
    with _own_connection(engine) as connection:
        if not _locked(connection, _lock_of(connection, job)):
            return False
        start = {"started_at": now, "finished_at": None, "result": "", "error": None}
        connection.execute(
            insert(JobRun)
            .values(name=job.name, **start)
            .on_conflict_do_update(index_elements=[JobRun.name], set_=start)
        )
        connection.commit()
        result, error = _outcome(connection, job, now)
        connection.execute(
            update(JobRun)
            .where(JobRun.name == job.name)
            .values(finished_at=utc_now(), result=result, error=error)
        )
        connection.commit()
    return True


def _outcome(connection: Connection, job: Job, now: datetime) -> tuple[str, str | None]:
    """The job's own words, and its error if it failed: then nothing of its work stays."""
    try:
        with Session(connection, expire_on_commit=False) as session, session.begin():
            return job.run(session, now), None
    except Exception as error:  # one job's failure is kept for ops; the others go on
        _log.exception("job %s failed", job.name)
        return "", f"{type(error).__name__}: {error}"[:2000]


def _lead(
    engine: Engine,
    connection: Connection,
    jobs: Sequence[Job],
    stop: Event,
    alive: Callable[[], None],
    look_seconds: float,
) -> None:
    """Call the jobs while the lock's connection lives. Raises when it is lost."""
    _log.info("this clock leads")
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(_AT_ONCE)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job, due_at in _due(connection, jobs, utc_now()):
        scheduler.add_job(
            lambda job=job: run_job(engine, job, utc_now()),
            IntervalTrigger(seconds=job.seconds, timezone=UTC),
            id=job.name,
            name=job.name,
            next_run_time=due_at,
        )
    scheduler.start()
    try:
        while not stop.wait(look_seconds):
            alive()
            connection.execute(text("select 1"))
            connection.commit()
    finally:
        scheduler.shutdown(wait=True)


def _due(connection: Connection, jobs: Sequence[Job], now: datetime) -> list[tuple[Job, datetime]]:
    """When each job is due: at once, unless another leader finished it less than its interval ago."""
    runs = {
        row.name: row
        for row in connection.execute(select(JobRun.name, JobRun.started_at, JobRun.finished_at))
    }
    connection.commit()

    def due(job: Job) -> datetime:
        run = runs.get(job.name)
        if run is None or run.finished_at is None:
            return now
        again_at: datetime = run.started_at + timedelta(seconds=job.seconds)
        return max(now, again_at)

    return [(job, due(job)) for job in jobs]


def _own_connection(engine: Engine) -> Connection:
    """A connection that is closed, not pooled, when it is let go: its advisory locks end with it."""
    connection = engine.connect()
    connection.detach()
    return connection


def _locked(connection: Connection, key: int) -> bool:
    held = connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": key})
    connection.commit()
    return bool(held)


def _lock_of(connection: Connection, job: Job) -> int:
    return int(connection.scalar(text("select hashtextextended(:name, 1)"), {"name": f"job {job.name}"}) or 0)
