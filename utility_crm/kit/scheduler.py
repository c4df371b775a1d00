"""The clock: calls every package's jobs at their times, in one process of however many run.

The one that holds a PostgreSQL advisory lock leads; the others ask for it every second. The lock goes with
its connection, so a leader that dies, even by `kill -9`, is followed within a second or two; one that stands
still is put out by the server (`own_connection`). What the leader does is read from the database at each
look: which jobs are due, paused, or wanted now by a person; what is due is handed to APScheduler, whose
workers run it. Nothing is kept in its memory: a job store shared by several processes is not safe
(APScheduler 3, FAQ), one row a job under a lock is.

A job runs in one unit of work, on one connection that also holds a lock of its own. Under that lock it is
asked again whether the job is due. So an old leader that does not know yet that it is none, and its follower,
run a job once for one time, and never beside itself; who loses the connection in the middle has done nothing,
and it is begun again.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Final

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from utility_crm.kit import job_records as records
from utility_crm.kit.clock import utc_now
from utility_crm.kit.due import Plan, next_time, waits_since
from utility_crm.kit.module import Job
from utility_crm.kit.own_connection import LEASE_SECONDS, job_lock, locked, own_connection, unlocked

_log = logging.getLogger(__name__)

LEADER_LOCK: Final = 0x636C6F636B
"""The advisory lock of whoever leads ("clock")."""
AT_ONCE: Final = 2
"""How many jobs run at once."""
CONNECTIONS: Final = AT_ONCE + 2
"""How many connections a clock's engine needs: one to lead, one a job, one to spare."""
_LOOK_SECONDS: Final = 1.0
_SIGN_SECONDS: Final = 1.0
_HUNG_SECONDS: Final = 60.0
_REST_LOOKS: Final = 5
_LOST = (OperationalError, InterfaceError)
Now = Callable[[], datetime]


def run_clock(
    engine: Engine,
    jobs: Sequence[Job],
    stop: Event,
    *,
    alive: Callable[[], None] = lambda: None,
    look_seconds: float = _LOOK_SECONDS,
    zone: str = "UTC",
    now: Now = utc_now,
) -> None:
    """Lead, or wait to, until `stop` is set; running jobs are then waited for. Outlives a lost database.

    `alive` is called every `look_seconds`, leading or waiting. Daily jobs have their times in `zone`. The
    engine needs `CONNECTIONS` connections.
    """
    runner = _Runner(engine, jobs, zone, now)
    try:
        while not stop.is_set():
            alive()
            try:
                with own_connection(engine, lease_seconds=LEASE_SECONDS) as connection:
                    _stand_by(connection, runner, stop, alive, look_seconds)
            except _LOST as error:
                _log.warning("the clock lost the database, and tries again: %s", error.orig)
            stop.wait(look_seconds)
    finally:
        runner.finish()


def run_job(
    engine: Engine,
    job: Job,
    now: datetime,
    *,
    zone: str = "UTC",
    clock_id: int | None = None,
    if_due: bool = False,
    then: Now = utc_now,
) -> bool:
    """Run a job once in one unit of work and keep what came of it; False if it is running already, or with
    `if_due` need not run. `then` tells when it ended.

    An error of the job is kept and logged, not raised.
    """
    plan = plan_of(job, zone)
    with own_connection(engine) as connection:
        if not locked(connection, job_lock(connection, job.name)):
            return False
        before = records.standing(connection, job.name)
        if if_due and waits_since(plan, before, now) is None:
            return False
        later = before.due_at is not None and before.due_at > now
        due_at = before.due_at if later else next_time(plan, before.due_at or now, now)
        assert due_at is not None
        records.begin_run(connection, job, before, due_at, now, clock_id)
        connection.commit()
        _do(connection, job, now, then)
    return True


def plan_of(job: Job, zone: str) -> Plan:
    """When a job runs."""
    return Plan(job.seconds, job.at, zone)


def _do(connection: Connection, job: Job, now: datetime, then: Now) -> None:
    """The job's work and the record that it was done, in one transaction: who is killed in the middle has
    done neither. Of a failure only the record stays. Raises when the connection is lost."""
    try:
        with Session(connection, expire_on_commit=False) as session, session.begin():
            result = job.run(session, now)
            session.flush()
            # by the session's connection: a job that did not touch it has not begun a transaction yet
            records.end_run(session.connection(), job.name, result, None, "", then())
    except Exception as error:  # one job's failure is kept for ops; the others go on
        if connection.invalidated:
            raise  # the job's lock went with it: another may be at it, and nothing is said about that
        _log.exception("job %s failed", job.name)
        words = f"{type(error).__name__}: {error}"
        records.end_run(connection, job.name, "", words, traceback.format_exc(), then())
        connection.commit()


class _Runner:
    """The jobs of one process: which run here, and what is begun next. It outlives the connection that
    leads: what runs when that is lost is finished beside the next leader, under the job's own lock."""

    def __init__(self, engine: Engine, jobs: Sequence[Job], zone: str, now: Now) -> None:
        self.engine, self.zone, self.now = engine, zone, now
        self.jobs = {job.name: job for job in jobs}
        self.plans = {job.name: plan_of(job, zone) for job in jobs}
        self.clock_id: int | None = None
        self._running: set[str] = set()
        self._resting: dict[str, int] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(AT_ONCE)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._ran, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        self._scheduler.start()

    def look(self, connection: Connection) -> None:
        """Begin what has waited longest, as many as may run at once; what a person wants comes first."""
        self._resting = {name: looks - 1 for name, looks in list(self._resting.items()) if looks > 1}
        here = self.busy()
        busy = here | self._resting.keys()
        found, now = records.standings(connection), self.now()
        connection.commit()
        waiting = [
            (found[name].asked_at is None, since, name)
            for name, plan in self.plans.items()
            if name in found and name not in busy
            if (since := waits_since(plan, found[name], now)) is not None
        ]
        for _, _, name in sorted(waiting)[: AT_ONCE - len(here)]:
            self._running.add(name)
            self._scheduler.add_job(self._run, args=(self.jobs[name],), id=name, replace_existing=True)

    def busy(self) -> set[str]:
        """The jobs that run here."""
        return set(self._running)

    def _ran(self, event: JobExecutionEvent) -> None:
        """One that another process holds rests for some looks, so that it keeps no other job from its
        place."""
        if not event.retval:
            self._resting[event.job_id] = _REST_LOOKS
        self._running.discard(event.job_id)

    def _run(self, job: Job) -> bool:
        try:
            run = partial(run_job, zone=self.zone, clock_id=self.clock_id, if_due=True, then=self.now)
            return run(self.engine, job, self.now())
        except _LOST as error:
            _log.warning("job %s lost the database and has done nothing: %s", job.name, error.orig)
            return False
        except Exception:
            _log.exception("job %s could not be run", job.name)
            return False

    def finish(self) -> None:
        """Wait for what runs."""
        self._scheduler.shutdown(wait=True)


def _stand_by(
    connection: Connection, runner: _Runner, stop: Event, alive: Callable[[], None], look_seconds: float
) -> None:
    """Wait for the lead, then lead, until `stop` is set. Raises when the connection is lost."""
    leads, sign_at = False, 0.0
    if runner.clock_id is None:
        runner.clock_id = records.announce(connection)
        connection.commit()
    me = runner.clock_id
    while not stop.is_set():
        alive()
        if not leads and locked(connection, LEADER_LOCK):
            leads = True
            _log.info("this clock leads")
            records.take_the_lead(connection, me)
            records.settle_times(connection, runner.plans, runner.now())
            connection.commit()
        if leads:
            runner.look(connection)
        if time.monotonic() >= sign_at:
            _give_a_sign(connection, me, leads)
            sign_at = time.monotonic() + _SIGN_SECONDS
        stop.wait(look_seconds)
    # Somebody else may lead at once; what runs here goes on, and gives signs until it is done.
    if leads:
        unlocked(connection, LEADER_LOCK)
    while runner.busy():
        alive()
        _give_a_sign(connection, me, False)
        time.sleep(look_seconds)
    records.leave(connection, me)
    connection.commit()


def _give_a_sign(connection: Connection, me: int, leads: bool) -> None:
    records.seen(connection, me, leads=leads)
    connection.commit()
    if leads:
        for name in records.end_hung(connection, me, _HUNG_SECONDS):
            _log.warning("job %s hung with its clock and was ended", name)
        connection.commit()
