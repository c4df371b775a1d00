"""Complaints as a procedure: one truth with contacts and tickets, stages, days, letters, figures."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.db.tickets.conftest import Care
from utility_crm.customers.conversations import answer_complaint, log_contact
from utility_crm.customers.tables import Contact, ContactPoint
from utility_crm.kit.errors import Conflict, Invalid, Refused
from utility_crm.kit.settings import settings
from utility_crm.tickets.actions import set_kind, set_status
from utility_crm.tickets.care.tables import Complaint, ComplaintLetter, ComplaintStep
from utility_crm.tickets.complaints.actions import Figures, advance, set_figures
from utility_crm.tickets.complaints.following import follow_contact, follow_contacts
from utility_crm.tickets.complaints.letters import make_letter, send_letter
from utility_crm.tickets.complaints.queries import by_cause, complaint_of, register, waiting, waiting_figures
from utility_crm.tickets.complaints.watching import watch_complaints
from utility_crm.tickets.tables import Ticket, TicketAttachment, TicketMessage

TODAY = date(2026, 11, 20)


def led(care: Care, ticket_id: int) -> Complaint:
    care.session.expire_all()
    return care.session.get_one(Complaint, ticket_id)


def logged(care: Care, **given: Any) -> int:
    known: dict[str, Any] = {"channel": "call", "topic": "bill", "note": "Twice charged", "complaint": True}
    return log_contact(care.session, care.margaret, now=care.now, author_id=care.priya, **(known | given))


def of_contact(care: Care, contact_id: int) -> Complaint:
    return care.session.scalars(select(Complaint).where(Complaint.contact_id == contact_id)).one()


def settle(care: Care, ticket_id: int, outcome: str = "upheld", cause: str = "bill_wrong") -> None:
    set_figures(care.session, ticket_id, Figures(cause), now=care.now, by=care.priya)
    advance(care.session, ticket_id, "closed", now=care.now, by=care.priya, note="Done", outcome=outcome)


def test_a_complaint_that_was_logged_opens_its_ticket_once(care: Care) -> None:
    contact_id = logged(care)
    for _ in range(2):
        follow_contact(care.session, contact_id, care.now, care.priya)
    assert follow_contacts(care.session) == 0
    row = of_contact(care, contact_id)
    ticket = care.session.get_one(Ticket, row.ticket_id)
    assert (ticket.kind, ticket.subject, ticket.channel) == ("complaint", "Complaint about a bill", "call")
    assert (row.cause, row.stage, row.received_on) == ("bill_wrong", "received", TODAY)
    assert care.session.scalar(select(func.count()).select_from(Contact)) == 1
    # Two working days to confirm that it arrived: a rule of the house.
    assert (row.next_step, row.due_on) == ("acknowledge", date(2026, 11, 24))


def test_answered_on_the_customer_page_is_settled_in_the_register(care: Care) -> None:
    contact_id = logged(care)
    follow_contact(care.session, contact_id, care.now, care.priya)
    answer_complaint(care.session, care.margaret, contact_id, outcome="Credited", now=care.later(days=1))
    follow_contact(care.session, contact_id, care.now, care.priya)
    row = of_contact(care, contact_id)
    assert row.stage == "closed" and row.closed_at == care.now
    assert care.session.get_one(Ticket, row.ticket_id).status == "solved"


def test_a_complaint_by_mail_is_on_the_customer_page_and_is_answered_there_too(care: Care) -> None:
    ticket_id = care.open(kind="complaint", subject="You are rude")
    contact = care.session.scalars(select(Contact)).one()
    assert contact.complaint and contact.note == "You are rude" and contact.answered_at is None
    advance(care.session, ticket_id, "answered", now=care.later(days=2), by=care.priya, note="We said sorry")
    care.session.refresh(contact)
    assert (contact.answered_at, contact.outcome) == (care.now, "We said sorry")
    advance(care.session, ticket_id, "investigated", now=care.later(days=1), by=care.priya)
    care.session.refresh(contact)
    assert contact.answered_at is None


def test_a_ticket_becomes_a_complaint_and_is_none_any_more(care: Care) -> None:
    ticket_id = care.open()
    assert care.session.get(Complaint, ticket_id) is None
    set_kind(care.session, ticket_id, "complaint", now=care.later(hours=1), by=care.priya)
    assert led(care, ticket_id).received_at == care.now - timedelta(hours=1)
    set_kind(care.session, ticket_id, "billing", now=care.later(hours=1), by=care.priya)
    assert (led(care, ticket_id).stage, led(care, ticket_id).outcome) == ("closed", "none")


def test_stages_follow_each_other_and_settling_needs_a_cause_and_an_outcome(care: Care) -> None:
    ticket_id = care.open(kind="complaint")
    with pytest.raises(Refused):
        advance(care.session, ticket_id, "deadlock", now=care.now, by=care.priya)
    with pytest.raises(Invalid) as no_outcome:
        advance(care.session, ticket_id, "closed", now=care.now, by=care.priya)
    assert no_outcome.value.where == "outcome"
    with pytest.raises(Invalid) as no_cause:
        advance(care.session, ticket_id, "closed", now=care.now, by=care.priya, outcome="upheld")
    assert no_cause.value.where == "cause"
    settle(care, ticket_id)
    assert care.session.get_one(Ticket, ticket_id).status == "solved"
    advance(care.session, ticket_id, "ombudsman", now=care.later(days=9), by=care.priya, reference="EO-7")
    assert led(care, ticket_id).ombudsman_reference == "EO-7" and led(care, ticket_id).closed_at is None
    kinds = care.session.scalars(select(ComplaintStep.what).order_by(ComplaintStep.id)).all()
    assert kinds == ["received", "bill_wrong", "closed", "ombudsman"]


def test_a_solved_ticket_is_no_settled_complaint(care: Care) -> None:
    ticket_id = care.open(kind="complaint")
    set_status(care.session, ticket_id, "solved", now=care.now, by=care.priya)
    assert led(care, ticket_id).stage == "received"
    assert [one.ticket_id for one in waiting(care.session)] == [ticket_id]


def test_an_amount_says_where_it_stands(care: Care) -> None:
    ticket_id = care.open(kind="complaint")
    with pytest.raises(Invalid) as nowhere:
        set_figures(
            care.session, ticket_id, Figures("price", redress_minor=5000, currency="GBP"),
            now=care.now, by=care.priya,
        )  # fmt: skip
    assert nowhere.value.where == "redress_link"
    figures = Figures("price", "Old price kept", 5000, "GBP", "CN-17")
    assert set_figures(care.session, ticket_id, figures, now=care.now, by=care.priya)
    assert not set_figures(care.session, ticket_id, figures, now=care.now, by=care.priya)
    settle_again = Figures("price", "Old price kept", 5000, "GBP", "CN-17")
    set_figures(care.session, ticket_id, settle_again, now=care.now, by=care.priya)
    advance(care.session, ticket_id, "closed", now=care.now, by=care.priya, outcome="partly")
    (line,) = by_cause(care.session, TODAY, TODAY + timedelta(days=1))
    assert (line.cause, line.received, line.settled, line.right, line.redress) == (
        "price", 1, 1, 1, {"GBP": 5000},
    )  # fmt: skip


def test_the_final_answer_is_a_paper_sent_once(care: Care) -> None:
    address = ContactPoint(
        customer_id=care.margaret, kind="post", value="3 Mill Lane, Northmoor, NM1 2AB", normal="3 mill lane"
    )
    care.session.add(address)
    ticket_id = care.open(kind="complaint")
    set_figures(
        care.session, ticket_id, Figures("bill_wrong", "", 3152, "GBP", "CN-1"), now=care.now, by=care.priya
    )
    with pytest.raises(Invalid):
        make_letter(care.session, ticket_id, "final", body=" ", now=care.now, by=care.priya)
    first = make_letter(care.session, ticket_id, "final", body="Found it.", now=care.now, by=care.priya)
    again = make_letter(
        care.session,
        ticket_id,
        "final",
        body="The reading was wrong.\n\nIt is put right.",
        now=care.now,
        by=care.priya,
    )
    assert first == again
    letter = care.session.get_one(ComplaintLetter, first)
    assert letter.pdf.startswith(b"%PDF") and "The reading was wrong." in letter.text
    assert "£31.52" in letter.text and "Energy Ombudsman" in letter.text and "Margaret Ashdown" in letter.text
    send_letter(care.session, first, "email", now=care.later(hours=1), by=care.priya)
    with pytest.raises(Conflict):
        send_letter(care.session, first, "letter", now=care.later(hours=1), by=care.priya)
    sent = care.session.scalars(select(TicketMessage).where(TicketMessage.direction == "out")).one()
    name = care.session.scalars(
        select(TicketAttachment.name).where(TicketAttachment.message_id == sent.id)
    ).one()
    assert name == f"{care.session.get_one(Ticket, ticket_id).number}-final.pdf"
    assert led(care, ticket_id).stage == "answered"
    # They have not accepted it: the eight weeks run on.
    assert (led(care, ticket_id).next_step, led(care, ticket_id).due_on) == ("settle", date(2027, 1, 15))


def test_a_letter_in_russian_is_set_with_russian_letters(care: Care) -> None:
    ticket_id = care.open(kind="complaint", language="ru")
    made = make_letter(care.session, ticket_id, "deadlock", body="Мы не согласны.", now=care.now, by=None)
    letter = care.session.get_one(ComplaintLetter, made)
    assert (
        letter.text.startswith("Здравствуйте, Margaret Ashdown!") and "окончательная позиция" in letter.text
    )
    assert letter.pdf.startswith(b"%PDF") and "◊" not in letter.text


def test_the_clock_warns_once_then_says_once_that_it_is_late(
    care: Care, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = care.open(kind="complaint")
    notes = select(TicketMessage.text).where(TicketMessage.direction == "note")
    assert "1 due soon" in watch_complaints(care.session, care.later(minutes=1))
    assert "0 due soon, 0 late" in watch_complaints(care.session, care.later(minutes=1))
    assert care.session.scalars(notes).all() == ["Complaint: confirm that it arrived by 24 Nov 2026."]
    assert "0 due soon, 1 late" in watch_complaints(care.session, care.later(days=5))
    assert "0 due soon, 0 late" in watch_complaints(care.session, care.later(days=1))
    advance(care.session, ticket_id, "acknowledged", now=care.now, by=care.priya)
    assert led(care, ticket_id).next_step == "answer"


def test_the_days_are_those_of_the_country(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UTILITY_CRM_COUNTRY", "DE")
    settings.cache_clear()
    try:
        ticket_id = care.open(kind="complaint")
        advance(care.session, ticket_id, "acknowledged", now=care.now, by=care.priya)
        assert (led(care, ticket_id).next_step, led(care, ticket_id).due_on) == ("answer", date(2026, 12, 18))
        made = make_letter(care.session, ticket_id, "final", body="No.", now=care.now, by=care.priya)
        assert "Schlichtungsstelle Energie" in care.session.get_one(ComplaintLetter, made).text
        send_letter(care.session, made, "letter", now=care.now, by=care.priya)
        assert led(care, ticket_id).next_step == ""
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_the_register_tells_what_waits_and_why(care: Care) -> None:
    first = care.open(kind="complaint", subject="First")
    care.later(days=3)
    second = care.open(kind="complaint", subject="Second", customer_id=care.bakery)
    advance(care.session, second, "answered", now=care.now, by=care.priya, note="So it is")
    rows = waiting(care.session)
    assert [one.ticket_id for one in rows] == [first, second]
    assert rows[0].customer == "Margaret Ashdown" and rows[0].step == "acknowledge"
    figures = waiting_figures(care.session, TODAY + timedelta(days=6))
    assert (figures.open, figures.late, figures.soon) == (2, 1, 0)
    settle(care, first, "not_upheld", "service")
    lines = {line.cause: line for line in by_cause(care.session, TODAY, TODAY + timedelta(days=30))}
    assert (lines["service"].received, lines["service"].settled, lines["service"].right) == (1, 1, 0)
    assert lines["unknown"].settled == 0
    assert [one.ticket_id for one in register(care.session, TODAY, TODAY + timedelta(days=30))] == [
        second,
        first,
    ]
    whole = complaint_of(care.session, first)
    assert whole is not None and whole.line.outcome == "not_upheld"
    assert [one.what for one in whole.steps] == ["received", "service", "closed"]
    assert complaint_of(care.session, care.open()) is None
