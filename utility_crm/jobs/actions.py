"""What people do to jobs. Nothing here runs one: whoever leads the clock reads it in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.web.words import mark

LONGEST_REASON = 300

_ROW = text("insert into job_runs (name) values (:job) on conflict (name) do nothing")
_HELD = text("""
    select run.paused_at, run.asked_at, asking.name as asked_by
    from job_runs as run left join users as asking on asking.id = run.asked_by
    where run.name = :job for update of run
""")
_ASK = text("update job_runs set asked_at = :now, asked_by = :by where name = :job")
_PAUSE = text("""
    update job_runs set paused_at = :now, paused_by = :by, paused_because = :reason where name = :job
""")
_RESUME = text("""
    update job_runs set paused_at = null, paused_by = null, paused_because = '' where name = :job
""")
_NOTE = text("""
    insert into job_events (job, at, kind, by_user, detail) values (:job, :now, :kind, :by, :reason)
""")


def ask_to_run(session: Session, job: str, *, by: int, now: datetime) -> bool:
    """The leader is asked to run the job now, once; a pause does not keep it from that. False: it is asked
    already, and nothing changed."""
    held = _hold(session, job)
    if held.asked_at is not None:
        return False
    given = {"job": job, "by": by, "now": now}
    session.execute(_ASK, given)
    session.execute(_NOTE, {**given, "kind": "asked", "reason": ""})
    return True


def pause(session: Session, job: str, reason: str, *, by: int, now: datetime) -> None:
    """From now on the job does not run by itself. A run under way ends as ever.

    Raises Invalid (no reason, or too long a one), Conflict (it is paused already).
    """
    why = " ".join(reason.split())
    if not why:
        raise Invalid("needed", mark("Say why."), "reason")
    if len(why) > LONGEST_REASON:
        raise Invalid("reason", mark("Say why, in at most %(most)s letters."), "reason", most=LONGEST_REASON)
    if _hold(session, job).paused_at is not None:
        raise Conflict("paused", mark("This job is paused already."))
    given = {"job": job, "by": by, "now": now, "reason": why}
    session.execute(_PAUSE, given)
    session.execute(_NOTE, {**given, "kind": "paused"})


def resume(session: Session, job: str, reason: str, *, by: int, now: datetime) -> None:
    """The job runs by itself again: what it missed meanwhile is caught up by one run. Raises Conflict (it is
    not paused)."""
    if _hold(session, job).paused_at is None:
        raise Conflict("not_paused", mark("This job is not paused."))
    given = {"job": job, "by": by, "now": now, "reason": " ".join(reason.split())[:LONGEST_REASON]}
    session.execute(_RESUME, given)
    session.execute(_NOTE, {**given, "kind": "resumed"})


def _hold(session: Session, job: str) -> Row[Any]:
    session.execute(_ROW, {"job": job})
    return session.execute(_HELD, {"job": job}).one()
