"""What the board shows of now: a statement a question, each without what the person may not see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import roles_with
from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.customers.limits import seen_by
from utility_crm.customers.tables import Contact, Customer
from utility_crm.telephony.queries import LONGEST_CALL
from utility_crm.telephony.tables import Call
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.queries.queue import NEXT_DUE
from utility_crm.tickets.queries.ticket import PRESENT_FOR
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket, TicketPresence

HOUR = timedelta(hours=1)
MOST = 100
"""Rows of a list at most; what is counted is all."""
MOST_PEOPLE = 500


@dataclass(frozen=True, slots=True)
class Queue:
    """Tickets that are not solved and do not sleep, of one team (none: nobody's yet) and kind.

    unanswered: the last word is theirs. oldest: since when their oldest such word waits.
    """

    team_id: int | None
    team: str
    kind: str
    open: int
    unassigned: int
    unanswered: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Promise:
    """A ticket whose next promise is broken or falls due within the hour. first: it is the first answer."""

    id: int
    subject: str
    kind: str
    customer_id: int | None
    customer: str
    assignee: str
    team: str
    due_at: datetime
    first: bool

    @property
    def number(self) -> str:
        return number_of(self.id)


@dataclass(frozen=True, slots=True)
class Promises:
    """The first of them, and how many are broken and how many break within the hour in all."""

    rows: tuple[Promise, ...]
    broken: int
    soon: int


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who takes calls and tickets, and on what they are now. subject_of: whose ticket that is."""

    id: int
    name: str
    teams: tuple[str, ...]
    tickets: int
    late: int
    call_since: datetime | None
    call_state: str
    caller_id: int | None
    caller: str
    looks_at: int | None
    subject: str
    subject_of: int | None
    doing: str
    contacts: int

    @property
    def number(self) -> str:
        """The number of the ticket they look at."""
        return number_of(self.looks_at) if self.looks_at else ""

    @property
    def busy(self) -> bool:
        """On a call, or with a ticket open."""
        return self.call_since is not None or self.looks_at is not None


def queues(session: Session, user: SignedIn, now: datetime) -> tuple[Queue, ...]:
    """What waits, by team and kind; what waits longest first, then the rest."""
    oldest = func.min(Ticket.waits_since)
    rows = session.execute(
        select(
            Ticket.team_id,
            func.coalesce(Team.name, ""),
            Ticket.kind,
            func.count(),
            func.count().filter(Ticket.assignee_id.is_(None)),
            func.count(Ticket.waits_since),
            oldest,
        )
        .outerjoin(Team, Team.id == Ticket.team_id)
        .where(
            tickets_seen_by(user),
            Ticket.status.not_in(ENDED),
            or_(Ticket.snoozed_until.is_(None), Ticket.snoozed_until <= now),
        )
        .group_by(Ticket.team_id, Team.name, Ticket.kind)
        .order_by(oldest.asc().nulls_last(), Team.name.asc().nulls_first(), Ticket.kind)
    )
    return tuple(Queue(*row) for row in rows)


def promises(session: Session, user: SignedIn, now: datetime) -> Promises:
    """Broken promises and those of the next hour, the first due first. One that sleeps is due as before."""
    broken = case((now > NEXT_DUE, 1), else_=0)
    rows = session.execute(
        select(
            Ticket.id,
            Ticket.subject,
            Ticket.kind,
            Ticket.customer_id,
            func.coalesce(Customer.name, ""),
            func.coalesce(User.name, ""),
            func.coalesce(Team.name, ""),
            NEXT_DUE,
            and_(Ticket.first_answered_at.is_(None), Ticket.first_answer_due_at == NEXT_DUE),
            func.sum(broken).over(),
            func.count().over(),
        )
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .where(tickets_seen_by(user), Ticket.status.not_in(ENDED), now + HOUR > NEXT_DUE)
        .order_by(NEXT_DUE, Ticket.id)
        .limit(MOST)
    ).all()
    if not rows:
        return Promises((), 0, 0)
    late, whole = int(rows[0][9]), int(rows[0][10])
    return Promises(tuple(Promise(*row[:9]) for row in rows), late, whole - late)


def colleagues(session: Session, user: SignedIn, now: datetime, midnight: datetime) -> tuple[Colleague, ...]:
    """Everybody who takes calls, by name: with an area's limit the work shown is that of the area."""
    teams = (
        select(TeamMember.user_id, func.array_agg(Team.name).label("names"))
        .join(Team, Team.id == TeamMember.team_id)
        .group_by(TeamMember.user_id)
        .subquery()
    )
    has = (
        select(
            Ticket.assignee_id, func.count().label("all"), func.count().filter(now > NEXT_DUE).label("late")
        )
        .where(Ticket.assignee_id.is_not(None), Ticket.status.not_in(ENDED), tickets_seen_by(user))
        .group_by(Ticket.assignee_id)
        .subquery()
    )
    speaks = (
        select(Call.user_id, Call.answered_at, Call.began_at, Call.state, Call.customer_id, Customer.name)
        .outerjoin(Customer, Customer.id == Call.customer_id)
        .where(Call.ended_at.is_(None), Call.began_at > now - LONGEST_CALL, calls_seen_by(user))
        .ext(distinct_on(Call.user_id))
        .order_by(Call.user_id, Call.answered_at.desc().nulls_last(), Call.id.desc())
        .subquery()
    )
    looks = (
        select(TicketPresence.user_id, Ticket.id, Ticket.subject, Ticket.customer_id, TicketPresence.doing)
        .join(Ticket, Ticket.id == TicketPresence.ticket_id)
        .where(TicketPresence.seen_at > now - PRESENT_FOR, tickets_seen_by(user))
        .ext(distinct_on(TicketPresence.user_id))
        .order_by(TicketPresence.user_id, TicketPresence.seen_at.desc(), Ticket.id.desc())
        .subquery()
    )
    spoke = (
        select(Contact.author_id, func.count().label("all"))
        .where(Contact.at >= midnight, Contact.at <= now, seen_by(user, Contact.customer_id))
        .group_by(Contact.author_id)
        .subquery()
    )
    rows = session.execute(
        select(
            User.id,
            User.name,
            teams.c.names,
            func.coalesce(has.c.all, 0),
            func.coalesce(has.c.late, 0),
            func.coalesce(speaks.c.answered_at, speaks.c.began_at),
            func.coalesce(speaks.c.state, ""),
            speaks.c.customer_id,
            func.coalesce(speaks.c.name, ""),
            looks.c.id,
            func.coalesce(looks.c.subject, ""),
            looks.c.customer_id,
            func.coalesce(looks.c.doing, ""),
            func.coalesce(spoke.c.all, 0),
        )
        .outerjoin(teams, teams.c.user_id == User.id)
        .outerjoin(has, has.c.assignee_id == User.id)
        .outerjoin(speaks, speaks.c.user_id == User.id)
        .outerjoin(looks, looks.c.user_id == User.id)
        .outerjoin(spoke, spoke.c.author_id == User.id)
        .where(User.active, User.role.in_(roles_with("calls.take")))
        .order_by(User.name, User.id)
        .limit(MOST_PEOPLE)
    )
    return tuple(Colleague(row[0], row[1], tuple(sorted(row[2] or ())), *row[3:]) for row in rows)


def calls_seen_by(user: SignedIn) -> ColumnElement[bool]:
    """Calls of people whom nobody knows yet are everybody's."""
    if not user.area_ids:
        return true()
    return or_(Call.customer_id.is_(None), seen_by(user, Call.customer_id))
