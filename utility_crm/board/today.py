"""How today is going: figures of the day so far against the same weekdays before, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Values,
    and_,
    case,
    column,
    false,
    func,
    or_,
    select,
    values,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from utility_crm.auth.queries import SignedIn
from utility_crm.board.domain.days import Compared, Stretch, compared
from utility_crm.board.queries import calls_seen_by
from utility_crm.customers.limits import seen_by
from utility_crm.customers.tables import Contact
from utility_crm.telephony.tables import Call
from utility_crm.tickets.care.tables import TicketPromise
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket, TicketEventRow, TicketMessage

_MOVED = ("merged", "absorbed", "unmerged")
"""What ends and begins anew by being put together is neither solved nor reopened."""
Instant = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None] | ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Today:
    """Each figure of today beside its mean; shares of one, `handled` in seconds a call.

    settled: contacts that were enough, of those of which somebody said so or not
    first_word: tickets solved after one word of the customer and never opened again, of those solved in which
        the customer said anything
    handled: seconds talked and on hold, of calls that were taken; missed: calls in that nobody took, of all
    reopened: tickets opened again, of as many as were solved
    in_time: first answers given in time, of those that were given or should have been
    """

    settled: Compared
    first_word: Compared
    handled: Compared
    missed: Compared
    reopened: Compared
    in_time: Compared


def today_figures(session: Session, user: SignedIn, now: datetime, days: Sequence[Stretch]) -> Today:
    """One statement. days: today first (`domain.days.same_weekdays`)."""
    over = values(
        column("weeks_ago", BigInteger),
        column("begins", DateTime(timezone=True)),
        column("ends", DateTime(timezone=True)),
        name="days",
    ).data([(one.weeks_ago, one.begins, one.ends) for one in days])
    parts = [
        _contacts(over, user).subquery(),
        _solved(over, user).subquery(),
        _calls(over, user).subquery(),
        _reopened(over, user).subquery(),
        _promised(over, user, now).subquery(),
    ]
    found = select(over.c.weeks_ago, *(one for part in parts for one in part.c if one.name != "weeks_ago"))
    joined: Any = over
    for part in parts:
        joined = joined.outerjoin(part, part.c.weeks_ago == over.c.weeks_ago)
    rows = session.execute(found.select_from(joined).order_by(over.c.weeks_ago)).mappings().all()

    def figure(part: str, whole: str) -> Compared:
        return compared([(float(row[part] or 0), int(row[whole] or 0)) for row in rows])

    return Today(
        settled=figure("settled", "asked"),
        first_word=figure("first_word", "heard"),
        handled=figure("seconds", "taken"),
        missed=figure("missed", "rang"),
        reopened=figure("reopened", "solved"),
        in_time=figure("in_time", "decided"),
    )


def _within(over: Values, at: Instant) -> ColumnElement[bool]:
    return and_(at >= over.c.begins, at < over.c.ends)


def _contacts(over: Values, user: SignedIn) -> Select[*tuple[Any, ...]]:
    return (
        select(
            over.c.weeks_ago,
            func.count(Contact.resolved).label("asked"),
            func.count().filter(Contact.resolved.is_(True)).label("settled"),
        )
        .join(Contact, _within(over, Contact.at))
        .where(seen_by(user, Contact.customer_id))
        .group_by(over.c.weeks_ago)
    )


def _solved(over: Values, user: SignedIn) -> Select[*tuple[Any, ...]]:
    """Tickets that came to an end on the day, whatever became of them since."""
    words = (
        select(func.count())
        .where(TicketMessage.ticket_id == Ticket.id, TicketMessage.direction == "in")
        .correlate(Ticket)
        .scalar_subquery()
    )
    heard = words > 0  # a matter of ours in which they said nothing was not solved by a word of theirs
    once = and_(Ticket.reopened == 0, words == 1)
    was, became = TicketEventRow.before["status"].astext, TicketEventRow.after["status"].astext
    return (
        select(
            over.c.weeks_ago,
            func.count(Ticket.id.distinct()).label("solved"),
            func.count(case((heard, Ticket.id)).distinct()).label("heard"),
            func.count(case((once, Ticket.id)).distinct()).label("first_word"),
        )
        .join(TicketEventRow, _within(over, TicketEventRow.at))
        .join(Ticket, Ticket.id == TicketEventRow.ticket_id)
        .where(
            became.in_(ENDED),
            func.coalesce(was, "").not_in(ENDED),
            TicketEventRow.kind.not_in(_MOVED),
            tickets_seen_by(user),
        )
        .group_by(over.c.weeks_ago)
    )


def _reopened(over: Values, user: SignedIn) -> Select[*tuple[Any, ...]]:
    return (
        select(over.c.weeks_ago, func.count().label("reopened"))
        .join(TicketEventRow, _within(over, TicketEventRow.at))
        .join(Ticket, Ticket.id == TicketEventRow.ticket_id)
        .where(
            TicketEventRow.after.has_key("reopened"),
            TicketEventRow.kind.not_in(_MOVED),
            tickets_seen_by(user),
        )
        .group_by(over.c.weeks_ago)
    )


def _calls(over: Values, user: SignedIn) -> Select[*tuple[Any, ...]]:
    """By the day a call began on: one that goes on counts for nothing yet."""
    taken, came = Call.answered_at.is_not(None), Call.direction == "in"
    spent = Call.talked_seconds + Call.held_seconds
    return (
        select(
            over.c.weeks_ago,
            func.count().filter(taken).label("taken"),
            func.sum(spent).filter(taken).label("seconds"),
            func.count().filter(came).label("rang"),
            func.count().filter(came, ~taken).label("missed"),
        )
        .join(Call, _within(over, Call.began_at))
        .where(Call.ended_at.is_not(None), calls_seen_by(user))
        .group_by(over.c.weeks_ago)
    )


def _promised(over: Values, user: SignedIn, now: datetime) -> Select[*tuple[Any, ...]]:
    """First answers by the instant at which it was settled whether they came in time: when they came, or
    when they should have come. A promise the clock has not come by to break is broken all the same."""
    late = or_(
        TicketPromise.breached_at.is_not(None),
        func.coalesce(TicketPromise.due_at < func.coalesce(TicketPromise.met_at, now), false()),
    )
    at = case(
        (late, func.coalesce(TicketPromise.breached_at, TicketPromise.due_at)), else_=TicketPromise.met_at
    )
    return (
        select(
            over.c.weeks_ago,
            func.count().label("decided"),
            func.count().filter(~late).label("in_time"),
        )
        .join(TicketPromise, _within(over, at))
        .join(Ticket, Ticket.id == TicketPromise.ticket_id)
        .where(TicketPromise.what == "first_answer", tickets_seen_by(user))
        .group_by(over.c.weeks_ago)
    )
