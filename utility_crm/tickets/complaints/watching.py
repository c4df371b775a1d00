"""What the clock does about complaints: warns before a day that the law sets, says what is late, and has the
letter on where to turn to ready on its day. Each once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import TeamMember, User
from utility_crm.kit.said import said
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today
from utility_crm.tickets.actions.talking import add_note
from utility_crm.tickets.actions.writing import held
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter
from utility_crm.tickets.complaints.actions import held_complaint, note_step
from utility_crm.tickets.complaints.following import follow_contacts
from utility_crm.tickets.complaints.letters import make_letter
from utility_crm.tickets.domain.complaints import procedure_for
from utility_crm.tickets.domain.procedures import STEPS
from utility_crm.tickets.tables import Ticket
from utility_crm.web.formats import day_year
from utility_crm.web.words import mark

WARN_DAYS = 5
MOST = 200


def watch_complaints(session: Session, now: datetime) -> str:
    """One round."""
    today = utility_today(now)
    opened = follow_contacts(session)
    soon = _due(
        session, Complaint.warned_on.is_(None) & (Complaint.due_on <= today + timedelta(days=WARN_DAYS))
    )
    warned = sum(_warn(session, ticket_id, today, now) for ticket_id in soon)
    gone = _due(session, Complaint.late_on.is_(None) & (Complaint.due_on < today))
    late = sum(_late(session, ticket_id, today, now) for ticket_id in gone)
    letters = _letters(session, today, now)
    return said(
        mark("%(opened)s complaints opened, %(warned)s due soon, %(late)s late, %(letters)s letters"),
        opened=opened, warned=warned, late=late, letters=letters,
    )  # fmt: skip


def _due(session: Session, when: object) -> list[int]:
    statement = select(Complaint.ticket_id).where(Complaint.stage != "closed", when)  # type: ignore[arg-type]
    return list(session.scalars(statement.order_by(Complaint.ticket_id).limit(MOST)))


def _warn(session: Session, ticket_id: int, today: date, now: datetime) -> bool:
    ticket, row = held(session, ticket_id), held_complaint(session, ticket_id)
    if row.stage == "closed" or row.warned_on is not None or row.due_on is None or row.due_on < today:
        return False
    row.warned_on = today
    note_step(session, ticket_id, "due_soon", row.next_step, now=now, by=None)
    _tell(session, ticket, row, mark("Complaint: %(step)s by %(day)s."), now, leads=False)
    return True


def _late(session: Session, ticket_id: int, today: date, now: datetime) -> bool:
    ticket, row = held(session, ticket_id), held_complaint(session, ticket_id)
    if row.stage == "closed" or row.late_on is not None or row.due_on is None or row.due_on >= today:
        return False
    row.late_on = today
    row.warned_on = row.warned_on or today
    note_step(session, ticket_id, "late", row.next_step, now=now, by=None)
    _tell(session, ticket, row, mark("Complaint, late: %(step)s was due on %(day)s."), now, leads=True)
    return True


def _letters(session: Session, today: date, now: datetime) -> int:
    """The letter that is due lies ready on its day; a person reads it and sends it."""
    made = 0
    there = select(ComplaintLetter.id).where(
        ComplaintLetter.ticket_id == Complaint.ticket_id, ComplaintLetter.kind == "signpost"
    )
    wanted = (Complaint.next_step.in_(["signpost", "settle"])) & ~there.exists() & (Complaint.due_on <= today)
    for ticket_id in _due(session, wanted):
        ticket, row = held(session, ticket_id), held_complaint(session, ticket_id)
        if all(one.step != "signpost" for one in procedure_for(row.country).limits):
            continue
        make_letter(session, ticket_id, "signpost", body="", now=now, by=None)
        words = mark("Complaint: the letter on where they may turn to is written. Read it and send it.")
        _tell(session, ticket, row, words, now, leads=False)
        made += 1
    return made


def _tell(
    session: Session, ticket: Ticket, row: Complaint, words: str, now: datetime, *, leads: bool
) -> None:
    wanted = User.id == ticket.assignee_id
    if leads or ticket.assignee_id is None:
        led = select(TeamMember.user_id).where(TeamMember.team_id == ticket.team_id, TeamMember.leads)
        wanted = or_(wanted, User.id.in_(led))
    logins = session.scalars(select(User.login).where(wanted, User.active).order_by(User.login))
    _ = house_words()
    step = _(STEPS[row.next_step]) if row.next_step else ""
    on = day_year(row.due_on, settings().language) if row.due_on else ""
    named = "".join(f"@{login} " for login in logins)
    add_note(session, ticket.id, text=f"{named}{_(words, step=step, day=on)}", now=now)
