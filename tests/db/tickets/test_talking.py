"""A ticket from the first word to the last: opened once, answered once, woken and reopened by a reply."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.db.tickets.conftest import Care
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.tickets.actions import (
    add_message,
    add_note,
    assign,
    change,
    note_sending,
    open_ticket,
    set_customer,
    set_status,
    snooze,
    ticket_of,
)
from utility_crm.tickets.domain.files import Given
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.jobs import wake_and_close
from utility_crm.tickets.tables import (
    Ticket,
    TicketAttachment,
    TicketEventRow,
    TicketFile,
    TicketLink,
    TicketMention,
    TicketMessage,
    TicketWatcher,
)


def row(care: Care, ticket_id: int) -> Ticket:
    care.session.expire_all()
    found = care.session.get(Ticket, ticket_id)
    assert found is not None
    return found


def events(care: Care, ticket_id: int) -> list[tuple[str, int | None]]:
    statement = select(TicketEventRow.kind, TicketEventRow.by_user).where(
        TicketEventRow.ticket_id == ticket_id
    )
    return [tuple(one) for one in care.session.execute(statement.order_by(TicketEventRow.id))]


def test_the_same_mail_twice_is_one_ticket_and_one_message(care: Care) -> None:
    first = care.open(external_id="<1@post.example>")
    assert care.open(external_id="<1@post.example>", subject="another") == first
    assert care.open(external_id="<1@post.example>", channel="messenger") != first
    reply = {"direction": "in", "text": "and?", "channel": "email", "now": care.later(hours=1)}
    one = add_message(care.session, first, external_id="<2@post.example>", **reply)
    assert add_message(care.session, first, external_id="<2@post.example>", **reply) == one
    assert ticket_of(care.session, one) == first
    count = select(func.count()).where(TicketMessage.ticket_id == first)
    assert care.session.scalar(count) == 2
    assert events(care, first) == [("opened", None), ("heard", None)]


def test_an_answer_is_queued_and_the_ticket_waits_for_them(care: Care) -> None:
    ticket = care.open()
    assert (row(care, ticket).status, row(care, ticket).waits_since) == ("new", care.now)
    sent = add_message(
        care.session, ticket, direction="out", text="It was cold.", channel="email", now=care.later(hours=2),
        by=care.priya,
    )  # fmt: skip
    now = row(care, ticket)
    assert (now.status, now.first_answered_at, now.waits_since) == ("waiting", care.now, None)
    assert now.assignee_id == care.priya  # who answers first sees to it
    message = care.session.get(TicketMessage, sent)
    assert message is not None and message.sending == "queued"
    assert note_sending(
        care.session, sent, "sent", now=care.later(minutes=1), external_id="<a@us>", outbox_id=7
    )
    assert not note_sending(care.session, sent, "sent", now=care.later(minutes=1))
    assert note_sending(care.session, sent, "bounced", now=care.now, detail="no such mailbox")
    assert row(care, ticket).version == 2
    by_phone = add_message(
        care.session, ticket, direction="out", text="Told them.", channel="call", now=care.now, by=care.omar,
        then="solved",
    )  # fmt: skip
    told = care.session.get(TicketMessage, by_phone)
    assert told is not None and told.sending == ""
    assert row(care, ticket).solved_at == care.now and row(care, ticket).assignee_id == care.priya


def test_a_reply_reopens_and_a_late_one_opens_a_follow_up(care: Care) -> None:
    ticket = care.open(account_id=care.account, team_id=care.team, tags=["Cold ", "cold"])
    set_status(care.session, ticket, "closed", now=care.later(days=1), by=care.priya)
    reply = {"direction": "in", "text": "Not solved", "channel": "email"}
    add_message(care.session, ticket, now=care.later(days=14), **reply)
    assert (row(care, ticket).status, row(care, ticket).reopened) == ("open", 1)
    set_status(care.session, ticket, "closed", now=care.later(days=1), by=care.priya)
    late = add_message(care.session, ticket, now=care.later(days=14, seconds=1), external_id="<l@x>", **reply)
    follow_up = ticket_of(care.session, late)
    assert follow_up != ticket and row(care, ticket).status == "closed"
    new = row(care, follow_up)
    assert (new.customer_id, new.account_id, new.team_id) == (care.margaret, care.account, care.team)
    assert (new.status, new.tags, new.waits_since) == ("new", ["cold"], care.now)
    links = care.session.execute(select(TicketLink.ticket_id, TicketLink.other_id, TicketLink.kind)).all()
    assert [tuple(one) for one in links] == [(follow_up, ticket, "follows")]
    again = add_message(care.session, ticket, now=care.now, external_id="<l@x>", **reply)
    assert again == late  # the same late mail again opens no second follow-up


def test_a_note_names_colleagues_who_follow_it_from_then_on(care: Care) -> None:
    ticket = care.open()
    note = add_note(care.session, ticket, text="@omar, is it the meter? @nobody", now=care.now, by=care.priya)
    assert care.session.scalars(select(TicketMention.user_id)).all() == [care.omar]
    watching = select(TicketWatcher.user_id).where(TicketWatcher.ticket_id == ticket)
    assert care.session.scalars(watching).all() == [care.omar]
    assert row(care, ticket).status == "new"
    assert row(care, ticket).first_answered_at is None
    found = care.session.get(TicketMessage, note)
    assert found is not None and (found.direction, found.channel, found.sending) == ("note", "note", "")


def test_files_are_kept_once_and_a_customers_message_is_never_lost_to_a_bad_one(care: Care) -> None:
    paper, program = Given("bill.pdf", b"%PDF-1.7\n%%EOF"), Given("win.exe", b"MZ\x90\x00" + bytes(90))
    care.open(attachments=[paper, program])
    care.open(attachments=[paper])
    assert care.session.scalar(select(func.count()).select_from(TicketFile)) == 1
    kept = care.session.execute(
        select(TicketAttachment.name, TicketAttachment.refused).order_by(TicketAttachment.id)
    )
    assert [tuple(one) for one in kept] == [("bill.pdf", ""), ("win.exe", "file_kind"), ("bill.pdf", "")]
    with pytest.raises(Invalid) as refused:
        care.open(by=care.priya, attachments=[program])
    assert refused.value.where == "files"


def test_a_form_sent_twice_writes_once(care: Care) -> None:
    first = care.open(form_key="f1", by=care.priya)
    assert care.open(form_key="f1", by=care.priya) == first
    answer = {"direction": "out", "text": "Yes", "channel": "email", "now": care.now, "by": care.priya}
    one = add_message(care.session, first, form_key="f2", version=1, **answer)
    assert add_message(care.session, first, form_key="f2", version=1, **answer) == one
    note = add_note(care.session, first, text="n", now=care.now, by=care.priya, form_key="f3")
    assert add_note(care.session, first, text="n", now=care.now, by=care.priya, form_key="f3") == note
    kinds = [kind for kind, _ in events(care, first) if kind != "sending"]
    assert kinds == ["opened", "answered", "noted"]


def test_the_second_of_two_is_told_who_did_what(care: Care) -> None:
    ticket = care.open()
    seen = row(care, ticket).version
    answer = {"direction": "out", "channel": "email", "now": care.later(minutes=1)}
    add_message(care.session, ticket, text="From Priya", by=care.priya, version=seen, **answer)
    with pytest.raises(Conflict) as told:
        add_message(care.session, ticket, text="From Omar", by=care.omar, version=seen, **answer)
    assert "Priya Nair answered meanwhile" in told.value.message
    with pytest.raises(Conflict):
        set_status(care.session, ticket, "solved", now=care.now, by=care.omar, version=seen)
    assert (
        change(care.session, ticket, {"status": "waiting"}, now=care.now, by=care.omar, version=seen) is False
    )
    # What one did oneself, and what a rule did, surprises nobody; a word of the customer's does.
    seen = row(care, ticket).version
    set_status(care.session, ticket, "open", now=care.now, by=care.omar)
    change(care.session, ticket, {"priority": "high"}, now=care.now, reason="a rule")
    add_note(care.session, ticket, text="mine", now=care.now, by=care.omar, version=seen)
    seen = row(care, ticket).version
    add_message(care.session, ticket, direction="in", text="Hello?", channel="email", now=care.now)
    with pytest.raises(Conflict) as told:
        add_message(care.session, ticket, text="From Omar", by=care.omar, version=seen, **answer)
    assert "the customer wrote meanwhile" in told.value.message


def test_fields_change_in_one_event_that_says_before_and_after(care: Care) -> None:
    ticket = care.open(account_id=care.account)
    changes = {"priority": "high", "subject": " A  new\nsubject ", "kind": "billing", "tags": ["Vip"]}
    assert change(care.session, ticket, changes, now=care.now, by=care.omar, reason="called twice")
    last = care.session.scalars(select(TicketEventRow).order_by(TicketEventRow.id.desc()).limit(1)).one()
    assert last.before == {"priority": "normal", "subject": "My bill", "tags": []}
    assert last.after == {"priority": "high", "subject": "A new subject", "tags": ["vip"]}
    assert (last.kind, last.by_user, last.reason, last.version) == ("changed", care.omar, "called twice", 2)
    assert not change(care.session, ticket, {"priority": "high"}, now=care.now, by=care.omar)
    assign(care.session, ticket, assignee_id=care.priya, now=care.now, by=care.omar)
    assign(care.session, ticket, team_id=care.team, now=care.now, by=care.omar)
    now = row(care, ticket)
    assert (now.assignee_id, now.team_id) == (None, care.team)  # given to the team, not to a person in it
    set_customer(care.session, ticket, care.bakery, now=care.now, by=care.omar)
    assert row(care, ticket).account_id is None  # it was Margaret's
    for wrong, error in (
        ({"priority": "huge"}, Invalid), ({"assignee_id": 10**9}, NotFound), ({"version": 9}, Invalid),
        ({"customer_id": 10**9}, NotFound), ({"snoozed_until": care.now}, Invalid),
    ):  # fmt: skip
        with pytest.raises(error):
            change(care.session, ticket, wrong, now=care.now, by=care.omar)
    assert not change(care.session, ticket, {"status": "new"}, now=care.now, by=care.omar)
    set_status(care.session, ticket, "open", now=care.now, by=care.omar)
    with pytest.raises(Refused):
        set_status(care.session, ticket, "new", now=care.now, by=care.omar)
    with pytest.raises(NotFound):
        set_status(care.session, 10**9, "open", now=care.now)


def test_what_happened_is_never_rewritten(care: Care) -> None:
    ticket = care.open()
    for statement in ("update ticket_events set kind = 'x'", "delete from ticket_events"):
        with pytest.raises(DBAPIError, match="never changed"), care.session.begin_nested():
            care.session.execute(text(f"{statement} where ticket_id = {ticket}"))


def test_the_clock_wakes_what_slept_and_closes_what_is_quiet(care: Care) -> None:
    asleep, quiet, fresh = care.open(), care.open(), care.open()
    snooze(care.session, asleep, care.now.replace(year=2027), now=care.now, by=care.priya)
    set_status(care.session, quiet, "solved", now=care.now, by=care.priya)
    set_status(care.session, fresh, "solved", now=care.later(days=7), by=care.priya)
    wake_and_close(care.session, care.now)
    assert (row(care, quiet).status, row(care, fresh).status) == ("closed", "solved")
    assert row(care, asleep).snoozed_until is not None
    wake_and_close(care.session, care.now.replace(year=2027))
    assert row(care, asleep).snoozed_until is None
    snooze(care.session, asleep, care.now.replace(year=2028), now=care.now, by=care.priya)
    add_message(care.session, asleep, direction="in", text="?", channel="email", now=care.now)
    assert row(care, asleep).snoozed_until is None  # their word wakes it


def test_whoever_listens_is_told_in_the_same_transaction(care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[TicketEvent] = []
    monkeypatch.setattr(
        "utility_crm.tickets.events.listeners", lambda: (lambda _s, event: heard.append(event),)
    )
    ticket = care.open()
    add_message(care.session, ticket, direction="in", text="?", channel="email", now=care.now)
    set_status(care.session, ticket, "solved", now=care.now, by=care.priya)
    assert [(one.kind, one.by, one.after.get("status")) for one in heard] == [
        ("opened", None, "new"), ("heard", None, None), ("changed", care.priya, "solved"),
    ]  # fmt: skip


def test_what_cannot_be_a_ticket_is_refused(care: Care) -> None:
    for wrong in (
        {"kind": "weather"},
        {"channel": "smoke"},
        {"subject": " "},
        {"text": "\0 "},
        {"subject": "x" * 201},
    ):
        with pytest.raises(Invalid):
            care.open(**wrong)
    with pytest.raises(NotFound):
        care.open(customer_id=10**9)
    with pytest.raises(NotFound):
        care.open(customer_id=care.bakery, account_id=care.account)
    nobody = open_ticket(
        care.session,
        kind="other",
        subject="Hello",
        text="It's me",
        channel="web",
        now=care.now,
        language="ru",
    )
    assert (row(care, nobody).customer_id, row(care, nobody).language) == (None, "ru")
