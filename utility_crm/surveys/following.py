"""A survey follows its ticket and its letter: it is withdrawn, has left, or could not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.ports import ToLeave
from utility_crm.surveys.domain.deciding import Reason
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.events import TicketEvent

_WITHDRAW = text("""
    update surveys set state = 'withdrawn', reason = :reason where ticket_id = :ticket and state = 'queued'
""")
_LEFT = text("update surveys set state = 'sent', sent_at = :at where id = :id and state = 'queued'")
_FAILED = text("""
    update surveys set state = 'not_asked', reason = :reason
    where id = :id and score is null and state in ('queued', 'sent')
""")
_STILL = text("""
    select s.id, s.round from surveys s
    join tickets t on t.id = s.ticket_id
    join customers c on c.id = s.customer_id
    where s.id = any(:ids) and s.state = 'queued' and s.expires_at > :now and c.died_on is null
      and t.status in ('solved', 'closed') and t.merged_into_id is null
      and not exists (select from tickets other left join complaints on complaints.ticket_id = other.id
                      where other.customer_id = c.id and other.kind = 'complaint'
                        and other.merged_into_id is null
                        and (other.status not in ('solved', 'closed') or complaints.stage <> 'closed'))
""")


def on_ticket_event(session: Session, event: TicketEvent) -> None:
    """A ticket that is opened again, or goes into another, takes back a survey that has not left."""
    reason = None
    if event.kind == "merged":
        reason = Reason.MERGED
    elif event.after.get("status", ENDED[0]) not in ENDED:
        reason = Reason.REOPENED
    if reason is not None:
        session.execute(_WITHDRAW, {"ticket": event.ticket_id, "reason": reason})


def still_true(
    session: Session, notices: Sequence[ToLeave], now: datetime
) -> Mapping[int, Mapping[str, Any] | None]:
    """Of letters that are about to leave: of surveys that were withdrawn, or must not be sent now."""
    ours = {one.id: one.context for one in notices if one.notice == "survey"}
    if not ours:
        return {}
    ids = [int(context["survey"]) for context in ours.values()]
    rows = session.execute(_STILL, {"ids": ids, "now": now})
    true = {(row.id, row.round) for row in rows}
    return {
        notice: None
        for notice, context in ours.items()
        if (context["survey"], context["round"]) not in true
    }  # fmt: skip


def note_left(session: Session, survey_id: int, at: datetime) -> None:
    """Its letter left at that instant."""
    session.execute(_LEFT, {"id": survey_id, "at": at})


def note_failed(session: Session, survey_id: int, reason: str) -> None:
    """Its letter could not be sent, or came back, for a reason that stays the same word."""
    session.execute(_FAILED, {"id": survey_id, "reason": reason})
