"""The register follows tickets and contacts: one truth, whichever page it was written on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Contact
from utility_crm.tickets.actions.opening import open_ticket
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import Complaint
from utility_crm.tickets.complaints.actions import close_as, close_as_answered, open_complaint
from utility_crm.tickets.complaints.merging import count_anew, give_back, hand_over, take_over
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.rules.running import ACTING
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.words import mark

FROM_CONTACT: Final = "complaint_contact"
"""On the session while a ticket is opened for a contact: that contact's id."""
TOPIC_SUBJECTS = {
    "bill": mark("Complaint about a bill"),
    "payment": mark("Complaint about a payment"),
    "meter": mark("Complaint about a meter"),
    "outage": mark("Complaint about an outage"),
    "tariff": mark("Complaint about a tariff"),
    "moving": mark("Complaint about a move"),
    "contract": mark("Complaint about a contract"),
    "details": mark("Complaint about their details"),
    "other": mark("Complaint"),
}
_FOLLOWED = ("opened", "changed", "merged", "absorbed", "unmerged", "split")
_CAUSES = {
    "bill": "bill_wrong", "payment": "payment", "meter": "meter", "outage": "outage", "tariff": "price",
    "moving": "move",
}  # fmt: skip


def follow_ticket(session: Session, event: TicketEvent) -> None:
    """A ticket became a complaint, or is one no more; it was merged, or split, or got a customer."""
    if event.kind not in _FOLLOWED or (event.kind == "split" and "from" not in event.after):
        return
    if event.kind == "changed" and not {"kind", "customer_id"} & set(event.after):
        return
    ticket = session.get(Ticket, event.ticket_id)
    if ticket is None:
        return
    row, now, by = session.get(Complaint, event.ticket_id), event.at, event.by
    if ticket.merged_into_id is not None:
        if row is not None:
            hand_over(session, row, ticket.merged_into_id, now=now, by=by)
    elif event.kind == "absorbed":
        take_over(session, ticket, event.after["from"], now=now, by=by)
    elif event.kind == "unmerged" and event.ticket_id != event.after["from"]:
        give_back(session, ticket, now=now, by=by)
    elif ticket.kind == "complaint":
        _lead(session, ticket, row, event)
    elif row is not None:
        words = house_words()(mark("It was no complaint."))
        close_as(session, row, "none", words, now=now, by=by)


def _lead(session: Session, ticket: Ticket, row: Complaint | None, event: TicketEvent) -> None:
    contact_id = session.info.get(FROM_CONTACT)
    # A message of theirs that was split off was written before its ticket was made.
    received_at = first_heard(session, ticket) if event.kind == "split" else None
    open_complaint(session, ticket, now=event.at, by=event.by, contact_id=contact_id, received_at=received_at)
    if row is not None and event.kind == "unmerged":
        count_anew(session, row)


def first_heard(session: Session, ticket: Ticket) -> datetime:
    """When the first word of theirs on a ticket came, at the latest when it was opened."""
    words = select(func.min(TicketMessage.at)).where(
        TicketMessage.ticket_id == ticket.id, TicketMessage.direction == "in"
    )
    return min(session.scalar(words) or ticket.opened_at, ticket.opened_at)


def follow_contact(session: Session, contact_id: int, now: datetime, by: int | None) -> None:
    """A complaint was logged, or answered, on the customer page."""
    contact = session.get(Contact, contact_id, populate_existing=True)
    if contact is None or not contact.complaint:
        return
    row = session.scalars(select(Complaint).where(Complaint.contact_id == contact_id)).one_or_none()
    if row is None and contact.answered_at is None:
        _open_for(session, contact, by)
    elif row is not None and contact.answered_at is not None:
        close_as_answered(session, row, contact.outcome, now=now, by=by)


def _open_for(session: Session, contact: Contact, by: int | None) -> None:
    subject = house_words()(TOPIC_SUBJECTS[contact.topic])
    session.info[FROM_CONTACT] = contact.id
    try:
        ticket_id = open_ticket(
            session, kind="complaint", subject=subject, text=contact.note or subject, channel=contact.channel,
            now=contact.at, customer_id=contact.customer_id, by=by or contact.author_id,
            form_key=f"contact:{contact.id}",
        )  # fmt: skip
    finally:
        session.info.pop(FROM_CONTACT, None)
    row = session.get(Complaint, ticket_id)
    if row is not None and contact.topic in _CAUSES:
        row.cause = _CAUSES[contact.topic]
        session.flush()


def follow_contacts(session: Session, most: int = 200) -> int:
    """Complaints that were logged in some other way (imported, restored) get their ticket; how many. No rule
    answers them: what they were about is past."""
    waiting = session.scalars(
        select(Contact)
        .where(
            Contact.complaint,
            Contact.answered_at.is_(None),
            ~select(Complaint.ticket_id).where(Complaint.contact_id == Contact.id).exists(),
        )
        .order_by(Contact.id)
        .limit(most)
    ).all()
    session.info[ACTING] = True
    try:
        for contact in waiting:
            _open_for(session, contact, None)
    finally:
        session.info.pop(ACTING, None)
    return len(waiting)
