"""The promises of a ticket follow what happens to it, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Customer, CustomerFlag
from utility_crm.tickets.care.tables import TicketPromise
from utility_crm.tickets.domain.promises import (
    OF,
    Goal,
    Of,
    Policy,
    Running,
    Stretch,
    policy_for,
    running_from,
    still_from,
    together,
)
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.sla.policies import policies, policy_of
from utility_crm.tickets.tables import Ticket

CHOOSES = ("kind", "priority", "customer_id")
"""What decides which policy holds."""
_DUE = {"first_answer": "first_answer_due_at", "resolution": "solve_due_at"}


def follow(session: Session, event: TicketEvent) -> None:
    """Start, stop, keep or drop the promises of the event's ticket."""
    if event.kind in ("noted", "watched", "unwatched", "linked", "unlinked", "sending", "rated"):
        return
    ticket = session.get(Ticket, event.ticket_id)
    if ticket is None:
        return
    rows = {
        row.what: row
        for row in session.scalars(select(TicketPromise).where(TicketPromise.ticket_id == ticket.id))
    }
    if ticket.merged_into_id is not None:
        _hand_over(session, rows, ticket.merged_into_id)
        _drop(session, ticket)
        return
    anew = event.kind in ("opened", "unmerged", "split") or any(name in event.after for name in CHOOSES)
    if anew:
        policy = policy_for(policies(session), ticket.kind, ticket.priority, segments_of(session, ticket))
    elif rows:
        policy = policy_of(session, next(iter(rows.values())).policy_id)
    else:
        return
    for what in OF:
        goal = policy.goal(what) if policy is not None else None
        row = rows.get(what)
        if policy is None or goal is None:
            if row is not None:
                session.delete(row)
            continue
        if row is not None and not anew:
            goal = Goal(row.goal_minutes, row.working)
        _keep(session, ticket, row, what, policy, goal, event.at)
    session.flush()
    _say_due(session, ticket)


def segments_of(session: Session, ticket: Ticket) -> tuple[str, ...]:
    """The customer's segment, and whether they need care; none of somebody we do not know."""
    if ticket.customer_id is None:
        return ()
    care = (CustomerFlag.customer_id == Customer.id, CustomerFlag.kind != "needs")
    flagged = select(CustomerFlag.id).where(*care).exists()
    statement = select(Customer.segment, flagged).where(Customer.id == ticket.customer_id)
    segment, needs_care = session.execute(statement).one()
    return (segment, "vulnerable") if needs_care else (segment,)


def _keep(
    session: Session,
    ticket: Ticket,
    row: TicketPromise | None,
    what: Of,
    policy: Policy,
    goal: Goal,
    at: datetime,
) -> None:
    done_at = ticket.first_answered_at if what == "first_answer" else ticket.solved_at
    if row is None:
        row = TicketPromise(ticket_id=ticket.id, what=what, stretches=[])
        session.add(row)
        # Words that were split off have waited since before their ticket was made.
        begins = min(ticket.waits_since or ticket.opened_at, ticket.opened_at)
        stretches: Sequence[Stretch] = running_from((), begins)
    else:
        stretches = read_stretches(row.stretches)
        if row.met_at is None and row.breached_at is None and row.due_at is not None and row.due_at < at:
            row.breached_at = row.due_at  # before the clock came by
    row.policy_id, row.goal_minutes, row.working = policy.id, goal.minutes, goal.working
    if done_at is not None:
        if row.met_at is None:  # what was due stays to be read
            row.stretches, row.met_at = written_stretches(still_from(stretches, done_at)), done_at
        return
    waits = ticket.status == "waiting"
    stretches = still_from(stretches, at) if waits else running_from(stretches, at)
    running = Running.of(goal, policy.hours, stretches)
    row.met_at = None
    row.stretches = written_stretches(stretches)
    row.due_at, row.warn_at = running.due_at(), running.warn_at(policy.warn_percent)


def _hand_over(session: Session, rows: Mapping[str, TicketPromise], into_id: int) -> None:
    """What is still owed has run for the ticket that it was merged into as well: no time begins anew. That
    one reckons its due times when it hears of the merge."""
    for what, row in rows.items():
        kept = session.get(TicketPromise, (into_id, what))
        if row.met_at is None and kept is not None and (kept.met_at is None or what == "resolution"):
            both = together(read_stretches(kept.stretches), read_stretches(row.stretches))
            kept.stretches = written_stretches(both)
    session.flush()


def _drop(session: Session, ticket: Ticket) -> None:
    session.execute(delete(TicketPromise).where(TicketPromise.ticket_id == ticket.id))
    session.execute(
        update(Ticket).where(Ticket.id == ticket.id).values(first_answer_due_at=None, solve_due_at=None)
    )


def _say_due(session: Session, ticket: Ticket) -> None:
    """The times stand on the ticket, for its lists; what is kept or stands still has none."""
    due: dict[str, Any] = dict.fromkeys(_DUE.values())
    rows = session.execute(
        select(TicketPromise.what, TicketPromise.due_at).where(
            TicketPromise.ticket_id == ticket.id, TicketPromise.met_at.is_(None)
        )
    )
    for what, due_at in rows:
        due[_DUE[what]] = due_at
    if any(getattr(ticket, name) != value for name, value in due.items()):
        session.execute(update(Ticket).where(Ticket.id == ticket.id).values(**due))


def read_stretches(kept: Sequence[Sequence[str | None]]) -> tuple[Stretch, ...]:
    """From JSON."""
    return tuple(
        (datetime.fromisoformat(str(begins)), datetime.fromisoformat(ends) if ends is not None else None)
        for begins, ends in kept
    )


def written_stretches(stretches: Sequence[Stretch]) -> list[Any]:
    """As JSON has them."""
    return [
        [begins.isoformat(), ends.isoformat() if ends is not None else None] for begins, ends in stretches
    ]
