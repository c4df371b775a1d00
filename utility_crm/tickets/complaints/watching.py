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
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter, ComplaintStep
from utility_crm.tickets.complaints.actions import held_complaint, note_step, owed_by
from utility_crm.tickets.complaints.following import follow_contacts
from utility_crm.tickets.complaints.letters import make_letter
from utility_crm.tickets.domain.complaints import DueOn
from utility_crm.tickets.domain.procedures import STEPS
from utility_crm.tickets.tables import Ticket
from utility_crm.web.formats import day_year
from utility_crm.web.words import mark

WARN_DAYS = 5


def watch_complaints(session: Session, now: datetime) -> str:
    """One round."""
    today = utility_today(now)
    opened = follow_contacts(session)
    counts = {"due_soon": 0, "late": 0, "letter": 0}
    near = select(Complaint.ticket_id).where(
        Complaint.stage != "closed", Complaint.due_on <= today + timedelta(days=WARN_DAYS)
    )
    for ticket_id in session.scalars(near.order_by(Complaint.ticket_id)).all():
        for what in _look(session, ticket_id, today, now):
            counts[what] += 1
    return said(
        mark("%(opened)s complaints opened, %(warned)s due soon, %(late)s late, %(letters)s letters"),
        opened=opened, warned=counts["due_soon"], late=counts["late"], letters=counts["letter"],
    )  # fmt: skip


def _look(session: Session, ticket_id: int, today: date, now: datetime) -> list[str]:
    """What there was to say about one: for each step that is owed, once that it is due and once that it is
    late; and the letter, once."""
    known = session.get(Complaint, ticket_id)
    if known is None or not _to_say(session, known, today):
        return []  # nothing new, so nobody need wait for us
    ticket, row = held(session, ticket_id), held_complaint(session, ticket_id)
    found = []
    for kind, due in _to_say(session, row, today):
        found.append(kind)
        if kind == "letter":
            make_letter(session, ticket_id, "signpost", body="", now=now, by=None)
            words = mark("Complaint: the letter on where they may turn to is written. Read it and send it.")
            _tell(session, ticket, due, words, now, leads=False)
            continue
        note_step(session, ticket_id, kind, due.limit.step, now=now, by=None)
        if kind == "late":
            _tell(
                session, ticket, due, mark("Complaint, late: %(step)s was due on %(day)s."), now, leads=True
            )
        else:
            _tell(session, ticket, due, mark("Complaint: %(step)s by %(day)s."), now, leads=False)
    return found


def _to_say(session: Session, row: Complaint, today: date) -> list[tuple[str, DueOn]]:
    if row.stage == "closed":
        return []
    steps = select(ComplaintStep.kind, ComplaintStep.what).where(ComplaintStep.ticket_id == row.ticket_id)
    told = {(kind, what) for kind, what in session.execute(steps)}
    left = owed_by(session, row)
    found = []
    for due in left:
        step = due.limit.step
        if due.on < today:
            if ("late", step) not in told:
                found.append(("late", due))
        elif due.on <= today + timedelta(days=WARN_DAYS) and ("due_soon", step) not in told:
            found.append(("due_soon", due))
    letter = next((due for due in left if due.limit.step == "signpost"), None)
    # It lies ready on the last day of what comes before it, to be sent on the next working day.
    ready_on = min((due.on for due in left if due.limit.step in ("settle", "signpost")), default=None)
    if letter is not None and ready_on is not None and ready_on <= today and not _has_letter(session, row):
        found.append(("letter", letter))
    return found


def _has_letter(session: Session, row: Complaint) -> bool:
    statement = select(ComplaintLetter.id).where(
        ComplaintLetter.ticket_id == row.ticket_id, ComplaintLetter.kind == "signpost"
    )
    return session.scalar(statement.limit(1)) is not None


def _tell(session: Session, ticket: Ticket, due: DueOn, words: str, now: datetime, *, leads: bool) -> None:
    wanted = User.id == ticket.assignee_id
    if leads or ticket.assignee_id is None:
        led = select(TeamMember.user_id).where(TeamMember.team_id == ticket.team_id, TeamMember.leads)
        wanted = or_(wanted, User.id.in_(led))
    logins = session.scalars(select(User.login).where(wanted, User.active).order_by(User.login))
    _ = house_words()
    step, on = _(STEPS[due.limit.step]), day_year(due.on, settings().language)
    named = "".join(f"@{login} " for login in logins)
    add_note(session, ticket.id, text=f"{named}{_(words, step=step, day=on)}", now=now)
