"""From a mail to its ticket: whose it is, which thread, and who stays outside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from bounced_mail import delivery_report
from letters_in import letter
from psycopg.errors import DeadlockDetected
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from notifications.answers import follow_answers
from notifications.tables import OutboxNotice
from tests.conftest import NOW
from tests.db.mail.conftest import Comes, customer
from utility_crm.auth.tables import User
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.installed import load_tables
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.mail import placing
from utility_crm.mail.api import take_messenger
from utility_crm.mail.deciding import make_ticket
from utility_crm.mail.digests import digest_of_bytes
from utility_crm.mail.domain.threads import reply_address
from utility_crm.mail.fetching import keep_mail
from utility_crm.mail.mailbox import Given
from utility_crm.mail.messengers import Message
from utility_crm.mail.placing import MOST_AN_HOUR
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import add_message, merge, open_ticket, unmerge
from utility_crm.tickets.care.defaults import begin_with_the_usual
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket, TicketAttachment, TicketMessage


@pytest.fixture
def omar(session: Session) -> int:
    user = User(login="omar", name="Omar Haddad", role="agent", password_hash="nobody's")
    session.add(user)
    session.flush()
    return user.id


def messages(session: Session, ticket_id: int | None) -> list[str]:
    rows = select(TicketMessage.text).where(TicketMessage.ticket_id == ticket_id).order_by(TicketMessage.id)
    return list(session.scalars(rows))


def tickets(session: Session) -> int:
    return session.scalar(select(func.count(Ticket.id))) or 0


def sent(session: Session, notice: str) -> list[OutboxNotice]:
    rows = select(OutboxNotice).where(OutboxNotice.notice == notice).order_by(OutboxNotice.id)
    return list(session.scalars(rows))


def test_a_customers_letter_opens_a_ticket_and_is_acknowledged_once(
    session: Session, ann: int, comes: Comes
) -> None:
    one = comes(letter("My bill is too high.\n\n-- \nAnn", Content_Language="en"))
    assert (one.state, one.customer_id, one.sender) == ("placed", ann, "ann@home.example")
    ticket = session.get_one(Ticket, one.ticket_id)
    assert (ticket.subject, ticket.channel, ticket.customer_id) == ("My bill", "email", ann)
    assert messages(session, ticket.id) == ["My bill is too high."]
    [receipt] = sent(session, "ticket_received")
    assert (receipt.address, receipt.customer_id, receipt.state) == ("ann@home.example", ann, "waiting")
    assert receipt.context["thread"]["answers"] == ["<1@home.example>"]
    comes(letter("And one more thing.", name="<2@home.example>", answers=one.receipt_name))
    assert messages(session, ticket.id) == ["My bill is too high.", "And one more thing."]
    assert len(sent(session, "ticket_received")) == 1


def test_the_same_letter_again_is_the_same_arrival_whoever_hands_it_over(
    session: Session, ann: int, comes: Comes
) -> None:
    raw = letter()
    first = comes(raw)
    again = comes(b"Received: from relay.example by us\r\nX-Spam-Score: 0\r\n" + raw)
    assert (again.id, tickets(session)) == (first.id, 1)
    assert messages(session, first.ticket_id) == ["My bill is too high."]


def test_another_letter_under_a_name_that_is_taken_is_not_swallowed(
    session: Session, ann: int, comes: Comes
) -> None:
    first = comes(letter("Something else altogether.", sender="Eve <eve@far.example>"))
    second = comes(letter("My bill is too high."))
    assert first.id != second.id
    assert messages(session, second.ticket_id) == ["My bill is too high."]


def test_an_unknown_sender_waits_for_a_person_and_is_acknowledged_all_the_same(
    session: Session, ann: int, comes: Comes
) -> None:
    one = comes(letter(sender="Bob <bob@far.example>"))
    assert (one.state, one.reason, one.customer_id) == ("waiting", "unknown_sender", None)
    assert session.get_one(Ticket, one.ticket_id).customer_id is None
    [receipt] = sent(session, "ticket_received")
    assert (receipt.address, receipt.customer_id, receipt.addressed) == ("bob@far.example", None, True)


def test_an_address_that_two_customers_have_is_nobodys_by_itself(
    session: Session, ann: int, comes: Comes
) -> None:
    customer(session, "C2", "Bert Hill", "ann@home.example")
    one = comes(letter())
    assert (one.state, one.reason) == ("waiting", "several_customers")


def test_a_stranger_who_guesses_a_number_does_not_get_into_the_thread(
    session: Session, ann: int, comes: Comes
) -> None:
    one = comes(letter())
    subject = f"Re: My bill [{number_of(one.ticket_id or 0)}]"
    stranger = comes(letter("Let me in.", sender="eve@far.example", subject=subject, name="<e@far.example>"))
    assert stranger.ticket_id != one.ticket_id
    assert messages(session, one.ticket_id) == ["My bill is too high."]
    known = comes(letter("It is me.", subject=subject, name="<3@home.example>"))
    assert known.ticket_id == one.ticket_id


def test_a_stranger_who_answers_the_customers_own_letter_does_not_get_in(
    session: Session, ann: int, comes: Comes
) -> None:
    one = comes(letter())
    eve = letter("Let me in.", sender="eve@far.example", name="<e@far.example>", answers="<1@home.example>")
    assert comes(eve).ticket_id != one.ticket_id
    own = comes(letter("I forgot:", name="<2@home.example>", answers="<1@home.example>"))
    assert own.ticket_id == one.ticket_id


def test_the_address_we_gave_leads_back_and_a_forged_one_does_not(
    session: Session, ann: int, comes: Comes
) -> None:
    one = comes(letter())
    assert one.ticket_id is not None
    ours = reply_address("care@utility.example", one.ticket_id, "only for tests")
    other = comes(letter("From my office.", sender="ann@work.example", to=ours, name="<w@work.example>"))
    assert other.ticket_id == one.ticket_id
    forged = reply_address("care@utility.example", one.ticket_id, "somebody else's secret")
    eve = comes(letter("Let me in.", sender="eve@far.example", to=forged, name="<e@far.example>"))
    assert eve.ticket_id != one.ticket_id


def test_nothing_goes_on_with_a_ticket_of_who_was_erased(session: Session, ann: int, comes: Comes) -> None:
    one = comes(letter())
    ours = reply_address("care@utility.example", one.ticket_id, "only for tests")
    session.execute(update(Customer).where(Customer.id == ann).values(erased_on=NOW.date()))
    session.execute(delete(ContactPoint).where(ContactPoint.customer_id == ann))
    two = comes(letter("Once more.", to=ours, name="<again@ann.example>"))
    assert two.ticket_id != one.ticket_id and (two.state, two.customer_id) == ("waiting", None)


def test_a_reply_to_a_merged_ticket_lands_where_that_went(session: Session, ann: int, comes: Comes) -> None:
    one, other = comes(letter()), comes(letter("The same.", name="<2@home.example>", subject="Bill again"))
    assert one.ticket_id is not None
    assert other.ticket_id is not None
    merge(session, one.ticket_id, other.ticket_id, now=NOW)
    reply = comes(letter("Well?", name="<3@home.example>", answers=one.receipt_name))
    assert reply.ticket_id == other.ticket_id


@pytest.mark.parametrize(
    ("heads", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto_reply"),
        ({"Auto_Submitted": "auto-generated; owner-token=1"}, "auto_reply"),
        ({"Precedence": "bulk"}, "bulk"),
        ({"Precedence": "auto_reply"}, "auto_reply"),
        ({"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}, "auto_reply"),
        ({"Return_Path": "<>"}, "null_sender"),
        ({"X_Utility_CRM": "receipt"}, "loop"),
        ({"List_Id": "<news.example>"}, "bulk"),
    ],
)
def test_what_no_person_wrote_is_kept_and_goes_nowhere(
    session: Session, ann: int, comes: Comes, heads: dict[str, str], reason: str
) -> None:
    one = comes(letter("I am away.", **heads))
    assert (one.state, one.reason, one.ticket_id) == ("ignored", reason, None)
    assert (tickets(session), sent(session, "ticket_received")) == (0, [])
    assert b"I am away." in one.raw


def test_our_own_letter_that_comes_back_is_a_loop(session: Session, comes: Comes) -> None:
    assert comes(letter(sender="Care <care@utility.example>")).reason == "loop"


def test_a_sender_who_writes_without_end_is_kept_and_not_answered(
    session: Session, ann: int, comes: Comes
) -> None:
    for number in range(MOST_AN_HOUR):
        assert comes(letter(name=f"<{number}@home.example>", subject=f"Matter {number}")).state == "placed"
    one = comes(letter(name="<more@home.example>"))
    assert (one.state, one.reason) == ("ignored", "too_many")
    assert len(sent(session, "ticket_received")) == 3
    later = comes(letter(name="<later@home.example>"), NOW + timedelta(hours=2))
    assert later.state == "placed"


def test_a_letter_nobody_can_read_waits_with_its_reason_and_stops_nobody(
    session: Session, ann: int, comes: Comes
) -> None:
    assert comes(b"\r\n\r\n   ").reason == "empty"
    deep = b"From: ann@home.example\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
        for level in range(60)
    )
    one = comes(deep + b"\r\nhello")
    assert (one.state, one.reason, one.raw) == ("waiting", "too_deep", deep + b"\r\nhello")
    assert comes(letter()).state == "placed"


def test_a_failure_of_ours_puts_the_letter_before_a_person(
    session: Session, ann: int, comes: Comes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("utility_crm.mail.placing.open_ticket", fail)
    one = comes(letter())
    assert (one.state, one.reason, one.detail) == ("waiting", "failed", "RuntimeError: boom")
    assert (one.sender, one.sender_name, one.subject) == ("ann@home.example", "Ann Hill", "My bill")
    monkeypatch.undo()
    assert tickets(session) == 0


def test_attachments_are_checked_by_the_tickets_and_a_program_is_left_out(
    session: Session, ann: int, comes: Comes
) -> None:
    files = (
        ("bill.pdf", "application/pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"),
        ("run.exe", "application/octet-stream", b"MZ\x90\x00" + b"\0" * 200),
        ("../../etc/passwd.txt", "text/plain", b"hello"),
    )
    one = comes(letter("See the bill.", files=files))
    rows = session.execute(
        select(TicketAttachment.name, TicketAttachment.refused != "").where(
            TicketAttachment.message_id == one.message_id
        )
    ).all()
    assert {tuple(row) for row in rows} == {("bill.pdf", False), ("run.exe", True), ("passwd.txt", False)}


def test_a_bounce_goes_to_the_receipts_and_the_ticket_says_so(
    session: Session, ann: int, comes: Comes
) -> None:
    ticket_id = comes(letter()).ticket_id
    assert ticket_id is not None
    message_id = add_message(session, ticket_id, direction="out", text="Well.", channel="email", now=NOW)
    message = session.get_one(TicketMessage, message_id)
    assert message.sending == "queued"
    notice = session.get_one(OutboxNotice, message.outbox_id)
    notice.state, notice.sent_at = "sent", NOW
    session.flush()
    assert follow_answers(session, NOW) == 1
    assert message.sending == "sent"
    assert message.external_id == notice.message_id
    one = comes(
        delivery_report("failed", "5.1.1", letter=notice.message_id or ""), NOW + timedelta(minutes=5)
    )
    assert (one.state, one.reason) == ("ignored", "report")
    assert follow_answers(session, NOW + timedelta(minutes=6)) == 1
    session.refresh(message)
    assert message.sending == "bounced"
    assert follow_answers(session, NOW + timedelta(minutes=7)) == 0


def test_an_answer_goes_to_who_wrote_and_stands_in_their_thread(
    session: Session, ann: int, omar: int, comes: Comes
) -> None:
    one = comes(letter(name="<1@home.example>"))
    assert one.ticket_id is not None
    message_id = add_message(
        session, one.ticket_id, direction="out", text="It was cold.", channel="email", now=NOW, by=omar
    )
    [answer] = sent(session, "ticket_answer")
    assert (answer.address, answer.urgent, answer.state) == ("ann@home.example", True, "waiting")
    assert answer.context["thread"]["answers"][-1] == "<1@home.example>"
    assert answer.context["thread"]["written_by"] == "person"
    message = session.get_one(TicketMessage, message_id)
    assert message.external_id == answer.message_id
    reply = comes(letter("Thanks.", name="<2@home.example>", answers=answer.message_id or ""))
    assert reply.ticket_id == one.ticket_id


def test_a_stranger_in_the_thread_is_not_answered_in_the_customers_place(
    session: Session, ann: int, comes: Comes
) -> None:
    one = comes(letter())
    assert one.ticket_id is not None
    ours = reply_address("care@utility.example", one.ticket_id, "only for tests")
    comes(letter("Send it to me.", sender="eve@far.example", to=ours, name="<e@far.example>"))
    add_message(session, one.ticket_id, direction="out", text="Your bill", channel="email", now=NOW)
    [answer] = sent(session, "ticket_answer")
    assert answer.address == "ann@home.example"


def test_an_answer_to_a_customer_without_e_mail_goes_another_way_or_says_why_not(session: Session) -> None:
    nobody = customer(session, "C3", "Nora Bell")
    opened = {"kind": "billing", "subject": "Bill", "text": "By telephone.", "channel": "call", "now": NOW}
    ticket = open_ticket(session, customer_id=nobody, **opened)  # type: ignore[arg-type]
    first = add_message(session, ticket, direction="out", text="Well.", channel="email", now=NOW)
    message = session.get_one(TicketMessage, first)
    assert (message.sending, message.sending_detail) == ("failed", "we have no address to send it to")
    session.add(ContactPoint(customer_id=nobody, kind="phone", value="+447700900123", normal="+447700900123"))
    session.flush()
    second = add_message(session, ticket, direction="out", text="Well!", channel="email", now=NOW)
    assert session.get_one(TicketMessage, second).sending == "queued"
    assert sent(session, "ticket_answer")[-1].channel == "sms"


def test_at_night_an_answer_leaves_all_the_same(session: Session, ann: int, comes: Comes) -> None:
    night = NOW.replace(hour=2)
    one = comes(letter(), night)
    assert one.ticket_id is not None
    add_message(session, one.ticket_id, direction="out", text="Well.", channel="email", now=night)
    [answer] = sent(session, "ticket_answer")
    assert (answer.state, answer.not_before) == ("waiting", night)
    assert session.scalar(select(func.count(Arrival.id))) == 1


def own_words(session: Session) -> list[tuple[str, str]]:
    """Letters on their way, and who is said to have written them."""
    rows = session.scalars(select(OutboxNotice).order_by(OutboxNotice.id))
    return [(row.notice, row.context["thread"]["written_by"]) for row in rows]


def test_a_rule_that_confirms_takes_the_receipts_place_says_it_is_a_machine_and_keeps_the_cap(
    session: Session, ann: int, omar: int, comes: Comes
) -> None:
    begin_with_the_usual(session, now=NOW, by=omar)
    ids = [comes(letter(name=f"<{n}@home.example>", subject=f"Matter {n}")).ticket_id for n in range(5)]
    assert own_words(session) == [("ticket_answer", "receipt")] * 3
    answers = select(TicketMessage.ticket_id).where(TicketMessage.direction == "out")
    assert list(session.scalars(answers.order_by(TicketMessage.id))) == ids[:3]  # nothing hangs unsent
    comes(letter(sender="Bob <bob@far.example>", name="<b@far.example>"))
    assert own_words(session)[3:] == [("ticket_received", "receipt")]  # the rule is for customers
    later = NOW + timedelta(hours=2)
    comes(letter(name="<later@home.example>"), later)
    assert len(own_words(session)) == 5


def test_a_letter_that_a_relay_encoded_anew_is_the_same(session: Session, ann: int, comes: Comes) -> None:
    head = (
        b"From: Ann <ann@home.example>\r\nMessage-ID: <q@home.example>\r\nSubject: Bill\r\n"
        b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: "
    )
    first = comes(head + b"8bit\r\n\r\n" + "Why £80?\r\nAnn".encode())
    again = comes(head + b"quoted-printable\r\n\r\nWhy =C2=A380?\r\nAnn\r\n")
    other = comes(head + b"quoted-printable\r\n\r\nWhy =C2=A390?\r\nAnn\r\n")
    assert (again.id, other.id != first.id) == (first.id, True)
    assert messages(session, first.ticket_id) == ["Why £80?\nAnn"]


def test_a_letter_that_came_when_letters_were_known_by_their_bytes_is_known(
    session: Session, ann: int, comes: Comes
) -> None:
    first = comes(letter())
    first.digest = digest_of_bytes(letter())
    session.flush()
    assert (comes(letter()).id, tickets(session)) == (first.id, 1)


def test_a_messengers_words_go_on_where_their_ticket_was_merged_to(session: Session, ann: int) -> None:
    def says(name: str, words: str) -> None:
        message = Message(name=name, sender="ann.hill", sender_name="Ann", text=words, at=NOW)
        assert take_messenger(session, "generic", message, NOW)

    says("1", "Hello")
    old = session.scalars(select(Ticket.id)).one()
    kept = open_ticket(
        session, kind="other", subject="Bill", text="By telephone.", channel="call", now=NOW, customer_id=ann
    )
    merge(session, old, kept, now=NOW)
    says("2", "More")
    assert messages(session, kept) == ["Hello", "By telephone.", "More"]
    unmerge(session, old, now=NOW)
    says("3", "Are you there?")
    assert messages(session, old) == ["Hello"]
    assert messages(session, kept) == ["By telephone.", "More", "Are you there?"]


def test_a_letter_of_which_only_the_head_came_says_who_wrote_it(session: Session, omar: int) -> None:
    raw = b"From: Bob Far <bob@far.example>\r\nMessage-ID: <big@far.example>\r\nSubject: Photos\r\n\r\n"
    arrival_id, _ = keep_mail(session, Given(raw, 50_000_000, False), NOW)
    large = session.get_one(Arrival, arrival_id)
    assert (large.sender, large.sender_name, large.subject) == ("bob@far.example", "Bob Far", "Photos")
    ticket_id = make_ticket(session, arrival_id, now=NOW, by=omar)
    add_message(session, ticket_id, direction="out", text="Smaller ones?", channel="email", now=NOW, by=omar)
    assert [one.address for one in sent(session, "ticket_answer")] == ["bob@far.example"]


def test_a_report_that_does_not_say_of_which_letter_is_put_before_a_person(
    session: Session, comes: Comes
) -> None:
    one = comes(delivery_report("failed", "5.1.1", letter=""))
    assert (one.state, one.reason, one.ticket_id) == ("waiting", "unread_report", None)
    assert one.detail == "the report does not say which letter it is about"


@pytest.fixture
def committed(fresh_database_url: str) -> Iterator[Engine]:
    """A database with two letters stored."""
    load_tables()
    engine = make_engine(fresh_database_url)
    with unit_of_work(engine) as session:
        for number in range(2):
            raw = letter(name=f"<{number}@far.example>", sender=f"bob{number}@far.example")
            keep_mail(session, Given(raw, len(raw), True), NOW)
    yield engine
    engine.dispose()


def states(engine: Engine) -> list[str]:
    with unit_of_work(engine) as other:
        return list(other.scalars(select(Arrival.state).order_by(Arrival.id)))


def test_each_mail_is_placed_in_a_transaction_of_its_own(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, seen = placing.place_mail, []

    def watched(*given: Any) -> None:
        seen.append(states(committed))
        place(*given)

    monkeypatch.setattr(placing, "place_mail", watched)
    assert placing.place_each(committed, NOW) == {"waiting": 2}
    assert seen == [["stored", "stored"], ["waiting", "stored"]]
    assert placing.place_each(committed, NOW) == {}


def test_a_mail_that_stands_in_anothers_way_is_placed_in_the_next_look(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = placing.place_mail

    def entangled(session: Session, arrival: Arrival, *given: Any) -> None:
        if arrival.sender == "bob0@far.example":
            raise OperationalError("select", {}, DeadlockDetected())
        place(session, arrival, *given)

    with monkeypatch.context() as at_once:
        at_once.setattr(placing, "place_mail", entangled)
        assert placing.place_each(committed, NOW) == {"waiting": 1}
    assert states(committed) == ["stored", "waiting"]
    assert placing.place_each(committed, NOW) == {"waiting": 1}


def test_without_a_database_placing_stops(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise OperationalError("select", {}, Exception("gone"), connection_invalidated=True)

    monkeypatch.setattr(placing, "place_mail", gone)
    with pytest.raises(OperationalError):
        placing.place_each(committed, NOW)
    assert states(committed) == ["stored", "stored"]


def test_a_sender_that_no_column_holds_stops_nobody(session: Session, comes: Comes) -> None:
    raw = letter(name="<n@far.example>").replace(b"ann@home.example", b"a\0nn@home.example")
    assert comes(raw).state == "waiting"
    head_id, _ = keep_mail(session, Given(raw + b"x", 50_000_000, False), NOW)
    assert "\0" not in session.get_one(Arrival, head_id).sender
