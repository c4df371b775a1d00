"""One cause, many tickets: an incident above them, and one answer to all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.tickets.actions.bulk import Bulk, bulk
from utility_crm.tickets.actions.opening import known_message
from utility_crm.tickets.actions.talking import add_message
from utility_crm.tickets.actions.writing import as_seen, held_all, write
from utility_crm.tickets.domain.files import Given
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket
from utility_crm.web.words import mark


def set_parent(
    session: Session,
    ticket_id: int,
    parent_id: int | None,
    *,
    now: datetime,
    by: int | None = None,
    version: int | None = None,
) -> bool:
    """Put a ticket below an incident, or (None) take it out; whether that is new.

    Raises Invalid (below itself), Conflict (the incident is below another, or the ticket has others below it:
    there is one level).
    """
    if parent_id == ticket_id:
        raise Invalid("parent_itself", mark("Name another ticket."), "parent")
    rows = held_all(session, [one for one in (ticket_id, parent_id) if one is not None])
    ticket = rows[ticket_id]
    if ticket.parent_id == parent_id:
        return False
    if parent_id is not None:
        parent = rows[parent_id]
        if parent.parent_id is not None or parent.merged_into_id is not None:
            words = mark("%(number)s belongs to another ticket itself: name that one.")
            raise Conflict("parent_below", words, "parent", number=parent.number)
        if session.scalar(select(exists().where(Ticket.parent_id == ticket_id))):
            words = mark("%(number)s is an incident itself: merge the two instead.")
            raise Conflict("parent_is_one", words, "parent", number=ticket.number)
    as_seen(session, ticket, version, by)
    write(session, ticket, {"parent_id": parent_id}, "changed", now=now, by=by)
    return True


def children_of(
    session: Session, parent_id: int, *, active: bool = True, viewer: SignedIn | None = None
) -> list[int]:
    """The tickets below an incident; active: those that are not solved yet; viewer: those that this person
    may see, of all where it is None."""
    statement = select(Ticket.id).where(Ticket.parent_id == parent_id).order_by(Ticket.id)
    if active:
        statement = statement.where(Ticket.status.not_in(ENDED))
    if viewer is not None:
        statement = statement.where(tickets_seen_by(viewer))
    return list(session.scalars(statement))


def answer_all(
    session: Session,
    parent_id: int,
    *,
    text: str,
    now: datetime,
    by: int | None = None,
    then: str = "waiting",
    attachments: Sequence[Given] = (),
    form_key: str | None = None,
    viewer: SignedIn | None = None,
) -> Bulk:
    """One answer to every ticket below an incident that is not solved yet, each on its own channel; what was
    done, and what could not be. Of a form that comes again (`form_key`), those that have the answer are
    unchanged, and the others get it now. viewer: whoever writes it; it reaches those alone that they may
    see."""
    children = children_of(session, parent_id, viewer=viewer)
    channels = dict(session.execute(select(Ticket.id, Ticket.channel).where(Ticket.id.in_(children))).all())

    def answer(ticket_id: int) -> bool:
        channel, key = channels[ticket_id], f"{form_key}/{ticket_id}" if form_key else None
        if known_message(session, "", None, key) is not None:
            return False
        add_message(
            session, ticket_id, direction="out", text=text, channel="web" if channel == "api" else channel,
            now=now, by=by, then=then, attachments=attachments,
            form_key=key,
        )  # fmt: skip
        return True

    return bulk(session, children, partial(answer))
