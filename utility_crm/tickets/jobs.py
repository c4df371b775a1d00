"""What the clock does for tickets: wakes those that slept, closes those that are solved and quiet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from utility_crm.kit.module import Job
from utility_crm.kit.said import said
from utility_crm.tickets.actions.changing import change
from utility_crm.tickets.domain.life import CLOSES_AFTER
from utility_crm.tickets.tables import Ticket, TicketPresence
from utility_crm.web.words import mark

MOST = 500
FORGOTTEN_AFTER = timedelta(hours=1)


def wake_and_close(session: Session, now: datetime) -> str:
    """Wake tickets whose time has come; close what was solved CLOSES_AFTER ago."""
    slept = session.scalars(
        select(Ticket.id).where(Ticket.snoozed_until <= now).order_by(Ticket.id).limit(MOST)
    ).all()
    for ticket_id in slept:
        change(session, ticket_id, {"snoozed_until": None}, now=now, reason="woke")
    quiet = session.scalars(
        select(Ticket.id)
        .where(Ticket.status == "solved", Ticket.solved_at <= now - CLOSES_AFTER)
        .order_by(Ticket.id)
        .limit(MOST)
    ).all()
    for ticket_id in quiet:
        change(session, ticket_id, {"status": "closed"}, now=now, reason="quiet")
    session.execute(delete(TicketPresence).where(TicketPresence.seen_at < now - FORGOTTEN_AFTER))
    return said(mark("%(woken)s tickets woken, %(closed)s closed"), woken=len(slept), closed=len(quiet))


JOBS = (Job("wake_tickets", 60, wake_and_close, mark("Wake tickets that slept, close those that are quiet")),)
