"""Who has a ticket open, so that two people do not answer at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid
from utility_crm.live.actions import push
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.queries.ticket import PRESENT_FOR
from utility_crm.tickets.tables import TicketMention, TicketMessage, TicketPresence

DOING = ("looking", "writing", "gone")


def be_here(session: Session, ticket_id: int, user_id: int, doing: str, now: datetime) -> None:
    """Note that somebody has the ticket open and what they do; who else is there is told when it changes."""
    if doing not in DOING:
        raise Invalid("doing", f"A person is {', '.join(DOING)}.", "doing")
    others = dict(
        session.execute(
            select(TicketPresence.user_id, TicketPresence.doing).where(
                TicketPresence.ticket_id == ticket_id, TicketPresence.seen_at > now - PRESENT_FOR
            )
        ).all()
    )
    before = others.pop(user_id, "gone")
    if doing == "gone":
        session.execute(
            delete(TicketPresence).where(
                TicketPresence.ticket_id == ticket_id, TicketPresence.user_id == user_id
            )
        )
    else:
        row = insert(TicketPresence).values(ticket_id=ticket_id, user_id=user_id, doing=doing, seen_at=now)
        session.execute(
            row.on_conflict_do_update(
                index_elements=["ticket_id", "user_id"],
                set_={"doing": row.excluded.doing, "seen_at": row.excluded.seen_at},
            )
        )
    if before != doing and others:
        push(session, list(others), "ticket", {"key": number_of(ticket_id)})


def see_mentions(session: Session, ticket_id: int, user_id: int, now: datetime) -> None:
    """The person has seen the notes of a ticket that name them."""
    session.execute(
        update(TicketMention)
        .where(
            TicketMention.user_id == user_id,
            TicketMention.seen_at.is_(None),
            TicketMention.message_id.in_(
                select(TicketMessage.id).where(TicketMessage.ticket_id == ticket_id)
            ),
        )
        .values(seen_at=now)
    )
