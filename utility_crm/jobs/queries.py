"""How the jobs stand, which clocks run, and what happened: three statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.due import Plan, Standing, due
from utility_crm.kit.module import Job

SILENT_AFTER = timedelta(seconds=10)
"""A clock that gave no sign for so long does not lead any more: another took over, or none is left."""
EVENTS = 50
State = Literal["running", "cut_off", "asked", "paused", "failing", "well", "never"]

_RUNS = text("""
    select run.name, run.due_at, run.started_at, run.finished_at, run.failures, run.paused_at, run.asked_at,
           run.result, run.error, run.trace, run.failing_since, run.paused_because, run.ran_for_at,
           run.clock_id, pausing.name as paused_by, asking.name as asked_by, wanting.name as ran_for_by
    from job_runs as run
    left join users as pausing on pausing.id = run.paused_by
    left join users as asking on asking.id = run.asked_by
    left join users as wanting on wanting.id = run.ran_for_by
""")
_CLOCKS = text("""
    select id, host, pid, started_at, leads_since, clock_timestamp() - seen_at as silent
    from clocks order by leads_since nulls last, id
""")
_EVENTS = text("""
    select event.job, event.at, event.kind, event.detail, event.trace, users.name as by
    from job_events as event left join users on users.id = event.by_user
    where cast(:job as text) = '' or event.job = :job
    order by event.at desc, event.id desc limit :most
""")


@dataclass(frozen=True, slots=True)
class Clock:
    """A process that keeps the time. silent: since its last sign, by the database's own clock."""

    id: int
    host: str
    pid: int
    started_at: datetime
    leads_since: datetime | None
    silent: timedelta

    @property
    def lives(self) -> bool:
        return self.silent < SILENT_AFTER

    @property
    def leads(self) -> bool:
        return self.lives and self.leads_since is not None


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job with its last run, its next and what people decided. next_at: None where it is paused; it may lie
    behind, then it waits for its turn, or for a clock."""

    name: str
    title: str
    plan: Plan
    state: State
    standing: Standing
    next_at: datetime | None
    result: str = ""
    error: str | None = None
    trace: str = ""
    failing_since: datetime | None = None
    paused_because: str = ""
    paused_by: str | None = None
    asked_by: str | None = None
    ran_for_by: str | None = None
    ran_for_at: datetime | None = None

    @property
    def took(self) -> timedelta | None:
        """How long the last run took."""
        begun, ended = self.standing.started_at, self.standing.finished_at
        return ended - begun if begun is not None and ended is not None else None

    @property
    def moves(self) -> bool:
        """It runs or is about to: the page looks again."""
        return self.state in ("running", "asked")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a job: what a person did (`by`), or that it failed."""

    job: str
    at: datetime
    kind: str
    detail: str
    trace: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """All of it."""

    jobs: tuple[JobLine, ...]
    clocks: tuple[Clock, ...]
    events: tuple[Happening, ...]

    @property
    def leader(self) -> Clock | None:
        return next((one for one in self.clocks if one.leads), None)

    @property
    def waiting(self) -> tuple[Clock, ...]:
        """The clocks that would take over."""
        return tuple(one for one in self.clocks if one.lives and not one.leads)

    def of(self, ask: str) -> tuple[JobLine, ...]:
        """The jobs that a question is about."""
        if ask == "failed":
            return tuple(one for one in self.jobs if one.failing_since is not None)
        if ask == "paused":
            return tuple(one for one in self.jobs if one.standing.paused_at is not None)
        return self.jobs


def board(session: Session, jobs: Sequence[Job], zone: str, now: datetime, *, job: str = "") -> Board:
    """The jobs in the order of their next times; events of all, or of one `job`. `now` is the real present:
    the clock knows no other."""
    rows = {row.name: row for row in session.execute(_RUNS)}
    clocks = tuple(Clock(*row) for row in session.execute(_CLOCKS))
    living = {one.id for one in clocks if one.lives}
    lines = [_line(one, rows.get(one.name), living, zone, now) for one in jobs]
    lines.sort(key=lambda line: (line.next_at is None, line.next_at or now, line.name))
    events = session.execute(_EVENTS, {"job": job, "most": EVENTS})
    return Board(tuple(lines), clocks, tuple(Happening(*row) for row in events))


def _line(job: Job, row: Any, living: set[int], zone: str, now: datetime) -> JobLine:
    plan, title = Plan(job.seconds, job.at, zone), job.title or job.name
    if row is None:
        return JobLine(job.name, title, plan, "never", Standing(), now)
    standing = Standing(*row[1:7])
    next_at = None if standing.paused_at is not None else standing.due_at or due(plan, standing, now)
    return JobLine(
        job.name, title, plan, _state(row, standing, living), standing, next_at,
        row.result, row.error, row.trace, row.failing_since, row.paused_because, row.paused_by,
        row.asked_by, row.ran_for_by, row.ran_for_at,
    )  # fmt: skip


def _state(row: Any, standing: Standing, living: set[int]) -> State:
    if standing.unfinished and row.clock_id in living:
        return "running"
    if standing.asked_at is not None:
        return "asked"
    if standing.paused_at is not None:
        return "paused"
    if standing.unfinished:
        return "cut_off"
    if row.failing_since is not None:
        return "failing"
    return "never" if standing.started_at is None else "well"
