"""What a ticket has to do with others, and who follows it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.tickets.actions.writing import held, held_all, write
from utility_crm.tickets.domain.life import LINKS
from utility_crm.tickets.tables import TicketLink, TicketWatcher
from utility_crm.web.words import mark


def link(
    session: Session, ticket_id: int, other_id: int, kind: str, *, now: datetime, by: int | None = None
) -> bool:
    """Say that the first is a duplicate of, related to, caused by or follows the other; whether it is new."""
    if kind not in LINKS:
        raise Invalid("link", mark("Choose one of what is offered."), "link")
    if ticket_id == other_id:
        raise Invalid("link_itself", mark("Name another ticket."), "other")
    rows = held_all(session, (ticket_id, other_id))
    made = session.execute(
        insert(TicketLink)
        .values(ticket_id=ticket_id, other_id=other_id, kind=kind, at=now, by_user=by)
        .on_conflict_do_nothing()
        .returning(TicketLink.id)
    ).first()
    if made is None:
        return False
    after = {"link": kind, "other": other_id}
    write(session, rows[ticket_id], {}, "linked", now=now, by=by, more_after=after)
    return True


def unlink(session: Session, ticket_id: int, link_id: int, *, now: datetime, by: int | None = None) -> None:
    """Take a link away, from either end. NotFound."""
    ticket = held(session, ticket_id)
    gone = session.execute(
        delete(TicketLink)
        .where(
            TicketLink.id == link_id,
            (TicketLink.ticket_id == ticket_id) | (TicketLink.other_id == ticket_id),
        )
        .returning(TicketLink.ticket_id, TicketLink.other_id, TicketLink.kind)
    ).one_or_none()
    if gone is None:
        raise NotFound("no_such_link", mark("This link was taken away already."), "link")
    other = gone.other_id if gone.ticket_id == ticket_id else gone.ticket_id
    write(session, ticket, {}, "unlinked", now=now, by=by, more_before={"link": gone.kind, "other": other})


def watch(session: Session, ticket_id: int, user_id: int, *, now: datetime, by: int | None = None) -> bool:
    """Somebody follows the ticket from now on; whether they did not before."""
    ticket = held(session, ticket_id)
    made = session.execute(
        insert(TicketWatcher)
        .values(ticket_id=ticket_id, user_id=user_id, since=now)
        .on_conflict_do_nothing()
        .returning(TicketWatcher.user_id)
    ).first()
    if made is None:
        return False
    write(session, ticket, {}, "watched", now=now, by=by, more_after={"watcher": user_id})
    return True


def unwatch(session: Session, ticket_id: int, user_id: int, *, now: datetime, by: int | None = None) -> bool:
    """Somebody follows it no more; whether they did."""
    ticket = held(session, ticket_id)
    gone = session.execute(
        delete(TicketWatcher)
        .where(TicketWatcher.ticket_id == ticket_id, TicketWatcher.user_id == user_id)
        .returning(TicketWatcher.user_id)
    ).first()
    if gone is None:
        return False
    write(session, ticket, {}, "unwatched", now=now, by=by, more_before={"watcher": user_id})
    return True


def watchers_of(session: Session, ticket_id: int) -> list[int]:
    """Who follows a ticket."""
    return list(
        session.scalars(
            select(TicketWatcher.user_id)
            .where(TicketWatcher.ticket_id == ticket_id)
            .order_by(TicketWatcher.user_id)
        )
    )
