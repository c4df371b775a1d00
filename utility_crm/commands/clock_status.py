"""`utility-crm clock --status`: who leads, and how the jobs stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from utility_crm.jobs.queries import Board, Clock, JobLine, board
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import emit
from utility_crm.kit.module import Job
from utility_crm.kit.said import in_words
from utility_crm.kit.settings import settings


def tell_status(engine: Engine, jobs: Sequence[Job], as_json: bool) -> None:
    """Print it: as one document, or a line a job."""
    with Session(engine) as session:
        found = board(session, jobs, settings().timezone, utc_now())
    emit(_document(found), as_json, lambda: "\n".join(_words(found)))


def _document(found: Board) -> dict[str, Any]:
    return {
        "leader": _clock(found.leader) if found.leader is not None else None,
        "waiting": [_clock(one) for one in found.waiting],
        "jobs": [_job(one) for one in found.jobs],
    }


def _clock(one: Clock) -> dict[str, Any]:
    return {
        "host": one.host,
        "pid": one.pid,
        "leads_since": _stamp(one.leads_since),
        "silent_seconds": round(one.silent.total_seconds(), 1),
    }


def _job(one: JobLine) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "state": one.state,
        "every_seconds": one.plan.seconds,
        "daily_at": one.plan.at.strftime("%H:%M") if one.plan.at is not None else None,
        "started_at": _stamp(one.standing.started_at),
        "finished_at": _stamp(one.standing.finished_at),
        "seconds": None if one.took is None else round(one.took.total_seconds(), 3),
        "result": in_words(one.result),
        "error": one.error,
        "failures": one.standing.failures,
        "failing_since": _stamp(one.failing_since),
        "next_at": _stamp(one.next_at),
        "paused_at": _stamp(one.standing.paused_at),
        "paused_by": one.paused_by,
        "paused_because": one.paused_because or None,
    }


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _words(found: Board) -> list[str]:
    leader = found.leader
    first = (
        f"{leader.host}, process {leader.pid}, leads; {len(found.waiting)} more would take over."
        if leader is not None
        else "No clock leads: no job runs."
    )
    lines = (f"{one.state:<8} {one.name:<32} {one.error or in_words(one.result)}" for one in found.jobs)
    return [first, *lines]
