"""What the clock does about promises: warns before one breaks, notes that it broke; each exactly once.

A ticket is held before its promise is looked at again, in the order in which people do it: so nobody waits
in a circle, and what was kept meanwhile is not warned about.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import TeamMember, User
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.tickets.actions.talking import add_note
from utility_crm.tickets.actions.writing import held
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import TicketPromise
from utility_crm.tickets.rules.running import run_rules
from utility_crm.tickets.tables import Ticket
from utility_crm.web.formats import clock, day
from utility_crm.web.words import mark

MOST = 500


def watch_promises(session: Session, now: datetime) -> str:
    """Warn about what is due soon, note what broke, tell who sees to it, and let the rules act."""
    found = session.execute(
        select(TicketPromise.ticket_id, TicketPromise.what)
        .where(
            TicketPromise.met_at.is_(None),
            or_(
                (TicketPromise.warn_at <= now) & TicketPromise.warned_at.is_(None),
                (TicketPromise.due_at <= now) & TicketPromise.breached_at.is_(None),
            ),
        )
        .order_by(TicketPromise.ticket_id, TicketPromise.what)
        .limit(MOST)
    ).all()
    warned = broken = 0
    for ticket_id, what in found:
        happened = _look(session, ticket_id, what, now)
        warned, broken = warned + (happened == "due_soon"), broken + (happened == "breached")
    return said(mark("%(warned)s promises to keep soon, %(broken)s broken"), warned=warned, broken=broken)


def _look(session: Session, ticket_id: int, what: str, now: datetime) -> str:
    ticket = held(session, ticket_id)
    row = session.get(TicketPromise, (ticket_id, what), populate_existing=True)
    if row is None or row.met_at is not None or row.due_at is None:
        return ""
    if row.due_at <= now and row.breached_at is None:
        row.breached_at = row.due_at
        row.warned_at = row.warned_at or now
        happened = "breached"
    elif row.warn_at is not None and row.warn_at <= now and row.warned_at is None:
        row.warned_at = now
        happened = "due_soon"
    else:
        return ""
    session.flush()
    _tell(session, ticket, what, row.due_at, happened, now)
    run_rules(session, ticket_id, (happened,), now)
    return happened


def _tell(
    session: Session, ticket: Ticket, what: str, due_at: datetime, happened: str, now: datetime
) -> None:
    """A note that names who sees to it, and, where it broke, who leads the team."""
    language = settings().language
    _ = house_words()
    when = f"{day(due_at, language)}, {clock(due_at, language)}"
    words = {
        ("first_answer", "due_soon"): _("The first answer is due soon: %(when)s.", when=when),
        ("resolution", "due_soon"): _("It is to be solved soon: by %(when)s.", when=when),
        ("first_answer", "breached"): _("The first answer is late: it was due %(when)s.", when=when),
        ("resolution", "breached"): _("It is late: it was to be solved by %(when)s.", when=when),
    }[what, happened]
    named = "".join(f"@{login} " for login in _whom(session, ticket, leads=happened == "breached"))
    add_note(session, ticket.id, text=f"{named}{words}", now=now)


def _whom(session: Session, ticket: Ticket, *, leads: bool) -> list[str]:
    wanted = User.id == ticket.assignee_id
    if leads or ticket.assignee_id is None:
        led = select(TeamMember.user_id).where(TeamMember.team_id == ticket.team_id, TeamMember.leads)
        wanted = or_(wanted, User.id.in_(led))
    return list(session.scalars(select(User.login).where(wanted, User.active).order_by(User.login)))


def late_now(session: Session, now: datetime) -> int:
    """How many tickets are late."""
    counted = select(func.count(func.distinct(TicketPromise.ticket_id))).where(
        TicketPromise.met_at.is_(None), TicketPromise.due_at <= now
    )
    return session.scalar(counted) or 0
