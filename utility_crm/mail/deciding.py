"""What a person decides about a message that could not be placed: whose it is, that it is a matter, or
none."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from utility_crm.customers.reach import add_contact_point
from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.kit.settings import settings
from utility_crm.mail.arriving import came_of
from utility_crm.mail.belonging import KIND_OF_ADDRESS
from utility_crm.mail.domain.folding import fold
from utility_crm.mail.placing import Came, came_by_mail, fit_subject, fit_text
from utility_crm.mail.reading import Mail, read_mail
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import change, open_ticket, set_customer, ticket_of
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.words import mark

SPAM = "spam"


def give(
    session: Session, arrival_id: int, customer_id: int, *, now: datetime, by: int, remember: bool = False
) -> int:
    """It is this customer's: its ticket (opened now, if there is none) and whatever else waits in it; the
    ticket. remember: the address it came from is theirs from now on. Raises `NotFound`, and `Conflict` where
    it is a customer's already or they have the address."""
    arrival = held(session, arrival_id)
    if arrival.state == "placed":
        raise Conflict("placed_already", mark("It is in a ticket already."))
    if session.scalar(select(exists().where(Customer.id == customer_id))) is not True:
        raise NotFound("no_such_customer", mark("There is no customer of this number here."), "customer")
    if arrival.ticket_id is None:
        _open(session, arrival, customer_id, now)
    else:
        set_customer(session, _follow(session, arrival, customer_id), customer_id, now=now, by=by)
    if remember and arrival.sender:
        kind = KIND_OF_ADDRESS[arrival.channel]
        with suppress(Conflict):  # they have it: several customers had
            add_contact_point(
                session, customer_id, kind=kind, value=arrival.sender, country=settings().country
            )
    return _settled(session, arrival, customer_id, now, by)


def _follow(session: Session, arrival: Arrival, customer_id: int) -> int:
    """The ticket where its message is by now: the one it came to may have been merged or split. Whoever waits
    there, too, goes along. Raises `Conflict` where that is another customer's."""
    assert arrival.ticket_id is not None
    came_to = arrival.ticket_id
    landed = came_to if arrival.message_id is None else ticket_of(session, arrival.message_id)
    if landed == came_to:
        return came_to
    if session.get_one(Ticket, landed, populate_existing=True).customer_id not in (None, customer_id):
        raise Conflict("placed_already", mark("It is in a ticket already."))
    moved = select(TicketMessage.id).where(TicketMessage.ticket_id == landed)
    session.execute(
        update(Arrival)
        .where(Arrival.ticket_id == came_to, Arrival.message_id.in_(moved))
        .values(ticket_id=landed)
        .execution_options(synchronize_session="fetch")
    )
    return landed


def make_ticket(session: Session, arrival_id: int, *, now: datetime, by: int) -> int:
    """A matter after all, of somebody we do not know (yet): the ticket. Raises `Conflict` where it is in
    one."""
    arrival = held(session, arrival_id)
    if arrival.ticket_id is not None:
        raise Conflict("placed_already", mark("It is in a ticket already."))
    ticket_id = _open(session, arrival, None, now)
    arrival.state, arrival.reason = "waiting", "unknown_sender"
    arrival.placed_at, arrival.placed_by = now, by
    session.flush()
    return ticket_id


def is_spam(session: Session, arrival_id: int, *, now: datetime, by: int) -> bool:
    """Nothing for us: its ticket is closed, unless somebody answered in it; whether it was. What comes from
    there from now on is kept aside, while no customer has the address."""
    arrival = held(session, arrival_id)
    if arrival.state == "placed":
        raise Conflict("placed_already", mark("It is in a ticket already."))
    arrival.state, arrival.reason = "spam", ""
    arrival.placed_at, arrival.placed_by = now, by
    session.flush()
    if arrival.ticket_id is None:
        return False
    ticket = session.get_one(Ticket, arrival.ticket_id)
    answered = exists().where(TicketMessage.ticket_id == ticket.id, TicketMessage.direction == "out")
    if ticket.status in ENDED or session.scalar(select(answered)):
        return False
    tags = [*ticket.tags, SPAM] if SPAM not in ticket.tags else list(ticket.tags)
    return change(session, ticket.id, {"status": "closed", "tags": tags}, now=now, by=by, reason=SPAM)


def held(session: Session, arrival_id: int) -> Arrival:
    """The arrival, held until the transaction ends, so that two people do not decide at once. `NotFound`."""
    row = session.scalars(select(Arrival).where(Arrival.id == arrival_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("no_such_arrival", mark("There is no such message."), str(arrival_id))
    return row


def as_it_came(arrival: Arrival) -> Came:
    """Its words, as far as they can be read: of what cannot, nothing but that it came."""
    if arrival.channel != "email":
        return came_of(arrival, json.loads(arrival.raw))
    mail = read_mail(arrival.raw)
    if isinstance(mail, Mail):
        return came_by_mail(arrival, mail, fold(mail.text).said)
    return Came(
        channel="email",
        sender=arrival.sender,
        sender_name=arrival.sender_name,
        subject=fit_subject(arrival.subject, ""),
        text=fit_text(""),
        language=arrival.language,
        external_id=arrival.digest,
    )


def _open(session: Session, arrival: Arrival, customer_id: int | None, now: datetime) -> int:
    came = as_it_came(arrival)
    ticket_id = open_ticket(
        session, kind=came.kind, subject=came.subject, text=came.text, channel=came.channel, now=now,
        customer_id=customer_id, sender=came.sender, language=came.language, external_id=came.external_id,
        attachments=came.attached,
    )  # fmt: skip
    first = select(TicketMessage.id).where(
        TicketMessage.channel == came.channel, TicketMessage.external_id == came.external_id
    )
    arrival.ticket_id, arrival.message_id = ticket_id, session.scalar(first)
    return ticket_id


def _settled(session: Session, arrival: Arrival, customer_id: int, now: datetime, by: int) -> int:
    """Whatever waits in the ticket is placed with it."""
    assert arrival.ticket_id is not None
    session.flush()
    session.execute(
        update(Arrival)
        .where(
            Arrival.ticket_id == arrival.ticket_id,
            (Arrival.state == "waiting") | (Arrival.id == arrival.id),
        )
        .values(state="placed", reason="", customer_id=customer_id, placed_at=now, placed_by=by)
        .execution_options(synchronize_session="fetch")
    )
    return arrival.ticket_id
