"""The register follows tickets and contacts: one truth, whichever page it was written on."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Contact
from utility_crm.tickets.actions.opening import open_ticket
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import Complaint
from utility_crm.tickets.complaints.actions import close_as_answered, open_complaint, withdraw
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.rules.running import ACTING
from utility_crm.tickets.tables import Ticket
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
_CAUSES = {
    "bill": "bill_wrong", "payment": "payment", "meter": "meter", "outage": "outage", "tariff": "price",
    "moving": "move",
}  # fmt: skip


def follow_ticket(session: Session, event: TicketEvent) -> None:
    """A ticket became a complaint, or is one no more; it was merged, or got a customer."""
    if event.kind not in ("opened", "changed", "merged"):
        return
    if event.kind == "changed" and not {"kind", "customer_id"} & set(event.after):
        return
    ticket = session.get(Ticket, event.ticket_id)
    if ticket is None:
        return
    if ticket.kind == "complaint" and ticket.merged_into_id is None:
        contact_id = session.info.get(FROM_CONTACT)
        open_complaint(session, ticket, now=event.at, by=event.by, contact_id=contact_id)
        return
    row = session.get(Complaint, event.ticket_id)
    if row is not None:
        withdraw(session, row, now=event.at, by=event.by)


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
