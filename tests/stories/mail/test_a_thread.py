"""A customer writes, is answered and answers, through real mail servers, while the reader is killed again and
again, mail comes twice, and machines answer: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from bounced_mail import delivery_report
from letters_in import letter
from mail_servers import Imap, Smtp, imap_server, smtp_server
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from notifications.answers import follow_answers
from notifications.delivery.worker import deliver_batch, workers
from utility_crm.auth.tables import User
from utility_crm.customers.tables import ContactPoint, Customer
from utility_crm.installed import load_tables
from utility_crm.kit.clock import utc_now
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.settings import settings
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import add_message
from utility_crm.tickets.domain.files import Given
from utility_crm.tickets.tables import Ticket, TicketAttachment, TicketMessage

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = Path(__file__).parent / "programs" / "read_mail.py"
Reads = Callable[[str], int]


@pytest.fixture
def imap() -> Iterator[Imap]:
    with imap_server() as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as server:
        yield server


@pytest.fixture
def post(imap: Imap, smtp: Smtp, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    given = imap.environment() | {
        "UTILITY_CRM_MAIL_TO": "smtp",
        "UTILITY_CRM_SMTP_PORT": str(smtp.port),
        "UTILITY_CRM_SECRET_KEY": "only for tests",
        "UTILITY_CRM_LETTERS_AT": "",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield given
    settings.cache_clear()


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    load_tables()
    made = make_engine(fresh_database_url)
    yield made
    made.dispose()


@contextmanager
def reader(url: str) -> Iterator[Reads]:
    """Reads all mail each time it is called, and dies where it is told to; how it ended."""
    given = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(PROGRAM), url]
    with subprocess.Popen(
        command, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin
        assert parent.stdout
        asks, answers = parent.stdin, parent.stdout

        def read(place: str) -> int:
            asks.write(f"{place}\n")
            asks.flush()
            return int(answers.readline())

        try:
            yield read
        finally:
            parent.kill()


def deliver(engine: Engine) -> None:
    """All that is due by mail leaves, and tickets hear what became of it."""
    [worker] = [one for one in workers(engine, settings()) if one.staff]
    while deliver_batch(worker, Event()).looked_at:
        pass
    worker.channel.rest()
    with unit_of_work(engine) as session:
        follow_answers(session, utc_now())


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_thread_through_kills_repeats_and_machines(
    engine: Engine, fresh_database_url: str, imap: Imap, smtp: Smtp, post: dict[str, str]
) -> None:
    with unit_of_work(engine) as session:
        ann = Customer(
            number="C1", kind="person", name="Ann Hill", segment="household", since=utc_now().date()
        )
        session.add(ann)
        session.flush()
        mail = "ann@home.example"
        session.add(ContactPoint(customer_id=ann.id, kind="email", value=mail, normal=mail))
        omar = User(login="omar", name="Omar Haddad", role="agent", password_hash="nobody's")
        session.add(omar)

    with reader(fresh_database_url) as read:
        assert read("nowhere") == 0  # the mailbox is known from now on

        # She writes; the reader is killed wherever it can be.
        imap.arrives(letter("My bill is too high.", name="<1@home.example>"))
        assert read("stored") == -9
        with unit_of_work(engine) as session:
            assert count(session, Arrival) == 0
        assert imap.unread() == 1
        assert read("committed") == -9
        with unit_of_work(engine) as session:
            assert session.scalars(select(Arrival.state)).all() == ["stored"]
        assert imap.unread() == 1
        assert read("marked") == -9
        assert imap.unread() == 0
        assert read("placed") == -9
        assert read("nowhere") == 0
        with unit_of_work(engine) as session:
            assert (count(session, Arrival), count(session, Ticket), count(session, TicketMessage)) == (
                1,
                1,
                1,
            )

        # She hears that it has come.
        deliver(engine)
        [(to, receipt)] = smtp.taken
        assert (to, receipt["In-Reply-To"], receipt["Auto-Submitted"]) == (
            mail,
            "<1@home.example>",
            "auto-replied",
        )
        with unit_of_work(engine) as session:
            ticket = session.scalars(select(Ticket)).one()
            assert ticket.number in receipt["Subject"]

        # She is answered, by a person.
        with unit_of_work(engine) as session:
            words = "October was cold."
            add_message(
                session, ticket.id, direction="out", text=words, channel="email", now=utc_now(), by=omar.id,
                attachments=(Given("How it adds up.txt", b"October: 412 kWh"),), form_key="once",
            )  # fmt: skip
        deliver(engine)
        to, answer = smtp.taken[-1]
        assert (to, answer["Auto-Submitted"], answer["In-Reply-To"]) == (mail, None, "<1@home.example>")
        assert "October was cold." in answer.get_body(("plain",)).get_content()
        [file] = answer.iter_attachments()
        assert (file.get_filename(), file.get_content()) == ("How it adds up.txt", "October: 412 kWh")
        with unit_of_work(engine) as session:
            sent = session.scalars(select(TicketMessage).where(TicketMessage.direction == "out")).one()
            assert (sent.sending, sent.external_id) == ("sent", answer["Message-ID"])

        # She answers with a file; the same mail comes twice, and once more by another way, between machines.
        pdf = (("bill.pdf", "application/pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"),)
        reply = letter(
            "See my bill.\n\nOn Friday, Northmoor Energy wrote:\n> October was cold.\n",
            subject="Something else", name="<2@home.example>", answers=answer["Message-ID"], files=pdf,
        )  # fmt: skip
        away = letter(
            "I am away.", subject="Out of office", name="<3@home.example>", to=answer["Reply-To"],
            answers=answer["Message-ID"], Auto_Submitted="auto-replied",
        )  # fmt: skip
        for raw in (reply, away, b"no letter at all \xff\xfe", reply):
            imap.arrives(raw)
        imap.arrives(b"Received: by relay.example\r\nDelivered-To: care@utility.example\r\n" + reply)
        assert read("committed") == -9
        assert read("placed") == -9
        assert read("nowhere") == 0
        assert imap.unread() == 0
        with unit_of_work(engine) as session:
            assert count(session, Ticket) == 1
            texts = select(TicketMessage.text).order_by(TicketMessage.id)
            assert session.scalars(texts).all() == [
                "My bill is too high.",
                "October was cold.",
                "See my bill.",
            ]
            names = select(TicketAttachment.name).order_by(TicketAttachment.id)
            assert session.scalars(names).all() == ["How it adds up.txt", "bill.pdf"]
            states = select(Arrival.state, Arrival.reason).order_by(Arrival.id)
            assert [tuple(row) for row in session.execute(states)] == [
                ("placed", ""), ("placed", ""), ("ignored", "auto_reply"), ("waiting", "broken"),
            ]  # fmt: skip

        # The answer comes back after all.
        imap.arrives(delivery_report("failed", "5.1.1", letter=answer["Message-ID"]))
        assert read("marked") == -9
        assert read("nowhere") == 0
        deliver(engine)
        with unit_of_work(engine) as session:
            sent = session.get_one(TicketMessage, sent.id, populate_existing=True)
            assert sent.sending == "bounced"
            suppressed = session.execute(text("select address from suppressions")).scalars().all()
            assert suppressed == [mail]
        assert len(smtp.taken) == 2
        assert read("nowhere") == 0
        with unit_of_work(engine) as session:
            assert count(session, Arrival) == 5
