"""Open findings, locked before anything is decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.validation.runs import Doubted
from meters.findings.documents import from_document
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Open:
    """An open finding, locked."""

    id: int
    rule: str
    severity: str
    channel_id: int
    days: Doubted
    found_at: datetime
    feed_id: int | None


_OPEN = """
select f.id, f.rule, f.severity, f.channel_id, f.detail, f.found_at, f.feed_id, f.state
from findings f where f.id = :id for update
"""
_LOCK = "select id from channels where id = any(:channels) order by id for no key update"
_CHANNELS = "select distinct channel_id from findings where id = any(:ids)"
_DECIDE = """
update findings set state = :state, decided_by = :by, decided_at = :now, reason = :reason,
       decided_feed_id = :feed_id where id = :id
"""


def channels_of(session: Session, ids: Sequence[int]) -> list[int]:
    return list(session.scalars(text(_CHANNELS), {"ids": list(ids)}))


def lock_channels(session: Session, channels: Sequence[int]) -> None:
    """In the order in which ingests lock theirs: whoever judges these days waits, or is waited for."""
    session.execute(text(_LOCK), {"channels": list(channels)})


def opened(session: Session, finding_id: int) -> Open:
    """Raises NotFound, and Conflict for a finding that is decided, or true no more."""
    row = session.execute(text(_OPEN), {"id": finding_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_finding", "There is no finding of this number.", str(finding_id))
    if row.state == "superseded":
        words = mark("The readings have changed since, and nothing is wrong with them now.")
        raise Conflict("superseded", words, str(finding_id))
    if row.state != "open":
        raise Conflict("decided", mark("Somebody has decided this already."), str(finding_id))
    return Open(
        row.id, row.rule, row.severity, row.channel_id, from_document(row.detail), row.found_at, row.feed_id
    )


def decide(
    session: Session,
    finding_id: int,
    state: str,
    user_id: int | None,
    reason: str,
    now: datetime,
    feed_id: int | None = None,
) -> None:
    values = {"id": finding_id, "state": state, "by": user_id, "now": now, "reason": reason}
    session.execute(text(_DECIDE), values | {"feed_id": feed_id})
