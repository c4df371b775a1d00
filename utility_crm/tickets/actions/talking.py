"""What is written on a ticket: their words, our answers, our notes; and what became of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.tickets.actions.opening import known_message
from utility_crm.tickets.actions.writing import (
    as_seen,
    fields_of,
    held_alive,
    held_to_the_end,
    same_matter,
    some_text,
    standing_of,
    write,
)
from utility_crm.tickets.attachments import hang
from utility_crm.tickets.domain.files import Given
from utility_crm.tickets.domain.life import CHANNELS, SENT_BY_US, answered, begun, heard, too_late_to_reopen
from utility_crm.tickets.domain.mentions import logins_in
from utility_crm.tickets.events import record
from utility_crm.tickets.tables import Ticket, TicketLink, TicketMention, TicketMessage, TicketWatcher
from utility_crm.web.words import mark

SENDING = ("queued", "sent", "delivered", "failed", "bounced")


def add_message(
    session: Session,
    ticket_id: int,
    *,
    direction: str,
    text: str,
    channel: str,
    now: datetime,
    by: int | None = None,
    sender: str = "",
    external_id: str | None = None,
    attachments: Sequence[Given] = (),
    then: str = "waiting",
    version: int | None = None,
    form_key: str | None = None,
) -> int:
    """A word of the customer's ("in") or an answer to them ("out"); the message's id.

    in: wakes and reopens the ticket; on one that was merged it lands where that went; on one closed too long
    ago it opens a follow-up, linked to it (`ticket_of` tells where it is). out: then the ticket stands as
    `then` says; on a channel that we deliver it is queued. external_id, form_key: the same again is the same
    message. version: the one the person saw; raises Conflict where others changed the ticket since.
    """
    known = known_message(session, channel, external_id, form_key)
    if known is not None:
        return known.id
    if direction not in ("in", "out") or channel not in CHANNELS or channel == "note":
        raise Invalid("message", mark("Choose one of what is offered."), "channel")
    words = some_text(text)
    if direction == "out":
        ticket = held_alive(session, ticket_id)
        as_seen(session, ticket, version, by)
    else:
        ticket = held_to_the_end(session, ticket_id)[-1]
        if too_late_to_reopen(standing_of(ticket), now):
            ticket = _follow_up(session, ticket, channel, now)
    message = TicketMessage(
        ticket_id=ticket.id, direction=direction, channel=channel, text=words, sender=sender, author_id=by,
        at=now, external_id=external_id, form_key=form_key,
        sending="queued" if direction == "out" and channel in SENT_BY_US else "",
    )  # fmt: skip
    session.add(message)
    session.flush()
    hang(session, message.id, attachments, refuse=by is not None)
    standing = standing_of(ticket)
    if direction == "in":
        write(
            session, ticket, fields_of(heard(standing, now)), "heard", now=now, by=by, message_id=message.id
        )
        return message.id
    changes = fields_of(answered(standing, now, then))
    if ticket.assignee_id is None and by is not None:
        changes["assignee_id"] = by  # who answers first sees to it
    write(session, ticket, changes, "answered", now=now, by=by, message_id=message.id)
    return message.id


def add_note(
    session: Session,
    ticket_id: int,
    *,
    text: str,
    now: datetime,
    by: int | None = None,
    attachments: Sequence[Given] = (),
    version: int | None = None,
    form_key: str | None = None,
) -> int:
    """A note among us; its id. Colleagues named in it ("@priya") are told, and watch the ticket from now on.

    by: None where a rule or a machine notes something. Raises Conflict as add_message does.
    """
    known = known_message(session, "note", None, form_key)
    if known is not None:
        return known.id
    words = some_text(text)
    ticket = held_alive(session, ticket_id)
    as_seen(session, ticket, version, by)
    message = TicketMessage(
        ticket_id=ticket.id, direction="note", channel="note", text=words, author_id=by, at=now,
        form_key=form_key,
    )  # fmt: skip
    session.add(message)
    session.flush()
    hang(session, message.id, attachments, refuse=by is not None)
    named = _named(session, words)
    for user_id in named:
        session.add(TicketMention(message_id=message.id, user_id=user_id))
        session.execute(
            insert(TicketWatcher)
            .values(ticket_id=ticket.id, user_id=user_id, since=now)
            .on_conflict_do_nothing()
        )
    after = {"mentioned": named} if named else None
    write(session, ticket, {}, "noted", now=now, by=by, message_id=message.id, more_after=after)
    return message.id


def ticket_of(session: Session, message_id: int) -> int:
    """The ticket a message is on now. NotFound."""
    found = session.scalar(select(TicketMessage.ticket_id).where(TicketMessage.id == message_id))
    if found is None:
        raise NotFound("no_such_message", mark("There is no such message."), "message")
    return found


def note_sending(
    session: Session,
    message_id: int,
    state: str,
    *,
    now: datetime,
    detail: str = "",
    outbox_id: int | None = None,
    external_id: str | None = None,
) -> bool:
    """Note what became of an answer on its way: queued, sent, delivered, failed, bounced; whether it is new.

    detail: why it failed, for the agent. external_id: the name it left under, so that a reply finds its way.
    A failure is an event of its own; the ticket's version stays, as nobody's view of it became wrong.
    """
    if state not in SENDING:
        raise Invalid("sending", f"An answer is {', '.join(SENDING)}.", "state")
    message = session.scalars(
        select(TicketMessage)
        .where(TicketMessage.id == message_id, TicketMessage.direction == "out")
        .with_for_update()
    ).one_or_none()
    if message is None:
        raise NotFound("no_such_message", mark("There is no such message."), "message")
    if outbox_id is not None:
        message.outbox_id = outbox_id
    if external_id is not None:
        message.external_id = external_id
    if (message.sending, message.sending_detail) == (state, detail):
        session.flush()
        return False
    before = message.sending
    message.sending, message.sending_detail = state, detail
    session.flush()
    version = session.scalar(select(Ticket.version).where(Ticket.id == message.ticket_id))
    assert version is not None
    record(
        session, message.ticket_id, version, "sending", now=now, by=None, message_id=message.id,
        before={"sending": before}, after={"sending": state}, reason=detail,
    )  # fmt: skip
    return True


def _follow_up(session: Session, old: Ticket, channel: str, now: datetime) -> Ticket:
    """A new ticket of the same matter, linked to the old one, for what came too late."""
    new = Ticket(
        kind=old.kind, subject=old.subject, priority="normal", channel=channel, version=1, opened_at=now,
        updated_at=now, **same_matter(old), **fields_of(begun(now, by_us=False)),
    )  # fmt: skip
    session.add(new)
    session.flush()
    session.add(TicketLink(ticket_id=new.id, other_id=old.id, kind="follows", at=now))
    after = {"kind": new.kind, "status": "new", "priority": "normal", "channel": channel, "follows": old.id}
    if new.customer_id is not None:
        after["customer_id"] = new.customer_id
    record(session, new.id, 1, "opened", now=now, by=None, after=after)
    return new


def _named(session: Session, text: str) -> list[int]:
    logins = logins_in(text)
    if not logins:
        return []
    return list(session.scalars(select(User.id).where(User.login.in_(logins), User.active).order_by(User.id)))
