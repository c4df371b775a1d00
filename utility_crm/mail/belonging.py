"""Which ticket a message belongs to, and whose it is: what the database knows of the names it bears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.mail.domain.threads import ticket_at
from utility_crm.mail.reading import Mail
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.domain.numbers import ids_in
from utility_crm.tickets.tables import Ticket, TicketMessage

KIND_OF_ADDRESS: Final = {"email": "email", "web": "email", "api": "email", "messenger": "messenger"}
"""The kind of contact point by which a sender is known."""


def thread_of(session: Session, mail: Mail, secret: str) -> int | None:
    """The ticket that a letter goes on with; None where it begins a new one.

    By a name of ours that it answers; by the address it was sent to, which bears our signature; by a letter
    of the same sender that it answers; by a ticket's number in its subject, where its sender is known there.
    Nothing goes on with a ticket of who was erased.
    """
    found = _answering_us(session, mail.about)
    if found is None:
        signed = ticket_at(mail.sent_to, secret)
        found = signed if signed is not None and _is_ticket(session, signed) else None
    if found is None:
        found = _answering_themselves(session, mail.about, mail.sender)
    if found is None:
        named = (one for one in ids_in(mail.subject)[:5] if knows(session, one, mail.sender))
        found = next(named, None)
    return None if found is not None and _of_erased(session, found) else found


def knows(session: Session, ticket_id: int, address: str) -> bool:
    """Whether this address has a part in a ticket: it wrote there, or it is its customer's."""
    wrote = exists().where(
        TicketMessage.ticket_id == ticket_id, TicketMessage.direction == "in", TicketMessage.sender == address
    )
    theirs = exists().where(
        Ticket.id == ticket_id,
        ContactPoint.customer_id == Ticket.customer_id,
        ContactPoint.kind == "email",
        ContactPoint.normal == address,
    )
    return bool(address) and bool(session.scalar(select(or_(wrote, theirs))))


def customers_at(session: Session, channel: str, address: str) -> Sequence[int]:
    """The customers who have this address; up to three."""
    if not address:
        return ()
    normal = " ".join(address.lower().split())
    statement = (
        select(ContactPoint.customer_id)
        .where(ContactPoint.kind == KIND_OF_ADDRESS[channel], ContactPoint.normal == normal)
        .distinct()
        .limit(3)
    )
    return list(session.scalars(statement))


def _answering_us(session: Session, names: Sequence[str]) -> int | None:
    """The ticket of the newest of our letters among these; an answer's, or a receipt's."""
    if not names:
        return None
    answers = dict(
        session.execute(
            select(TicketMessage.external_id, TicketMessage.ticket_id).where(
                TicketMessage.direction == "out", TicketMessage.external_id.in_(names)
            )
        ).all()
    )
    receipts = dict(
        session.execute(
            select(Arrival.receipt_name, Arrival.ticket_id).where(Arrival.receipt_name.in_(names))
        ).all()
    )
    known = receipts | answers
    return next((known[name] for name in names if known.get(name) is not None), None)


def _answering_themselves(session: Session, names: Sequence[str], sender: str) -> int | None:
    if not names or not sender:
        return None
    statement = select(Arrival.external_id, Arrival.ticket_id).where(
        Arrival.channel == "email",
        Arrival.sender == sender,
        Arrival.external_id.in_(names),
        Arrival.ticket_id.is_not(None),
    )
    known = dict(session.execute(statement).all())
    return next((known[name] for name in names if name in known), None)


def _is_ticket(session: Session, ticket_id: int) -> bool:
    return session.scalar(select(exists().where(Ticket.id == ticket_id))) is True


def _of_erased(session: Session, ticket_id: int) -> bool:
    theirs = exists().where(
        Ticket.id == ticket_id, Customer.id == Ticket.customer_id, Customer.erased_on.is_not(None)
    )
    return session.scalar(select(theirs)) is True
