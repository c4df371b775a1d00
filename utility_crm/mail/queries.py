"""What pages and commands ask of what came in: a session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Customer
from utility_crm.kit.errors import NotFound
from utility_crm.mail.tables import STATES, Arrival, MailPlace, MailSource
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket
from utility_crm.web.words import mark

MOST = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A mailbox that is read: when it was looked at, when last with success, since when not, and why."""

    name: str
    looked_at: datetime | None
    well_at: datetime | None
    failing_since: datetime | None
    error: str
    not_given: int


@dataclass(frozen=True, slots=True)
class ArrivalFigures:
    """How much of today's is in which state, how much in all waits and is not placed yet, since when the
    oldest waits, and the mailboxes."""

    today: Mapping[str, int]
    waiting: int
    stored: int
    oldest_waiting: datetime | None
    sources: tuple[Source, ...]

    def document(self) -> dict[str, Any]:
        """The shape promised by `utility-crm mail status --json`."""
        return {
            "today": dict(self.today),
            "waiting": self.waiting,
            "not_placed_yet": self.stored,
            "oldest_waiting": self.oldest_waiting and self.oldest_waiting.isoformat(),
            "mailboxes": [
                {
                    "name": one.name,
                    "looked_at": one.looked_at and one.looked_at.isoformat(),
                    "well_at": one.well_at and one.well_at.isoformat(),
                    "failing_since": one.failing_since and one.failing_since.isoformat(),
                    "error": one.error,
                    "not_given": one.not_given,
                }
                for one in self.sources
            ],
        }

    def words(self) -> str:
        """The same for a person."""
        lines = [f"{number:>6}  {state} in the last day" for state, number in self.today.items()]
        lines.append(f"{self.waiting:>6}  wait for a person")
        for one in self.sources:
            missing = f"; {one.not_given} the server does not give" if one.not_given else ""
            lines.append(f"{one.name}: {one.error or 'read ' + str(one.well_at)}{missing}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Came:
    """A message in a list."""

    id: int
    channel: str
    via: str
    received_at: datetime
    sender: str
    sender_name: str
    subject: str
    state: str
    reason: str
    detail: str
    size_bytes: int
    customer_id: int | None
    customer: str | None
    ticket_id: int | None

    @property
    def ticket(self) -> str:
        """The number of its ticket, "" where it is in none."""
        return number_of(self.ticket_id) if self.ticket_id is not None else ""


_COLUMNS: tuple[Any, ...] = (
    Arrival.id, Arrival.channel, Arrival.via, Arrival.received_at, Arrival.sender, Arrival.sender_name,
    Arrival.subject, Arrival.state, Arrival.reason, Arrival.detail, Arrival.size_bytes, Arrival.customer_id,
    Customer.name, Arrival.ticket_id,
)  # fmt: skip
_CAME = (
    select(*_COLUMNS)
    .outerjoin(Customer, Customer.id == Arrival.customer_id)
    .outerjoin(Ticket, Ticket.id == Arrival.ticket_id)
)


def arrival_figures(session: Session, now: datetime) -> ArrivalFigures:
    """The room in figures; two statements."""
    since = now - timedelta(days=1)
    rows = session.execute(
        select(Arrival.state, func.count().filter(Arrival.received_at > since), func.count(),
               func.min(Arrival.received_at))
        .where((Arrival.received_at > since) | Arrival.state.in_(("waiting", "stored")))
        .group_by(Arrival.state)
    ).all()  # fmt: skip
    today = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in rows}
    every = {row[0]: row[2] for row in rows}
    oldest = next((row[3] for row in rows if row[0] == "waiting"), None)
    return ArrivalFigures(
        today, every.get("waiting", 0), every.get("stored", 0), oldest, tuple(_sources(session))
    )


def arrivals(session: Session, *states: str, seen: ColumnElement[bool], limit: int = MOST) -> list[Came]:
    """What came and is in one of these states; what waits oldest first, all else newest first. seen: which
    tickets count (`tickets.seen`); what is in none is nobody's. One statement."""
    order = Arrival.received_at.asc() if states == ("waiting",) else Arrival.received_at.desc()
    statement = _CAME.where(Arrival.ticket_id.is_(None) | seen)
    if states:
        statement = statement.where(Arrival.state.in_(states))
    return [Came(*row) for row in session.execute(statement.order_by(order, Arrival.id).limit(limit))]


def arrival(session: Session, arrival_id: int) -> tuple[Came, bytes]:
    """One message, and what came as it came. Raises `NotFound`."""
    row = session.execute(
        select(*_COLUMNS, Arrival.raw)
        .outerjoin(Customer, Customer.id == Arrival.customer_id)
        .where(Arrival.id == arrival_id)
    ).one_or_none()
    if row is None:
        raise NotFound("no_such_arrival", mark("There is no such message."), str(arrival_id))
    return Came(*row[:-1]), row[-1]


def _sources(session: Session) -> list[Source]:
    not_given = func.count(MailPlace.uid)
    missing = and_(
        MailPlace.source_id == MailSource.id,
        MailPlace.uid_validity == MailSource.uid_validity,
        MailPlace.arrival_id.is_(None),
        MailPlace.settled_at.is_(None),
    )
    rows = session.execute(
        select(
            MailSource.name, MailSource.looked_at, MailSource.well_at, MailSource.failing_since,
            MailSource.error, not_given,
        )
        .outerjoin(MailPlace, missing)
        .group_by(MailSource.id)
        .order_by(MailSource.name)
    )  # fmt: skip
    return [Source(*row) for row in rows]
