"""The way of one notice: what was decided about it, every try, and what was told of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_KEEP = text("""
    insert into notice_events (notice_id, at, kind, reason, detail, by_user)
    values (:notice, :now, :kind, :reason, :detail, :by)
""")
_WAY = text("""
    select at, what, kind, channel, address, reason, detail, who from (
        select begun_at as at, 1 as place, id, 'try' as what, coalesce(outcome, 'open') as kind, channel,
               address, '' as reason, detail, '' as who
        from delivery_attempts where notice_id = :id
        union all
        select event.at, 3, event.id, 'event', event.kind, '', '', coalesce(event.reason, ''), event.detail,
               coalesce(users.name, '')
        from notice_events as event left join users on users.id = event.by_user where event.notice_id = :id
        union all
        select at, 2, id, 'receipt', kind, '', '', '', detail, provider from receipts where notice_id = :id
        union all
        select batch.cut_at, 0, letters.id, 'batch', batch.state, 'letter', letters.address, '',
               letters.batch_id || '-' || letters.position, coalesce(users.name, '')
        from letters join letter_batches as batch on batch.id = letters.batch_id
        left join users on users.id = batch.handed_over_by where letters.notice_id = :id
    ) as step
    order by at, place, id
    limit 500
""")
_JOINED = text("""
    select outbox.id, outbox.notice, outbox.about, outbox.state, outbox.reason
    from outbox where digest_id = :id order by id
""")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened. what: try, event, receipt or batch (of letters); kind: its outcome, decision
    or news; who: the person, or of a receipt the provider."""

    at: datetime
    what: str
    kind: str
    channel: str
    address: str
    reason: str
    detail: str
    who: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A notice that a digest speaks for."""

    id: int
    notice: str
    about: str
    state: str
    reason: str


def way_of(session: Session, notice_id: int) -> list[Step]:
    """All steps in their order. One statement."""
    return [Step(*row) for row in session.execute(_WAY, {"id": notice_id})]


def joined_in(session: Session, digest_id: int) -> list[Joined]:
    """The notices of a digest. One statement."""
    return [Joined(*row) for row in session.execute(_JOINED, {"id": digest_id})]


def keep_event(
    session: Session,
    notice_id: int,
    kind: str,
    now: datetime,
    *,
    by: int | None = None,
    reason: str | None = None,
    detail: str = "",
) -> None:
    """Keep one decision about a notice."""
    given = {"notice": notice_id, "kind": kind, "now": now, "by": by, "reason": reason, "detail": detail}
    session.execute(_KEEP, given)
