"""A complaint lives through eight weeks with the clock: nobody settles it, and nothing is forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import Team, TeamMember, User
from utility_crm.customers.conversations import log_contact
from utility_crm.customers.tables import Contact, Customer
from utility_crm.tickets.actions import add_message, change
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter, ComplaintStep, TicketPromise
from utility_crm.tickets.complaints.actions import Figures, advance, set_figures
from utility_crm.tickets.complaints.following import follow_contact
from utility_crm.tickets.complaints.letters import make_letter, send_letter
from utility_crm.tickets.complaints.queries import by_cause
from utility_crm.tickets.complaints.watching import watch_complaints
from utility_crm.tickets.rules.running import run_due
from utility_crm.tickets.rules.store import add_rule
from utility_crm.tickets.sla.policies import PolicyDraft, add_policy, set_hours
from utility_crm.tickets.sla.ticking import watch_promises
from utility_crm.tickets.tables import Ticket, TicketMessage

BEGINS = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
WEEK = [*([(540, 1020)],) * 5, [], []]


class Desk:
    """Two people, a customer, a promise and a rule; `until` lets the clock come by once a day."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, BEGINS
        self.amy = User(login="amy", name="Amy", role="agent", password_hash="nobody's")
        self.lena = User(login="lena", name="Lena", role="supervisor", password_hash="nobody's")
        customer = Customer(
            number="C9", kind="person", name="Ruth Penn", segment="household", since=date(2020, 1, 1)
        )
        team = Team(name="Complaints")
        session.add_all([self.amy, self.lena, customer, team])
        session.flush()
        self.customer = customer.id
        session.add_all(
            [
                TeamMember(team_id=team.id, user_id=self.amy.id),
                TeamMember(team_id=team.id, user_id=self.lena.id, leads=True),
            ]
        )
        hours = set_hours(session, "Office", zone="Europe/London", week=WEEK, country="GB", subdivision="ENG")
        promise = PolicyDraft("All", first_answer_minutes=960)
        add_policy(session, promise, hours, now=self.now, by=None)
        document = {
            "when": ["opened"],
            "if": {"field": "kind", "is": "complaint"},
            "then": [{"assign_team": "Complaints"}, {"set_priority": "high"}],
        }
        add_rule(session, "Complaints to their team", document, now=self.now, by=None)

    def until(self, day: date) -> None:
        while self.now.date() < day:
            self.now += timedelta(days=1)
            watch_promises(self.session, self.now)
            run_due(self.session, self.now)
            watch_complaints(self.session, self.now)
        self.now = datetime.combine(day, time(10), UTC)

    def steps(self, ticket_id: int) -> list[tuple[str, str, date]]:
        rows = self.session.execute(
            select(ComplaintStep.kind, ComplaintStep.what, ComplaintStep.at)
            .where(ComplaintStep.ticket_id == ticket_id)
            .order_by(ComplaintStep.id)
        )
        return [(kind, what, at.date()) for kind, what, at in rows]


def test_a_complaint_through_eight_weeks(session: Session) -> None:
    desk = Desk(session)
    contact_id = log_contact(
        session, desk.customer, channel="call", topic="bill", note="Billed twice for August", complaint=True,
        now=desk.now, author_id=desk.amy.id,
    )  # fmt: skip
    follow_contact(session, contact_id, desk.now, desk.amy.id)
    row = session.scalars(select(Complaint)).one()
    ticket = session.get_one(Ticket, row.ticket_id)
    assert ticket.priority == "high" and ticket.team_id is not None

    # Amy confirms it by a letter on the second day, and says on the phone that she looks into it.
    desk.until(date(2026, 9, 2))
    letter = make_letter(session, ticket.id, "acknowledgement", body="", now=desk.now, by=desk.amy.id)
    send_letter(session, letter, "letter", now=desk.now, by=desk.amy.id)
    change(session, ticket.id, {"assignee_id": desk.amy.id}, now=desk.now, by=desk.amy.id)
    answer = "We look into it and call you back."
    add_message(
        session, ticket.id, direction="out", text=answer, channel="call", now=desk.now, by=desk.amy.id,
        then="open",
    )  # fmt: skip
    advance(session, ticket.id, "investigated", now=desk.now, by=desk.amy.id, note="Asked the meter people")
    kept = session.get_one(TicketPromise, (ticket.id, "first_answer"))
    assert kept.met_at == desk.now and kept.breached_at is None

    # Then nobody does anything. The clock speaks up: before the four weeks of the house, and when they are
    # over; before the eight weeks of the law, and when they are over.
    desk.until(date(2026, 11, 5))
    assert [one for one in desk.steps(ticket.id) if one[0] in ("due_soon", "late")] == [
        ("due_soon", "acknowledge", date(2026, 9, 2)),
        ("due_soon", "answer", date(2026, 9, 24)),
        ("late", "answer", date(2026, 9, 30)),
        ("due_soon", "settle", date(2026, 10, 22)),
        ("due_soon", "signpost", date(2026, 10, 23)),
        ("late", "settle", date(2026, 10, 28)),
        ("late", "signpost", date(2026, 10, 29)),
    ]
    assert session.scalar(select(Contact.answered_at).where(Contact.id == contact_id)) is None

    # She answers at last, but the eight weeks were over on 27 October, and the letter has lain ready since.
    advance(session, ticket.id, "answered", now=desk.now, by=desk.amy.id, note="It was billed once")
    assert (row.next_step, row.due_on) == ("settle", date(2026, 10, 27))
    desk.until(date(2026, 11, 6))
    letters = session.scalars(select(ComplaintLetter).where(ComplaintLetter.kind == "signpost")).all()
    assert len(letters) == 1 and "Energy Ombudsman" in letters[0].text and letters[0].sent_at is None
    assert letters[0].made_at.date() == date(2026, 10, 27)
    said = "\n".join(
        session.scalars(select(TicketMessage.text).where(TicketMessage.direction == "note")).all()
    )
    assert "@amy @lena Complaint, late" in said and "Read it and send it." in said

    # The letter leaves, nothing more is owed by a day; Ruth turns to the ombudsman and is right.
    send_letter(session, letters[0].id, "email", now=desk.now, by=desk.lena.id)
    assert (row.next_step, row.due_on) == ("", None)
    advance(session, ticket.id, "ombudsman", now=desk.now, by=desk.lena.id, reference="EO-2026-118")
    desk.until(date(2026, 12, 14))
    set_figures(
        session, ticket.id, Figures("bill_wrong", "August was issued twice", 7320, "GBP", "CN-2026-31"),
        now=desk.now, by=desk.lena.id,
    )  # fmt: skip
    advance(session, ticket.id, "closed", now=desk.now, by=desk.lena.id, note="Credited", outcome="upheld")
    session.expire_all()
    assert session.get_one(Ticket, ticket.id).status == "solved"
    assert session.scalar(select(Contact.outcome).where(Contact.id == contact_id)) == "It was billed once"
    (line,) = by_cause(session, date(2026, 9, 1), date(2026, 10, 1))
    assert (line.cause, line.settled, line.right, line.in_time, line.median_days) == (
        "bill_wrong",
        1,
        1,
        0,
        104,
    )
    assert line.redress == {"GBP": 7320}

    # The clock goes on, and has nothing more to say.
    before = len(desk.steps(ticket.id))
    desk.until(date(2026, 12, 31))
    assert len(desk.steps(ticket.id)) == before
