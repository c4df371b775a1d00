"""What the pages of complaints show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, text
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, User
from utility_crm.customers.tables import Customer
from utility_crm.kit.settings import settings
from utility_crm.tickets.care.tables import Complaint
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket

SOON_DAYS = 5


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """A complaint of the register. step, due_on: what is owed next, and its last day."""

    ticket_id: int
    subject: str
    customer_id: int | None
    customer: str
    assignee: str
    team: str
    received_on: date
    stage: str
    cause: str
    outcome: str
    step: str
    due_on: date | None
    answered_at: datetime | None
    closed_at: datetime | None
    redress_minor: int
    currency: str
    country: str
    status: str

    @property
    def number(self) -> str:
        """What people say."""
        return number_of(self.ticket_id)


@dataclass(frozen=True, slots=True)
class StepLine:
    """What was done, or became due."""

    id: int
    at: datetime
    by: str
    kind: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter without its bytes."""

    id: int
    kind: str
    language: str
    subject: str
    text: str
    made_at: datetime
    made_by: str
    sent_at: datetime | None
    sent_how: str


@dataclass(frozen=True, slots=True)
class Whole:
    """One complaint in full. said: the first words of theirs, what is complained of."""

    line: ComplaintLine
    cause_detail: str
    redress_link: str
    ombudsman_reference: str
    received_at: datetime
    said: str
    steps: tuple[StepLine, ...]
    letters: tuple[LetterLine, ...]

    @property
    def last_step(self) -> int:
        """The version of it that a person sees."""
        return self.steps[-1].id if self.steps else 0


@dataclass(frozen=True, slots=True)
class CauseLine:
    """Complaints of one cause received in a period (of those that were merged the one they go on with; none
    that was no complaint): how many, settled, in how many they were right (in part, too), settled within
    eight weeks, days until settled (median), and what they got, by currency."""

    cause: str
    received: int
    settled: int
    right: int
    in_time: int
    median_days: int | None
    redress: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaitingFigures:
    """Of complaints that are not settled: how many, late, due within SOON_DAYS, and the first last day."""

    open: int
    late: int
    soon: int
    first_due_on: date | None


_LINE = (
    select(
        Complaint.ticket_id, Ticket.subject, Ticket.customer_id,
        func.coalesce(Customer.name, "").label("customer"),
        func.coalesce(User.name, "").label("assignee"), func.coalesce(Team.name, "").label("team"),
        Complaint.received_on, Complaint.stage, Complaint.cause, Complaint.outcome,
        Complaint.next_step.label("step"), Complaint.due_on, Complaint.answered_at, Complaint.closed_at,
        Complaint.redress_minor, Complaint.currency, Complaint.country, Ticket.status,
    )
    .join(Ticket, Ticket.id == Complaint.ticket_id)
    .outerjoin(Customer, Customer.id == Ticket.customer_id)
    .outerjoin(User, User.id == Ticket.assignee_id)
    .outerjoin(Team, Team.id == Ticket.team_id)
)  # fmt: skip
_MORE = text("""
    select cause_detail, redress_link, ombudsman_reference, received_at,
           coalesce((select m.text from ticket_messages m where m.ticket_id = complaints.ticket_id
                     and m.direction = 'in' order by m.at, m.id limit 1), '') as said
    from complaints where ticket_id = :id
""")
_STEPS = text("""
    select s.id, s.at, coalesce(u.name, '') as by, s.kind, s.what, s.note
    from complaint_steps s left join users u on u.id = s.by_user where s.ticket_id = :id order by s.id
""")
_LETTERS = text("""
    select l.id, l.kind, l.language, l.subject, l.text, l.made_at, coalesce(u.name, '') as made_by, l.sent_at,
           l.sent_how
    from complaint_letters l left join users u on u.id = l.made_by where l.ticket_id = :id order by l.id
""")
_BY_CAUSE = text("""
    select cause, count(*) as received, count(closed_at) as settled,
           count(*) filter (where closed_at is not null and outcome in ('upheld', 'partly')) as right,
           count(*) filter (where (closed_at at time zone :zone)::date <= received_on + 56) as in_time,
           percentile_disc(0.5) within group (order by (closed_at at time zone :zone)::date - received_on)
               filter (where closed_at is not null) as median_days,
           coalesce((
               select jsonb_object_agg(s.currency, s.amount) from (
                   select d.currency, sum(d.redress_minor) as amount from complaints d
                   where d.cause = c.cause and d.redress_minor > 0
                     and d.received_on >= :first and d.received_on < :before
                   group by d.currency
               ) s), '{}') as redress
    from complaints c
    where received_on >= :first and received_on < :before and outcome not in ('merged', 'none')
    group by cause order by received desc, cause
""")


Seen = ColumnElement[bool]
"""Which tickets a person may see: a condition on rows of `tickets`."""


def waiting(session: Session, seen: Seen | None = None, most: int = 200) -> list[ComplaintLine]:
    """Complaints that are not settled, what is due first at the top."""
    order = (Complaint.due_on.asc().nulls_last(), Complaint.received_on, Complaint.ticket_id)
    return _lines(session, _LINE.where(Complaint.stage != "closed").order_by(*order), seen, most)


def register(
    session: Session, first: date, before: date, seen: Seen | None = None, most: int = 500
) -> list[ComplaintLine]:
    """Complaints received in [first, before), the newest first."""
    among = _LINE.where(Complaint.received_on >= first, Complaint.received_on < before)
    order = (Complaint.received_on.desc(), Complaint.ticket_id.desc())
    return _lines(session, among.order_by(*order), seen, most)


def _lines(session: Session, statement: Any, seen: Seen | None, most: int) -> list[ComplaintLine]:
    if seen is not None:
        statement = statement.where(seen)
    return [ComplaintLine(**row._mapping) for row in session.execute(statement.limit(most))]


def waiting_figures(session: Session, today: date, seen: Seen | None = None) -> WaitingFigures:
    """How many wait."""
    due, soon = Complaint.due_on, today + timedelta(days=SOON_DAYS)
    statement = (
        select(
            func.count().label("open"),
            func.count().filter(due < today).label("late"),
            func.count().filter(due.between(today, soon)).label("soon"),
            func.min(due).label("first_due_on"),
        )
        .select_from(Complaint)
        .join(Ticket, Ticket.id == Complaint.ticket_id)
        .where(Complaint.stage != "closed")
    )
    row = session.execute(statement if seen is None else statement.where(seen)).one()
    return WaitingFigures(**row._mapping)


def by_cause(session: Session, first: date, before: date) -> list[CauseLine]:
    """Of those received in [first, before), by cause, the most frequent first."""
    rows = session.execute(_BY_CAUSE, {"first": first, "before": before, "zone": settings().timezone})
    return [CauseLine(**row._mapping) for row in rows]


def complaint_of(session: Session, ticket_id: int) -> Whole | None:
    """One complaint in full; None where the ticket is none."""
    one = session.execute(_LINE.where(Complaint.ticket_id == ticket_id)).one_or_none()
    if one is None:
        return None
    more = session.execute(_MORE, {"id": ticket_id}).one()
    return Whole(
        ComplaintLine(**one._mapping),
        more.cause_detail,
        more.redress_link,
        more.ombudsman_reference,
        more.received_at,
        more.said,
        _each(StepLine, session.execute(_STEPS, {"id": ticket_id}).all()),
        _each(LetterLine, session.execute(_LETTERS, {"id": ticket_id}).all()),
    )


def _each(kind: type[Any], rows: Sequence[Row[Any]]) -> tuple[Any, ...]:
    return tuple(kind(**row._mapping) for row in rows)
