"""Which of the latest tickets would a rule have touched? Nothing is written.

A ticket's events are walked backwards from how it stands now, each undone by what it changed from: so the
condition is asked about the ticket as it was when the event happened. What is said of the customer (segment,
care, tags) and the latest words are those of now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, User
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.domain.rules import Rule, Since, event_of
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.rules.facts import facts_of, minutes_since
from utility_crm.tickets.rules.running import events_in
from utility_crm.tickets.tables import Ticket, TicketEventRow

LATEST = 500
_NAMED = {"team_id": "team", "assignee_id": "assignee"}
_PLAIN = ("kind", "priority", "status", "language")


@dataclass(frozen=True, slots=True)
class Touched:
    """A ticket that a rule would have acted on, upon what, and when for the first time."""

    ticket_id: int
    subject: str
    event: str
    at: datetime
    customer_id: int | None

    @property
    def number(self) -> str:
        """What people say."""
        return number_of(self.ticket_id)


def would_have_touched(session: Session, rule: Rule, now: datetime, latest: int = LATEST) -> list[Touched]:
    """Of the latest tickets those it would have acted on, newest first; three statements in all."""
    tickets = session.execute(
        select(Ticket.id, Ticket.subject, Ticket.customer_id).order_by(Ticket.id.desc()).limit(latest)
    ).all()
    ids = [row.id for row in tickets]
    facts = facts_of(session, ids, now)
    names = _names(session)
    events: dict[int, list[TicketEventRow]] = {}
    for row in session.scalars(
        select(TicketEventRow).where(TicketEventRow.ticket_id.in_(ids)).order_by(TicketEventRow.id)
    ):
        events.setdefault(row.ticket_id, []).append(row)
    found = []
    for ticket in tickets:
        first = _first(rule, facts.get(ticket.id, {}), events.get(ticket.id, []), names, now)
        if first is not None:
            found.append(Touched(ticket.id, ticket.subject, *first, ticket.customer_id))
    return found


def _first(
    rule: Rule, facts: Mapping[str, Any], rows: Sequence[TicketEventRow], names: _Names, now: datetime
) -> tuple[str, datetime] | None:
    wanted = {event_of(when) for when in rule.when}
    waits = [when for when in rule.when if isinstance(when, Since)]
    moments = list(_moments(dict(facts), rows, names))
    for number, (row, then) in enumerate(moments):
        ends_at = moments[number + 1][0].at if number + 1 < len(moments) else now
        for event in _events_of(row):
            if event in wanted and rule.condition.holds(_aged(then, moments, row.at)):
                return event, row.at
            for when in waits:
                due = row.at + timedelta(minutes=when.minutes)
                # Nothing else happened until then, or it would have begun anew or been another ticket.
                if when.event == event and due <= now and due <= _next(moments, number, event, now):
                    standing = then if due <= ends_at else _standing(moments, due)
                    if rule.condition.holds(_aged(standing, moments, due)):
                        return event_of(when), due
    return None


def _moments(
    facts: dict[str, Any], rows: Sequence[TicketEventRow], names: _Names
) -> Iterator[tuple[TicketEventRow, dict[str, Any]]]:
    """Each event with the facts as they were right after it, oldest first."""
    found = []
    for row in reversed(rows):
        found.append((row, dict(facts)))
        for field, value in row.before.items():
            if field in _PLAIN:
                facts[field] = value or None
            elif field in _NAMED:
                facts[_NAMED[field]] = names.get((field, value))
            elif field == "tags":
                facts["tags"] = frozenset(value)
    yield from reversed(found)


def _standing(moments: Sequence[tuple[TicketEventRow, dict[str, Any]]], at: datetime) -> dict[str, Any]:
    return next(then for row, then in reversed(moments) if row.at <= at)


def _next(
    moments: Sequence[tuple[TicketEventRow, dict[str, Any]]], number: int, event: str, now: datetime
) -> datetime:
    return next((row.at for row, _ in moments[number + 1 :] if event in _events_of(row)), now)


def _aged(
    then: Mapping[str, Any], moments: Sequence[tuple[TicketEventRow, dict[str, Any]]], at: datetime
) -> dict[str, Any]:
    """The facts with ages as of an instant."""
    past = [row for row, _ in moments if row.at <= at]
    heard = [row.at for row in past if row.kind in ("opened", "heard")]
    told = [row.at for row in past if row.kind == "answered"]
    return {
        **then,
        "age": minutes_since(past[0].at if past else None, at),
        "silence": minutes_since(heard[-1] if heard else None, at),
        "since_answer": minutes_since(told[-1] if told else None, at),
    }


def _events_of(row: TicketEventRow) -> tuple[str, ...]:
    event = TicketEvent(
        row.id, row.ticket_id, row.version, row.at, row.kind,  # type: ignore[arg-type]
        row.by_user, row.message_id, row.before, row.after, row.reason,
    )  # fmt: skip
    return events_in(event)


_Names = dict[tuple[str, int | None], str]


def _names(session: Session) -> _Names:
    people: _Names = {
        ("assignee_id", one): login for one, login in session.execute(select(User.id, User.login))
    }
    return people | {("team_id", one): name for one, name in session.execute(select(Team.id, Team.name))}
