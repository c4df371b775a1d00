"""What runs did, as they counted it, and what became of a hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

STOPPED_AFTER = timedelta(minutes=15)
"""A run that has not been seen for so long was killed; whoever runs the month again goes on where it
stopped."""

_RUNS = text(
    """
    select r.id, r.period, r.draft, r.state, r.started_at, r.seen_at, r.ended_at, u.name, r.due, r.issued,
           r.unchanged, r.held, r.totals, r.known_at
    from bill_runs r left join users u on u.id = r.started_by
    where cast(:id as bigint) is null or r.id = :id
    order by r.id desc limit :limit
    """
)
_DECISIONS = text(
    """
    select d.decision, d.reason, u.name, d.decided_at, d.total_minor
    from hold_decisions d left join users u on u.id = d.decided_by
    where d.held_bill_id = :held order by d.id desc limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class RunDone:
    """A run's row. totals: minor units by currency, of what was issued; of a draft, of what would be.
    known_at: the instant up to which readings counted."""

    id: int
    period: str
    draft: bool
    state: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    started_by: str | None
    due: int
    issued: int
    unchanged: int
    held: int
    totals: Mapping[str, int]
    known_at: datetime

    def state_at(self, now: datetime) -> str:
        """running, stopped (killed, or its machine gone), done or failed."""
        gone = self.state == "running" and now - self.seen_at > STOPPED_AFTER
        return "stopped" if gone else self.state


@dataclass(frozen=True, slots=True)
class Decision:
    """released, kept or lapsed, by whom and why; a run lets a release lapse, and is nobody."""

    decision: str
    reason: str
    by: str | None
    at: datetime
    total_minor: int | None


def runs_done(session: Session, limit: int = 12) -> tuple[RunDone, ...]:
    """The newest first."""
    return tuple(RunDone(*row) for row in session.execute(_RUNS, {"id": None, "limit": limit}))


def run_done(session: Session, run_id: int) -> RunDone:
    """One of them. Raises NotFound."""
    row = session.execute(_RUNS, {"id": run_id, "limit": 1}).one_or_none()
    if row is None:
        raise NotFound("run", mark("There is no such run."))
    return RunDone(*tuple(row))


def decisions_of(session: Session, held_id: int, limit: int = 20) -> tuple[Decision, ...]:
    """What was decided about a hold, the newest first."""
    return tuple(Decision(*row) for row in session.execute(_DECISIONS, {"held": held_id, "limit": limit}))
