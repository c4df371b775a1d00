"""Everything that happens to a ticket: one row each, and everybody who wants to know is told at once.

Rules, promises of time, mail that goes out: each room or package that wants to hear names a function in its
`Module.ticket_events`; it is called in the transaction of the change, in the order of the packages, and what
it raises undoes the change. What it does to tickets happens, and is told, in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy.orm import Session

from utility_crm.installed import modules
from utility_crm.kit.module import resolve
from utility_crm.tickets.tables import TicketEventRow

Kind = Literal[
    "opened",
    "heard",  # the customer wrote
    "answered",  # we wrote to them
    "noted",  # we wrote among us
    "changed",  # fields, by a person or a rule: before and after say which
    "merged",  # this one went into `after["into"]`
    "absorbed",  # `after["from"]` came into this one
    "unmerged",  # the merge of `after["from"]` and `after["into"]` was undone; both are told
    "split",  # messages left this one for `after["into"]`, or (the new one) came from `after["from"]`
    "linked",
    "unlinked",
    "watched",
    "unwatched",
    "sending",  # what became of an answer on its way
    "rated",  # the customer said how it was: after["question"] and after["score"]
]


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One change. before, after: the fields that changed, as JSON has them (instants in ISO 8601); a message
    may change the status, too. by: a person, or None for the customer, a machine or the clock."""

    id: int
    ticket_id: int
    version: int
    at: datetime
    kind: Kind
    by: int | None
    message_id: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str


Listener = Callable[[Session, TicketEvent], None]


def record(
    session: Session,
    ticket_id: int,
    version: int,
    kind: Kind,
    *,
    now: datetime,
    by: int | None,
    message_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> TicketEvent:
    """Write the row of a change, then tell who listens."""
    row = TicketEventRow(
        ticket_id=ticket_id, version=version, at=now, kind=kind, by_user=by, message_id=message_id,
        before=dict(before or {}), after=dict(after or {}), reason=reason,
    )  # fmt: skip
    session.add(row)
    session.flush()
    event = TicketEvent(row.id, ticket_id, version, now, kind, by, message_id, row.before, row.after, reason)
    happened(session, event)
    return event


def happened(session: Session, event: TicketEvent) -> None:
    """Tell every room and package that listens."""
    for listener in listeners():
        listener(session, event)


@cache
def listeners() -> tuple[Listener, ...]:
    """Who listens, lowest first."""
    return tuple(resolve(module.ticket_events) for module in modules() if module.ticket_events)
