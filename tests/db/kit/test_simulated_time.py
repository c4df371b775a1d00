"""Clocks in simulated time: however many lead in turns, each job has its effect once, at its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from utility_crm.kit import job_records as records
from utility_crm.kit.module import Job
from utility_crm.kit.scheduler import LEADER_LOCK, run_clock, run_job

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Simulated:
    """A clock that a test turns."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def clocks(engine: Engine, now: Simulated, *jobs: Job, count: int = 2) -> Iterator[None]:
    """Several clocks in simulated time."""
    stop = threading.Event()
    given = {"look_seconds": 0.01, "now": now, "zone": "Europe/London"}
    threads = [
        threading.Thread(target=run_clock, args=(engine, jobs, stop), kwargs=given) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


def waiting_at(engine: Engine, at: datetime, jobs: Sequence[Job]) -> int:
    """How many jobs are yet to be run, or to end, at an instant."""
    with engine.connect() as connection:
        done = connection.scalar(
            text("select count(*) from job_runs where due_at > :at and finished_at is not null"), {"at": at}
        )
    return len(jobs) - int(done or 0)


def effect(name: str) -> Callable[[Session, datetime], str]:
    def run(session: Session, now: datetime) -> str:
        session.execute(text("insert into effects values (:name, :now)"), {"name": name, "now": now})
        return "done"

    return run


def effects(engine: Engine, name: str) -> list[datetime]:
    with engine.connect() as connection:
        found = connection.scalars(
            text("select at from effects where job = :name order by at"), {"name": name}
        )
        return list(found)


def end_the_leader(engine: Engine, *, with_its_jobs: bool = False) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted "
                "and database = (select oid from pg_database where datname = current_database()) "
                "and (:jobs or (classid::bigint << 32) + objid::bigint = :lock)"
            ),
            {"lock": LEADER_LOCK, "jobs": with_its_jobs},
        )


@pytest.fixture
def counted(committing: Engine) -> Engine:
    """With a table of effects."""
    with committing.begin() as connection:
        connection.execute(text("create table effects (job text not null, at timestamptz not null)"))
    return committing


def test_two_clocks_for_an_hour_have_every_effect_once(counted: Engine, until: Callable[..., None]) -> None:
    """They lead in turns: the leader's connections are ended every few minutes, in the middle of whatever it
    does, its jobs sometimes with it."""
    begins = datetime(2026, 11, 20, 12, tzinfo=UTC)
    every = {"test.minute": 60, "test.five": 300, "test.quarter": 900, "test.hour": 3600}
    jobs = [Job(name, seconds, effect(name)) for name, seconds in every.items()]
    now = Simulated(begins)
    with clocks(counted, now, *jobs):
        for minute in range(60):
            now.at = begins + timedelta(minutes=minute)
            if minute % 5 == 3:
                end_the_leader(counted, with_its_jobs=minute % 2 == 0)
            until(lambda: waiting_at(counted, now.at, jobs) == 0)
    for name, seconds in every.items():
        assert effects(counted, name) == [begins + timedelta(seconds=at) for at in range(0, 3600, seconds)]


def test_two_who_both_believe_to_lead_run_a_job_once(counted: Engine) -> None:
    job, at = Job("test.once", 60, effect("test.once")), datetime(2026, 11, 20, 12, tzinfo=UTC)
    ran: list[bool] = []
    begin = threading.Barrier(4)

    def believes() -> None:
        for minute in range(5):
            begin.wait(120)
            ran.append(run_job(counted, job, at + timedelta(minutes=minute), if_due=True))

    threads = [threading.Thread(target=believes) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert effects(counted, "test.once") == [at + timedelta(minutes=minute) for minute in range(5)]
    assert (len(ran), sum(ran)) == (20, 5)


def test_a_night_without_a_clock_is_caught_up_once(counted: Engine, until: Callable[..., None]) -> None:
    evening, morning = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 7, 20, tzinfo=UTC)
    jobs = [
        Job("test.minute", 60, effect("test.minute")),
        Job("test.nightly", 86_400, effect("test.nightly"), at=time_of_day(1, 30)),
    ]
    now = Simulated(evening)
    for instant in (evening, morning):  # each time a clock of its own
        now.at = instant
        with clocks(counted, now, *jobs, count=1):
            until(lambda: waiting_at(counted, now.at, jobs) == 0)
            now.at += timedelta(minutes=1)
            until(lambda: waiting_at(counted, now.at, jobs) == 0)
    minute = timedelta(minutes=1)
    assert effects(counted, "test.minute") == [evening, evening + minute, morning, morning + minute]
    # both half past one of that night are over: it runs for them once, and then the night after
    assert effects(counted, "test.nightly") == [evening, morning]
    with counted.connect() as connection:
        due_at = connection.scalar(text("select due_at from job_runs where name = 'test.nightly'"))
    assert due_at == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_paused_jobs_rest_and_failing_ones_harm_no_other(counted: Engine, until: Callable[..., None]) -> None:
    def fails(session: Session, now: datetime) -> str:
        effect("test.fails")(session, now)
        raise ValueError(f"not at {now:%H:%M}")

    begins = datetime(2026, 11, 20, 12, tzinfo=UTC)
    well, failing = Job("test.well", 60, effect("test.well")), Job("test.fails", 60, fails)
    resting = Job("test.rests", 60, effect("test.rests"))
    now = Simulated(begins)
    with clocks(counted, now, well, failing, resting):
        until(lambda: waiting_at(counted, now.at, [well, failing, resting]) == 0)
        change(counted, "paused_at = now(), paused_because = 'wait'")
        for minute in range(1, 4):
            now.at = begins + timedelta(minutes=minute)
            until(lambda: waiting_at(counted, now.at, [well, failing]) == 0)
        assert effects(counted, "test.rests") == [begins]
        change(counted, "asked_at = now()")
        until(lambda: len(effects(counted, "test.rests")) == 2)
        until(lambda: waiting_at(counted, now.at - timedelta(minutes=9), [well, failing, resting]) == 0)
        change(counted, "paused_at = null")
        now.at = begins + timedelta(minutes=4)
        until(lambda: waiting_at(counted, now.at, [well, failing, resting]) == 0)
    minutes = [begins + timedelta(minutes=minute) for minute in range(5)]
    assert effects(counted, "test.well") == minutes
    assert effects(counted, "test.rests") == [minutes[0], minutes[3], minutes[4]]
    assert effects(counted, "test.fails") == []
    with counted.connect() as connection:
        failed = connection.execute(
            text("select error, trace, failures, failing_since from job_runs where name = 'test.fails'")
        ).one()
        told = connection.execute(text("select job, kind, detail from job_events order by id")).all()
    assert (failed.error, failed.failures, failed.failing_since) == ("ValueError: not at 12:04", 5, begins)
    assert "in fails" in failed.trace
    assert [tuple(row) for row in told] == [("test.fails", "failing", "ValueError: not at 12:00")]


def change(engine: Engine, what: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"update job_runs set {what} where name = 'test.rests'"))


def test_a_long_job_does_not_run_beside_itself(counted: Engine, until: Callable[..., None]) -> None:
    """Not even when the leader changes in the middle; and it keeps no other from running."""
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def takes_long(session: Session, now: datetime) -> str:
        begun.release()
        assert go_on.wait(120)
        return effect("test.long")(session, now)

    begins = datetime(2026, 11, 20, 12, tzinfo=UTC)
    long, short = Job("test.long", 60, takes_long), Job("test.short", 60, effect("test.short"))
    now = Simulated(begins)
    with clocks(counted, now, long, short):
        assert begun.acquire(timeout=120)
        for minute in range(1, 4):
            now.at = begins + timedelta(minutes=minute)
            end_the_leader(counted)
            until(lambda: now.at in effects(counted, "test.short"))
        assert not begun.acquire(blocking=False)
        go_on.set()
        until(lambda: waiting_at(counted, now.at, [long, short]) == 0)
    assert effects(counted, "test.long") == [begins, begins + timedelta(minutes=3)]


def test_the_job_of_a_clock_that_hangs_is_ended(counted: Engine, until: Callable[..., None]) -> None:
    """Its transaction and its lock with it, so that the next leader can run it."""
    begun, go_on = threading.Event(), threading.Event()

    def hangs(session: Session, now: datetime) -> str:
        effect("test.hangs")(session, now)
        begun.set()
        assert go_on.wait(120)
        return "never told"

    job = Job("test.hangs", 3600, hangs)
    with counted.begin() as connection:
        hung, other = records.announce(connection), records.announce(connection)
        connection.execute(
            text("update clocks set seen_at = seen_at - interval '2 minutes' where id = :id"), {"id": hung}
        )
    raised: list[BaseException] = []

    def runs() -> None:
        try:
            run_job(counted, job, LONG_AGO, clock_id=hung)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=runs)
    thread.start()
    assert begun.wait(120)
    with counted.begin() as connection:
        assert records.end_hung(connection, hung, 60) == []
        assert records.end_hung(connection, other, 180) == []
        assert records.end_hung(connection, other, 60) == ["test.hangs"]
    go_on.set()
    thread.join(120)
    assert raised and effects(counted, "test.hangs") == []
    job = Job("test.hangs", 3600, effect("test.hangs"))
    until(lambda: run_job(counted, job, LONG_AGO, if_due=True))
    assert effects(counted, "test.hangs") == [LONG_AGO]
    with counted.connect() as connection:
        assert connection.scalars(text("select kind from job_events order by id")).all() == [
            "cut_off",
            "well",
        ]
