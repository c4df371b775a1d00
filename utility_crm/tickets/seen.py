"""Which tickets a person may see: those of their own teams, of no team, their own, those they watch or are
named in; all of them by the permission `tickets.all` or in a team that sees all. Who may see some areas only
sees of these the ones of customers there, and those that are nobody's yet."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import seen_by
from utility_crm.kit.module import Owner
from utility_crm.tickets.domain.numbers import FIRST
from utility_crm.tickets.tables import Ticket, TicketMention, TicketMessage, TicketWatcher

ALL = "tickets.all"
_ID = f"""case when :value ~ '^[0-9]{{1,18}}$' then cast(:value as bigint)
    when :value ~ '^[Tt]-[0-9]{{5,18}}$' then cast(substr(:value, 3) as bigint) - {FIRST} end"""
"""SQL of the row that an address or a form names, by its number (T-10432) or its id."""


def allowed(row: str) -> str:
    """SQL of whether a person (:user_id, :team_ids, :sees_all_tickets) may see the ticket of this id."""
    return f"""select :sees_all_tickets or t.team_id is null or t.team_id = any(:team_ids)
        or t.assignee_id = :user_id
        or exists (select from ticket_watchers w where w.ticket_id = t.id and w.user_id = :user_id)
        or exists (select from ticket_messages m join ticket_mentions n on n.message_id = m.id
                   where m.ticket_id = t.id and n.user_id = :user_id)
        from tickets t where t.id = {row}"""


def seen_as(user: SignedIn) -> dict[str, Any]:
    """The parameters of `allowed` for a person."""
    sees_all = user.sees_all_tickets or user.may(ALL)
    return {"user_id": user.id, "team_ids": list(user.team_ids), "sees_all_tickets": sees_all}


TICKET = Owner(
    "/tickets/{number}",
    "ticket",
    f"select customer_id from tickets where id = {_ID}",
    theirs=allowed(_ID),
    all_by=ALL,
    anybodys=True,
)
"""Whose a ticket is that an address names."""
CUSTOMER = Owner(
    "",
    "customer",
    "select id from customers where id = case when :value ~ '^[0-9]{1,18}$' then cast(:value as bigint) end",
    fields=("customer_id",),
)
"""Whose a new ticket would be."""


def tickets_seen_by(user: SignedIn) -> ColumnElement[bool]:
    """Condition on rows of `tickets`, for lists: the same rule."""
    return and_(_of_their_teams(user), _of_their_areas(user))


def _of_their_teams(user: SignedIn) -> ColumnElement[bool]:
    if user.may("tickets.all") or user.sees_all_tickets:
        return true()
    watched = select(TicketWatcher.ticket_id).where(
        TicketWatcher.ticket_id == Ticket.id, TicketWatcher.user_id == user.id
    )
    named = (
        select(TicketMessage.id)
        .join(TicketMention, TicketMention.message_id == TicketMessage.id)
        .where(TicketMessage.ticket_id == Ticket.id, TicketMention.user_id == user.id)
    )
    return or_(
        Ticket.team_id.is_(None),
        Ticket.team_id.in_(user.team_ids),
        Ticket.assignee_id == user.id,
        watched.exists(),
        named.exists(),
    )


def _of_their_areas(user: SignedIn) -> ColumnElement[bool]:
    if not user.area_ids:
        return true()
    return or_(Ticket.customer_id.is_(None), seen_by(user, Ticket.customer_id))
