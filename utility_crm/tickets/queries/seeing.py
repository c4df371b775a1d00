"""Whose tickets a person may see: those of no team, of their own teams, and those they have to do with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import Team, TeamMember
from utility_crm.tickets.tables import Ticket, TicketWatcher


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at tickets. sees_all: those of every team."""

    user_id: int
    team_ids: tuple[int, ...]
    sees_all: bool


def looker(session: Session, user: SignedIn) -> Looker:
    """Who looks, with their teams: one statement."""
    rows = session.execute(
        select(TeamMember.team_id, Team.sees_all_tickets)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.user_id == user.id)
    ).all()
    everything = user.may("tickets.all") or any(row.sees_all_tickets for row in rows)
    return Looker(user.id, tuple(row.team_id for row in rows), everything)


def seen_by(who: Looker) -> ColumnElement[bool]:
    """Condition that this person may see a ticket."""
    if who.sees_all:
        return true()
    followed = (
        select(TicketWatcher.ticket_id)
        .where(TicketWatcher.ticket_id == Ticket.id, TicketWatcher.user_id == who.user_id)
        .exists()
    )
    return or_(
        Ticket.team_id.is_(None),
        Ticket.team_id.in_(who.team_ids),
        Ticket.assignee_id == who.user_id,
        followed,
    )
