"""Leading a complaint: opened with its ticket, taken from stage to stage, settled with what came of it.

The register (`complaints`) is what counts. The flag on a contact says the same to those who read contacts: a
complaint that was logged opens one here, and one that is answered here is answered there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.customers.tables import Contact
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.tickets.actions.changing import change, set_status
from utility_crm.tickets.actions.writing import held
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter, ComplaintStep
from utility_crm.tickets.complaints.hours import complaint_hours
from utility_crm.tickets.domain.complaints import (
    CAUSES,
    NO_MORE,
    OUTCOMES,
    STAGES,
    DueOn,
    done_by_letters,
    due_days,
    next_stages,
    owed,
    procedure_for,
)
from utility_crm.tickets.domain.life import ENDED
from utility_crm.tickets.tables import Ticket
from utility_crm.web.formats import local_day
from utility_crm.web.words import mark

ANSWERED = ("answered", "deadlock", "ombudsman", "closed")
LONGEST_NOTE = 4000
_CHANNELS = {"email": "email", "call": "call", "letter": "letter", "fax": "letter", "visit": "visit"}
MOST_MINOR = 10**12


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a complaint's cause, and what they get: minor units of `currency`, and where it
    stands."""

    cause: str
    cause_detail: str = ""
    redress_minor: int = 0
    currency: str = ""
    redress_link: str = ""


def open_complaint(
    session: Session, ticket: Ticket, *, now: datetime, by: int | None, contact_id: int | None,
    received_at: datetime | None = None,
) -> None:  # fmt: skip
    """The ticket is led as a complaint from now on, from the day it came in (received_at: where that is not
    when the ticket was opened); once a ticket. One that was led no more is taken up where it stood."""
    known = session.get(Complaint, ticket.id)
    if known is not None:
        if known.outcome in NO_MORE:
            put_at(session, known, stage_before(session, known), now=now, by=by)
        return
    received = received_at or ticket.opened_at
    if contact_id is None and ticket.customer_id is not None:
        contact = Contact(
            customer_id=ticket.customer_id, at=received, channel=_CHANNELS.get(ticket.channel, "web"),
            topic="other", complaint=True, note=ticket.subject, author_id=ticket.opened_by,
        )  # fmt: skip
        session.add(contact)
        session.flush()
        contact_id = contact.id
    row = Complaint(
        ticket_id=ticket.id, contact_id=contact_id, country=settings().country, received_at=received,
        received_on=local_day(received), stage="received", cause="unknown", next_step="",
    )  # fmt: skip
    session.add(row)
    session.flush()
    note_step(session, ticket.id, "stage", "received", now=now, by=by)
    owe_next(session, row)


def advance(
    session: Session, ticket_id: int, stage: str, *, now: datetime, by: int | None, note: str = "",
    outcome: str = "", reference: str = "", seen: int | None = None,
) -> None:  # fmt: skip
    """Take a complaint to another stage. Settled, it needs an outcome and a cause; its ticket is solved.

    note: what was done, in a few words. seen: the last step that the person saw (`Whole.last_step`). Raises
    NotFound, Refused (no way from here to there), Invalid, Conflict (others went on since).
    """
    held(session, ticket_id)
    row = held_complaint(session, ticket_id)
    if stage not in STAGES:
        raise Invalid("stage", mark("Choose one of what is offered."), "stage")
    if stage == row.stage:
        return
    _as_seen(session, ticket_id, seen, by)
    if stage not in next_stages(row.stage):
        raise Refused("stage_not_next", mark("From here it cannot go there."), "stage")
    if len(note) > LONGEST_NOTE:
        raise Invalid("note_long", mark("A note has at most %(most)s characters."), "note", most=LONGEST_NOTE)
    if stage == "closed":
        if outcome not in OUTCOMES:
            raise Invalid("outcome", mark("Say what came of it."), "outcome")
        if row.cause == "unknown":
            raise Invalid("cause", mark("Say first what was the cause: the register lives on it."), "cause")
    _turn(session, row, stage, now=now, by=by, note=note, outcome=outcome)
    if reference:
        row.ombudsman_reference = reference.strip()
    session.flush()
    ticket = session.get(Ticket, ticket_id)
    if stage == "closed" and ticket is not None and ticket.status not in ENDED:
        set_status(session, ticket_id, "solved", now=now, by=by)
    if row.stage == "investigated" and ticket is not None and ticket.status in ENDED:
        change(session, ticket_id, {"status": "open"}, now=now, by=by)


def _turn(
    session: Session, row: Complaint, stage: str, *, now: datetime, by: int | None, note: str, outcome: str
) -> None:
    row.stage = stage
    row.closed_at = now if stage == "closed" else None
    row.outcome = outcome if stage == "closed" else ""
    if stage in ANSWERED and row.answered_at is None:
        row.answered_at = now
    note_step(session, row.ticket_id, "stage", stage, now=now, by=by, note=note)
    owe_next(session, row)
    _tell_contact(session, row, stage, now, note)


def close_as_answered(session: Session, row: Complaint, note: str, *, now: datetime, by: int | None) -> None:
    """It was answered on the customer page, with what came of it in words: that settles it here, too."""
    if row.stage == "closed":
        return
    _turn(session, row, "closed", now=now, by=by, note=note, outcome="")
    ticket = session.get(Ticket, row.ticket_id)
    if ticket is not None and ticket.status not in ENDED:
        set_status(session, row.ticket_id, "solved", now=now, by=by)


def set_figures(
    session: Session, ticket_id: int, figures: Figures, *, now: datetime, by: int | None,
    seen: int | None = None,
) -> bool:  # fmt: skip
    """Note the cause and what they get; whether anything was another. The cause may bring other days.

    seen: the last step that the person saw; raises Conflict where others went on since.
    """
    held(session, ticket_id)
    row = held_complaint(session, ticket_id)
    if figures.cause not in CAUSES:
        raise Invalid("cause", mark("Choose one of what is offered."), "cause")
    if not 0 <= figures.redress_minor <= MOST_MINOR:
        raise Invalid("redress", mark("This is no amount of money."), "redress")
    if figures.redress_minor and not figures.redress_link.strip():
        words = mark("Say where the amount stands: the number of the credit, or of the payment.")
        raise Invalid("redress_link", words, "redress_link")
    wanted = {
        "cause": figures.cause, "cause_detail": figures.cause_detail.strip(),
        "redress_minor": figures.redress_minor, "redress_link": figures.redress_link.strip(),
        "currency": figures.currency if figures.redress_minor else "",
    }  # fmt: skip
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    if changed:
        _as_seen(session, ticket_id, seen, by)
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        note_step(
            session, ticket_id, "figures", figures.cause, now=now, by=by, note=figures.cause_detail.strip()
        )
        owe_next(session, row)
    return bool(changed)


def owed_by(session: Session, row: Complaint) -> tuple[DueOn, ...]:
    """The steps still owed, by their last day."""
    procedure = procedure_for(row.country)
    sent = session.scalars(
        select(ComplaintLetter.kind).where(
            ComplaintLetter.ticket_id == row.ticket_id, ComplaintLetter.sent_at.is_not(None)
        )
    )
    steps = due_days(procedure, row.received_on, row.cause, complaint_hours(session))
    return owed(steps, row.stage, done_by_letters(procedure, frozenset(sent)))


def owe_next(session: Session, row: Complaint) -> None:
    """What is owed next, and by when, stands in the register."""
    left = owed_by(session, row)
    row.next_step, row.due_on = (left[0].limit.step, left[0].on) if left else ("", None)
    session.flush()


def note_step(
    session: Session, ticket_id: int, kind: str, what: str, *, now: datetime, by: int | None, note: str = ""
) -> None:
    """A row of what was done."""
    session.add(
        ComplaintStep(ticket_id=ticket_id, at=now, by_user=by, kind=kind, what=what, note=note.strip())
    )
    session.flush()


def _as_seen(session: Session, ticket_id: int, seen: int | None, by: int | None) -> None:
    """Raises Conflict where somebody else took a step since the one that a person saw last; the clock's
    reminders take none."""
    if seen is None:
        return
    name = session.scalar(
        select(User.name)
        .join(ComplaintStep, User.id == ComplaintStep.by_user)
        .where(
            ComplaintStep.ticket_id == ticket_id,
            ComplaintStep.id > seen,
            ComplaintStep.by_user.is_distinct_from(by),
        )
        .order_by(ComplaintStep.id.desc())
        .limit(1)
    )
    if name is not None:
        words = mark("%(name)s went on with it since you opened it. Look what was done, then send it again.")
        raise Conflict("complaint_changed", words, None, name=name)


def held_complaint(session: Session, ticket_id: int) -> Complaint:
    """The register's row, held. NotFound."""
    found = session.get(Complaint, ticket_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("no_such_complaint", mark("This ticket is no complaint."), "ticket")
    return found


def close_as(
    session: Session, row: Complaint, outcome: str, note: str, *, now: datetime, by: int | None
) -> None:
    """It is led no longer (`NO_MORE` says why, `note` to whoever reads the contact); the register keeps it.
    One that is settled stays as it was settled."""
    if row.stage != "closed":
        _turn(session, row, "closed", now=now, by=by, note=note, outcome=outcome)


def put_at(session: Session, row: Complaint, stage: str, *, now: datetime, by: int | None) -> None:
    """It stands at a stage (again), as if what came of it had not been said: what is owed there is owed, and
    before an answer the contact waits for one."""
    row.stage, row.closed_at, row.outcome = stage, None, ""
    note_step(session, row.ticket_id, "stage", stage, now=now, by=by)
    if stage in ANSWERED:
        row.answered_at = row.answered_at or now
        _tell_contact(session, row, stage, now, "")
    else:
        row.answered_at = None
        session.execute(
            update(Contact).where(Contact.id == row.contact_id).values(answered_at=None, outcome="")
        )
    owe_next(session, row)


def stage_before(session: Session, row: Complaint) -> str:
    """Where it stood before it was closed."""
    stages = select(ComplaintStep.what).where(
        ComplaintStep.ticket_id == row.ticket_id,
        ComplaintStep.kind == "stage",
        ComplaintStep.what != "closed",
    )
    return session.scalar(stages.order_by(ComplaintStep.id.desc()).limit(1)) or "received"


def _tell_contact(session: Session, row: Complaint, stage: str, now: datetime, note: str) -> None:
    """The contact it began with is answered, or waits again."""
    if row.contact_id is None:
        return
    if stage in ANSWERED:
        words = note.strip() or STAGES[stage]
        session.execute(
            update(Contact)
            .where(Contact.id == row.contact_id, Contact.answered_at.is_(None))
            .values(answered_at=now, outcome=words)
        )
    elif stage == "investigated":
        session.execute(update(Contact).where(Contact.id == row.contact_id).values(answered_at=None))


def must_be_open(row: Complaint) -> None:
    """Raises Conflict where it is settled."""
    if row.stage == "closed":
        raise Conflict("complaint_closed", mark("It is settled: open it again first."), None)
