"""A ticket in which two matters were written about becomes two: chosen messages move to a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.tickets.actions.writing import (
    as_seen,
    fields_of,
    held_alive,
    same_matter,
    some_subject,
    write,
)
from utility_crm.tickets.domain.life import KINDS, begun
from utility_crm.tickets.events import record
from utility_crm.tickets.tables import Ticket, TicketLink, TicketMessage
from utility_crm.web.words import mark


def split(
    session: Session,
    ticket_id: int,
    message_ids: Sequence[int],
    *,
    subject: str,
    now: datetime,
    by: int | None = None,
    kind: str | None = None,
    version: int | None = None,
) -> int:
    """Chosen messages become a new ticket of the same customer, linked to the old one; the new ticket's id.

    Raises Invalid (none chosen, or all: then nothing would be left), Conflict (a message is not on the ticket
    any more; others changed it since `version`).
    """
    about = some_subject(subject)
    if kind is not None and kind not in KINDS:
        raise Invalid("kind", mark("Choose one of what is offered."), "kind")
    old = held_alive(session, ticket_id)
    as_seen(session, old, version, by)
    chosen = set(message_ids)
    here = {
        row.id: row
        for row in session.scalars(select(TicketMessage).where(TicketMessage.ticket_id == ticket_id))
    }
    if not chosen:
        raise Invalid(
            "split_none", mark("Choose the messages that become a ticket of their own."), "messages"
        )
    if not chosen <= set(here):
        raise Conflict("split_gone", mark("A chosen message is not on this ticket any more."), "messages")
    if chosen == set(here):
        raise Invalid("split_all", mark("All messages are chosen: nothing would be left here."), "messages")
    heard = [here[one].at for one in chosen if here[one].direction == "in"]
    told = [here[one].at for one in chosen if here[one].direction == "out"]
    waits = min((at for at in heard if not told or at > max(told)), default=None)
    fields = fields_of(begun(now, by_us=waits is None)) | {
        "waits_since": waits,
        "first_answered_at": min(told, default=None),
    }
    new = Ticket(
        kind=kind or old.kind, subject=about, priority=old.priority, channel=old.channel, version=1,
        opened_at=now, opened_by=by, updated_at=now, **same_matter(old), **fields,
    )  # fmt: skip
    session.add(new)
    session.flush()
    session.execute(update(TicketMessage).where(TicketMessage.id.in_(chosen)).values(ticket_id=new.id))
    session.add(TicketLink(ticket_id=new.id, other_id=ticket_id, kind="related", at=now, by_user=by))
    moved = sorted(chosen)
    write(
        session, held_alive(session, ticket_id), {}, "split", now=now, by=by,
        more_after={"into": new.id, "messages": moved},
    )  # fmt: skip
    after = {"from": ticket_id, "messages": moved, "status": "new", "kind": new.kind}
    record(session, new.id, 1, "split", now=now, by=by, after=after)
    return new.id
