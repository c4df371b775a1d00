"""What was said: logging a contact, answering a complaint, and reading them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import User
from utility_crm.customers.limits import seen_by
from utility_crm.customers.tables import Contact, Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.web.words import mark

CHANNELS = (
    mark("call"), mark("visit"), mark("letter"), mark("fax"), mark("email"), mark("sms"), mark("messenger"),
    mark("web"),
)  # fmt: skip
DIRECTIONS = ("in", "out")
TOPICS = (
    mark("bill"), mark("payment"), mark("meter"), mark("outage"), mark("tariff"), mark("moving"),
    mark("contract"), mark("details"), mark("other"),
)  # fmt: skip
LONGEST_NOTE = 4000
SAME_FOR = timedelta(minutes=10)
"""The same words of the same colleague within this time are one contact, sent twice."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be kept of a contact."""

    channel: str
    topic: str
    note: str
    complaint: bool = False
    direction: str = "in"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One contact as people read it. A complaint without `answered_at` waits for us."""

    id: int
    customer_id: int
    customer: str
    at: datetime
    channel: str
    direction: str
    topic: str
    complaint: bool
    outcome: str
    answered_at: datetime | None
    note: str
    author: str
    resolved: bool | None

    @property
    def waits(self) -> bool:
        """A complaint nobody has answered."""
        return self.complaint and self.answered_at is None


_COLUMNS: list[Any] = [
    Contact.id,
    Contact.customer_id,
    Customer.name,
    Contact.at,
    Contact.channel,
    Contact.direction,
    Contact.topic,
    Contact.complaint,
    Contact.outcome,
    Contact.answered_at,
    Contact.note,
    func.coalesce(User.name, "").label("author"),
    Contact.resolved,
]
_CONVERSATIONS = (
    select(*_COLUMNS)
    .join(Customer, Customer.id == Contact.customer_id)
    .outerjoin(User, User.id == Contact.author_id)
)


_OF_CUSTOMER = (
    _CONVERSATIONS.where(Contact.customer_id == bindparam("customer"))
    .order_by(Contact.at.desc(), Contact.id.desc())
    .limit(bindparam("most"))
)


def conversations_of(session: Session, customer_id: int, limit: int = 100) -> list[Conversation]:
    """A customer's contacts, newest first."""
    rows = session.execute(_OF_CUSTOMER, {"customer": customer_id, "most": limit})
    return [Conversation(*row) for row in rows]


def latest_conversations(
    session: Session, user: SignedIn, limit: int = 30, *, author_id: int | None = None
) -> list[Conversation]:
    """The contacts of the customers a person may see, or one colleague's of these, newest first."""
    seen = _CONVERSATIONS.where(seen_by(user, Contact.customer_id))
    statement = seen.order_by(Contact.at.desc(), Contact.id.desc()).limit(limit)
    if author_id is not None:
        statement = statement.where(Contact.author_id == author_id)
    return [Conversation(*row) for row in session.execute(statement)]


def open_complaints(session: Session, user: SignedIn, limit: int = 100) -> list[Conversation]:
    """Complaints nobody has answered, oldest first; of the customers this person may see."""
    seen = seen_by(user, Contact.customer_id)
    statement = _CONVERSATIONS.where(Contact.complaint, Contact.answered_at.is_(None), seen)
    return [
        Conversation(*row) for row in session.execute(statement.order_by(Contact.at, Contact.id).limit(limit))
    ]


def said_lately(session: Session, customer_id: int, said: Saying, *, now: datetime, author_id: int) -> bool:
    """Whether the same colleague has just kept exactly this: a form that was sent twice."""
    same = select(Contact.id).where(
        Contact.customer_id == customer_id,
        Contact.author_id == author_id,
        Contact.at > now - SAME_FOR,
        Contact.at <= now,
        Contact.channel == said.channel,
        Contact.direction == said.direction,
        Contact.topic == said.topic,
        Contact.complaint.is_(said.complaint),
        Contact.note == said.note,
    )
    return session.scalar(same.limit(1)) is not None


def log_contact(
    session: Session,
    customer_id: int,
    *,
    channel: str,
    topic: str,
    now: datetime,
    author_id: int,
    complaint: bool = False,
    direction: str = "in",
    note: str = "",
    outcome: str = "",
    resolved: bool | None = None,
) -> int:
    """Keep what was said; the contact's id. A complaint waits from now on until it is answered. resolved:
    whether this one contact was enough, None where nobody said."""
    if channel not in CHANNELS or topic not in TOPICS or direction not in DIRECTIONS:
        raise Invalid("contact", mark("Choose how they spoke to us, and about what."), "channel, topic")
    if max(len(note), len(outcome)) > LONGEST_NOTE:
        words = mark("A note has at most %(most)s characters.")
        raise Invalid("note_long", words, "note", most=LONGEST_NOTE)
    if session.scalar(select(Customer.id).where(Customer.id == customer_id)) is None:
        raise NotFound("no_such_customer", "There is no customer of this number here.", str(customer_id))
    contact = Contact(
        customer_id=customer_id, at=now, channel=channel, direction=direction, topic=topic,
        complaint=complaint, note=note.strip(), outcome=outcome.strip(), author_id=author_id,
        resolved=resolved,
    )  # fmt: skip
    session.add(contact)
    session.flush()
    return contact.id


def answer_complaint(
    session: Session, customer_id: int, contact_id: int, *, outcome: str, now: datetime
) -> datetime:
    """Close an open complaint with what came of it; when it was made. NotFound where there is no such open
    complaint."""
    if not outcome.strip():
        raise Invalid("outcome", mark("Say in a few words what was answered."), "outcome")
    closed = session.execute(
        update(Contact)
        .where(
            Contact.id == contact_id,
            Contact.customer_id == customer_id,
            Contact.complaint,
            Contact.answered_at.is_(None),
        )
        .values(answered_at=now, outcome=outcome.strip())
        .returning(Contact.at)
    ).one_or_none()
    if closed is None:
        raise NotFound("no_open_complaint", mark("This complaint is not open."), str(contact_id))
    at: datetime = closed.at
    return at
