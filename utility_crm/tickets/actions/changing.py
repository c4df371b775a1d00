"""Fields of a ticket: who sees to it, how it stands, what it is about. All of them go through `change`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, User
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.network.tables import Premise
from utility_crm.tickets.actions.opening import tidy_tags
from utility_crm.tickets.actions.writing import (
    as_seen,
    fields_of,
    held_alive,
    some_subject,
    standing_of,
    write,
)
from utility_crm.tickets.domain.life import KINDS, PRIORITIES, turned
from utility_crm.tickets.tables import Ticket
from utility_crm.web.words import mark

CHANGEABLE = (
    "status", "priority", "kind", "subject", "assignee_id", "team_id", "customer_id", "account_id",
    "premise_id", "outage_id", "language", "tags", "snoozed_until", "first_answer_due_at", "solve_due_at",
)  # fmt: skip


def change(
    session: Session,
    ticket_id: int,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    by: int | None = None,
    version: int | None = None,
    reason: str = "",
) -> bool:
    """Set fields (CHANGEABLE) in one event; whether anything was another.

    by: None for a rule or the clock, which say their `reason`. version: the one the person saw.
    Raises Invalid, NotFound (a person, team, customer that is none), Refused (a status that cannot be),
    Conflict (merged; or others changed the ticket since `version`).
    """
    ticket = held_alive(session, ticket_id)
    wanted = _checked(session, ticket, changes, now)
    if all(getattr(ticket, name) == value for name, value in wanted.items()):
        return False  # as the person wants it already, whoever made it so
    as_seen(session, ticket, version, by)
    return write(session, ticket, wanted, "changed", now=now, by=by, reason=reason) is not None


def assign(
    session: Session,
    ticket_id: int,
    *,
    now: datetime,
    by: int | None = None,
    assignee_id: int | None = None,
    team_id: int | None = None,
    version: int | None = None,
    reason: str = "",
) -> bool:
    """Give it to a person, a team, or both; nobody where both are None."""
    changes = {"assignee_id": assignee_id, "team_id": team_id}
    if assignee_id is not None and team_id is None:
        del changes["team_id"]  # it stays in the team's queue, and is seen to by one of them
    return change(session, ticket_id, changes, now=now, by=by, version=version, reason=reason)


def set_status(
    session: Session, ticket_id: int, status: str, *, now: datetime, by: int | None = None,
    version: int | None = None, reason: str = "",
) -> bool:  # fmt: skip
    """How it stands from now on."""
    return change(session, ticket_id, {"status": status}, now=now, by=by, version=version, reason=reason)


def set_priority(
    session: Session, ticket_id: int, priority: str, *, now: datetime, by: int | None = None,
    version: int | None = None, reason: str = "",
) -> bool:  # fmt: skip
    """How urgent it is."""
    return change(session, ticket_id, {"priority": priority}, now=now, by=by, version=version, reason=reason)


def set_kind(
    session: Session, ticket_id: int, kind: str, *, now: datetime, by: int | None = None,
    version: int | None = None, reason: str = "",
) -> bool:  # fmt: skip
    """What it is about."""
    return change(session, ticket_id, {"kind": kind}, now=now, by=by, version=version, reason=reason)


def set_customer(
    session: Session, ticket_id: int, customer_id: int | None, *, now: datetime, by: int | None = None,
    version: int | None = None, reason: str = "",
) -> bool:  # fmt: skip
    """Whose it is; account and premise of somebody else's go with the change."""
    return change(
        session, ticket_id, {"customer_id": customer_id}, now=now, by=by, version=version, reason=reason
    )


def snooze(
    session: Session, ticket_id: int, until: datetime | None, *, now: datetime, by: int | None = None,
    version: int | None = None,
) -> bool:  # fmt: skip
    """Out of the lists until then, or until the customer writes; None wakes it."""
    return change(session, ticket_id, {"snoozed_until": until}, now=now, by=by, version=version)


def tag(
    session: Session, ticket_id: int, tags: Sequence[str], *, now: datetime, by: int | None = None,
    version: int | None = None, reason: str = "",
) -> bool:  # fmt: skip
    """Its tags are these."""
    return change(session, ticket_id, {"tags": tags}, now=now, by=by, version=version, reason=reason)


def _checked(session: Session, ticket: Ticket, changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns that come of the changes. Raises Invalid, NotFound, Refused."""
    for name in changes:
        if name not in CHANGEABLE:
            raise Invalid("field", f"There is no field {name!r}; there are {', '.join(CHANGEABLE)}.", name)
    wanted = dict(changes)
    for name, allowed in (("priority", PRIORITIES), ("kind", KINDS)):
        if wanted.get(name, allowed[0]) not in allowed:
            raise Invalid(name, mark("Choose one of what is offered."), name)
    if "subject" in wanted:
        wanted["subject"] = some_subject(wanted["subject"])
    if "tags" in wanted:
        wanted["tags"] = tidy_tags(wanted["tags"])
    until = wanted.get("snoozed_until")
    if until is not None and until <= now:
        raise Invalid("snooze", mark("Choose a time that is still to come."), "snoozed_until")
    if until is not None and ticket.status in ("solved", "closed"):
        raise Invalid("snooze_ended", mark("It is solved: there is nothing to wait for."), "snoozed_until")
    _must_exist(session, wanted)
    if "customer_id" in wanted and wanted["customer_id"] != ticket.customer_id:
        wanted.setdefault("account_id", None)
        wanted.setdefault("premise_id", None)
    if "status" in wanted:
        wanted |= fields_of(turned(standing_of(ticket), wanted["status"], now)) | (
            {"snoozed_until": until} if until is not None else {}
        )
    return wanted


def _must_exist(session: Session, wanted: Mapping[str, Any]) -> None:
    sought: dict[str, Any] = {
        "assignee_id": select(User.id).where(User.active),
        "team_id": select(Team.id),
        "customer_id": select(Customer.id),
        "account_id": select(Account.id),
        "premise_id": select(Premise.id),
    }
    columns = {
        "assignee_id": User.id, "team_id": Team.id, "customer_id": Customer.id, "account_id": Account.id,
        "premise_id": Premise.id,
    }  # fmt: skip
    for name, statement in sought.items():
        value = wanted.get(name)
        if value is not None and session.scalar(statement.where(columns[name] == value)) is None:
            raise NotFound(f"no_such_{name[:-3]}", mark("It is not here (any more): choose another."), name)
