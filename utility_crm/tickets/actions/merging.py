"""Two tickets of one matter become one: the messages move, the emptied one points to the other; with undo.

The event of a merge names every message, file-bearing or not, that it moved, so the undo moves exactly those
back that are still where the merge put them. Nothing is ever copied or removed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid
from utility_crm.tickets.actions.writing import (
    as_seen,
    fields_of,
    held_all,
    held_to_the_end,
    standing_of,
    write,
)
from utility_crm.tickets.domain.life import turned
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket, TicketEventRow, TicketMessage, TicketWatcher
from utility_crm.web.words import mark

RESTORED = (
    "status",
    "first_answered_at",
    "solved_at",
    "closed_at",
    "waits_since",
    "snoozed_until",
    "reopened",
)


def merge(
    session: Session,
    from_id: int,
    into_id: int,
    *,
    now: datetime,
    by: int | None = None,
    version: int | None = None,
) -> list[int]:
    """The messages, children and watchers of one ticket go to another; the messages moved.

    The first is closed and points to the other; the other takes the customer of the first where it has none,
    waits since the older unanswered word, and is open again if it had ended and the first had not.
    Raises Invalid (the same), Conflict (either was merged already; changed since `version`).
    """
    if from_id == into_id:
        raise Invalid("merge_itself", mark("Name another ticket."), "into")
    rows = held_all(session, (from_id, into_id))
    old, kept = rows[from_id], rows[into_id]
    for one in (old, kept):
        if one.merged_into_id is not None:
            words = mark("%(number)s was merged into %(into)s already.")
            into = number_of(one.merged_into_id)
            raise Conflict("merged_already", words, "into", number=one.number, into=into)
    if kept.parent_id == from_id:
        words = mark("%(number)s belongs to this incident: take it out first.")
        raise Conflict("merge_child", words, "into", number=kept.number)
    as_seen(session, old, version, by)
    moved = _move(session, from_id, into_id)
    children = list(
        session.scalars(
            update(Ticket).where(Ticket.parent_id == from_id).values(parent_id=into_id).returning(Ticket.id)
        )
    )
    watchers = _watch_too(session, from_id, into_id, now)
    gone: dict[str, Any] = fields_of(turned(standing_of(old), "closed", now)) | {"merged_into_id": into_id}
    taken = _taken(old, kept)
    write(
        session, old, gone, "merged", now=now, by=by,
        more_after={"into": into_id, "messages": moved, "children": children, "watchers": watchers},
    )  # fmt: skip
    write(session, kept, taken, "absorbed", now=now, by=by, more_after={"from": from_id, "messages": moved})
    return moved


def unmerge(session: Session, ticket_id: int, *, now: datetime, by: int | None = None) -> list[int]:
    """Undo the merge of a ticket: what came from it and is still where it went goes back; the messages moved.

    The other keeps what was written since, and what it took (a customer, a state) where it had none. Raises
    Conflict where the ticket is not merged.
    """
    way = held_to_the_end(session, ticket_id)
    merged, end = way[0], way[-1]
    into_id = merged.merged_into_id
    if into_id is None:
        raise Conflict("not_merged", mark("%(number)s is not merged."), None, number=merged.number)
    event = session.scalars(
        select(TicketEventRow)
        .where(TicketEventRow.ticket_id == ticket_id, TicketEventRow.kind == "merged")
        .order_by(TicketEventRow.id.desc())
        .limit(1)
    ).one()
    back = list(
        session.scalars(
            update(TicketMessage)
            .where(
                TicketMessage.id.in_(event.after["messages"]), TicketMessage.ticket_id.in_([into_id, end.id])
            )
            .values(ticket_id=ticket_id)
            .returning(TicketMessage.id)
        )
    )
    session.execute(
        update(Ticket)
        .where(Ticket.id.in_(event.after["children"]), Ticket.parent_id.in_([into_id, end.id]))
        .values(parent_id=ticket_id)
    )
    session.execute(
        delete(TicketWatcher).where(
            TicketWatcher.ticket_id == into_id, TicketWatcher.user_id.in_(event.after["watchers"])
        )
    )
    before = {"merged_into_id": None} | {
        name: _read(name, event.before[name]) for name in RESTORED if name in event.before
    }
    about = {"from": ticket_id, "into": into_id, "messages": sorted(back)}
    write(session, merged, before, "unmerged", now=now, by=by, more_after=about)
    write(session, end, {}, "unmerged", now=now, by=by, more_after=about)
    return sorted(back)


def _move(session: Session, from_id: int, into_id: int) -> list[int]:
    return sorted(
        session.scalars(
            update(TicketMessage)
            .where(TicketMessage.ticket_id == from_id)
            .values(ticket_id=into_id)
            .returning(TicketMessage.id)
        )
    )


def _watch_too(session: Session, from_id: int, into_id: int, now: datetime) -> list[int]:
    """Watchers of the one watch the other as well; who did not before."""
    old = session.scalars(select(TicketWatcher.user_id).where(TicketWatcher.ticket_id == from_id)).all()
    if not old:
        return []
    rows = [{"ticket_id": into_id, "user_id": user_id, "since": now} for user_id in old]
    made = insert(TicketWatcher).values(rows).on_conflict_do_nothing().returning(TicketWatcher.user_id)
    return sorted(session.scalars(made))


def _taken(old: Ticket, kept: Ticket) -> dict[str, Any]:
    """What the other ticket takes from the one that comes in."""
    taken: dict[str, Any] = {}
    if kept.customer_id is None and old.customer_id is not None:
        taken = {"customer_id": old.customer_id, "account_id": old.account_id, "premise_id": old.premise_id}
    standing, coming = standing_of(kept), standing_of(old)
    if standing.ended and not coming.ended:
        standing = turned(standing, "open", old.updated_at)
    since = [at for at in (standing.waits_since, coming.waits_since) if at is not None]
    taken |= fields_of(standing)
    if since and not standing.ended:
        taken["waits_since"] = min(since)
    return taken


def _read(name: str, value: Any) -> Any:
    return (
        datetime.fromisoformat(value)
        if value is not None and name.endswith(("_at", "_since", "_until"))
        else value
    )
