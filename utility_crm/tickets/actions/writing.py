"""How a ticket's row is changed: held, compared with what the person saw, written with its event.

Everybody who changes a ticket holds its row first, so changes of one ticket follow each other. Whoever says
which version they saw is told what others did since (Conflict), and nothing of theirs is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.tickets.domain.life import Standing
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.events import Kind, TicketEvent, record
from utility_crm.tickets.tables import Ticket, TicketEventRow
from utility_crm.tickets.words import what_happened
from utility_crm.web.words import mark

LONGEST_SUBJECT = 200
LONGEST_TEXT = 50_000
TRIES = 5


def held(session: Session, ticket_id: int) -> Ticket:
    """The ticket's row, held until the transaction ends. NotFound."""
    found = session.scalars(
        select(Ticket)
        .where(Ticket.id == ticket_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound(
            "no_such_ticket", mark("There is no ticket %(number)s."), "ticket", number=number_of(ticket_id)
        )
    return found


def held_all(session: Session, ticket_ids: Iterable[int]) -> dict[int, Ticket]:
    """Several rows, held in the order of their ids, so that two people never wait for each other."""
    return {ticket_id: held(session, ticket_id) for ticket_id in sorted(set(ticket_ids))}


def held_to_the_end(session: Session, ticket_id: int, *more: int) -> list[Ticket]:
    """A ticket and every one it was merged into, in that order, the last being where its messages are by now;
    all of them (and `more`) held. NotFound.

    The way is read before anything is held, so that rows are held in the order of their ids here, too; where
    the way was another by then, they are let go and it is walked anew. Raises Conflict where it never rests.
    """
    for _ in range(TRIES):
        way = _way(session, ticket_id)
        trial = session.begin_nested()
        rows = held_all(session, {*way, *more})
        if [rows[one].merged_into_id for one in way] == [*way[1:], None]:
            trial.commit()
            return [rows[one] for one in way]
        trial.rollback()
    raise Conflict("ticket_busy", mark("Others merge this ticket just now. Try it again."), None)


def _way(session: Session, ticket_id: int) -> list[int]:
    """The ids from a ticket to the end of its merges, as they stand now."""
    found = [ticket_id]
    while True:
        into = session.scalar(select(Ticket.merged_into_id).where(Ticket.id == found[-1]))
        if into is None:
            return found
        found.append(into)


def held_alive(session: Session, ticket_id: int) -> Ticket:
    """The row of a ticket that was not merged into another. Raises NotFound, Conflict."""
    found = held(session, ticket_id)
    if found.merged_into_id is not None:
        words = mark("%(number)s was merged into %(into)s: go on there.")
        into = number_of(found.merged_into_id)
        raise Conflict("ticket_merged", words, None, number=found.number, into=into)
    return found


def as_seen(session: Session, ticket: Ticket, version: int | None, by: int | None) -> None:
    """Raises Conflict where others did something to the ticket since the version that a person saw.

    What the person did themselves, and what rules and the clock did, is no surprise to them; a word of the
    customer's is.
    """
    if version is None or version >= ticket.version:
        return
    rows = session.execute(
        select(TicketEventRow.kind, TicketEventRow.after, TicketEventRow.at, User.name)
        .outerjoin(User, User.id == TicketEventRow.by_user)
        .where(
            TicketEventRow.ticket_id == ticket.id,
            TicketEventRow.version > version,
            TicketEventRow.by_user.is_distinct_from(by),
            TicketEventRow.by_user.is_not(None) | TicketEventRow.kind.in_(["heard", "absorbed"]),
        )
        .order_by(TicketEventRow.id.desc())
        .limit(3)
    ).all()
    if rows:
        kind, after, at, name = rows[0]
        raise Changed(kind, after, at, name or "", len(rows) - 1)


class Changed(Conflict):
    """Somebody else changed the ticket meanwhile: who, what and when. Nothing was written."""

    def __init__(self, kind: str, after: Mapping[str, Any], at: datetime, name: str, more: int) -> None:
        words, values = what_happened(kind, after, name)
        super().__init__("ticket_changed", words, None, at=at, **values)
        self.at, self.more = at, more


def standing_of(ticket: Ticket) -> Standing:
    """Where the row stands."""
    return Standing(
        ticket.status, ticket.first_answered_at, ticket.solved_at, ticket.closed_at, ticket.waits_since,
        ticket.snoozed_until, ticket.reopened,
    )  # fmt: skip


def fields_of(standing: Standing) -> dict[str, Any]:
    """A standing as columns of the row."""
    return asdict(standing)


def write(
    session: Session,
    ticket: Ticket,
    changes: Mapping[str, Any],
    kind: Kind,
    *,
    now: datetime,
    by: int | None,
    message_id: int | None = None,
    more_before: Mapping[str, Any] | None = None,
    more_after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> TicketEvent | None:
    """Change the row and write what changed; None where a mere change changes nothing."""
    changed = {name: value for name, value in changes.items() if getattr(ticket, name) != value}
    if not changed and kind == "changed":
        return None
    before = {name: told(getattr(ticket, name)) for name in changed} | dict(more_before or {})
    after = {name: told(value) for name, value in changed.items()} | dict(more_after or {})
    for name, value in changed.items():
        setattr(ticket, name, value)
    ticket.version += 1
    ticket.updated_at = max(ticket.updated_at, now)
    session.flush()
    return record(
        session, ticket.id, ticket.version, kind, now=now, by=by, message_id=message_id, before=before,
        after=after, reason=reason,
    )  # fmt: skip


def same_matter(ticket: Ticket) -> dict[str, Any]:
    """What another ticket of the same matter has from the beginning."""
    names = ("customer_id", "account_id", "premise_id", "outage_id", "team_id", "language")
    return {name: getattr(ticket, name) for name in names} | {"tags": list(ticket.tags)}


def told(value: Any) -> Any:
    """A column's value as JSON has it."""
    return (
        value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
    )


def some_text(text: str, where: str = "text") -> str:
    """What was written, without blanks around it. Raises Invalid where there is nothing, or too much."""
    found = text.replace("\0", "").replace("\r\n", "\n").strip()
    if not found:
        raise Invalid("text_needed", mark("Write something first."), where)
    if len(found) > LONGEST_TEXT:
        raise Invalid(
            "text_long", mark("A message has at most %(most)s characters."), where, most=LONGEST_TEXT
        )
    return found


def some_subject(subject: str) -> str:
    """The subject on one line. Raises Invalid where there is none, or it is too long."""
    found = " ".join(subject.replace("\0", "").split())
    if not found:
        raise Invalid("subject_needed", mark("Say in a few words what it is about."), "subject")
    if len(found) > LONGEST_SUBJECT:
        words = mark("A subject has at most %(most)s characters.")
        raise Invalid("subject_long", words, "subject", most=LONGEST_SUBJECT)
    return found
