"""From what came to a ticket: which thread, whose, or why a person has to say.

Each mail is placed in a transaction of its own: one that cannot be placed is put before a person with its
reason, and the next one goes on.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from utility_crm.installed import modules
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.module import resolve
from utility_crm.kit.ports import Reported, Reports
from utility_crm.kit.runtime import secret_key
from utility_crm.kit.settings import settings
from utility_crm.mail.belonging import customers_at, thread_of
from utility_crm.mail.domain.automatic import why_automatic
from utility_crm.mail.domain.clean_text import one_line
from utility_crm.mail.domain.folding import fold
from utility_crm.mail.reading import Mail, Unreadable, head_of, read_mail
from utility_crm.mail.sending import acknowledge
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import add_message, open_ticket, ticket_of
from utility_crm.tickets.domain.files import MOST_FILES, Given
from utility_crm.tickets.tables import Ticket, TicketMessage
from utility_crm.web.words import mark, translator

_log = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 100
MOST_AN_HOUR: Final = 30
"""Mails of one sender in an hour; what comes above that is kept and not placed: two machines may be
talking."""
_LONGEST_SUBJECT: Final = 200
_LONGEST_TEXT: Final = 49_000


@dataclass(frozen=True, slots=True)
class Came:
    """A message as it goes into a ticket, whatever channel it came by."""

    channel: str
    sender: str
    sender_name: str
    subject: str
    text: str
    language: str
    external_id: str
    attached: tuple[Given, ...] = ()
    answers: tuple[str, ...] = ()
    kind: str = "other"


def place_each(engine: Engine, now: datetime, most: int = MOST_AT_ONCE) -> Mapping[str, int]:
    """Place what is stored, oldest first, each mail in a transaction of its own; how many became what.

    So tickets are held as long as one mail takes, and a reader that is killed loses nothing: what it had not
    placed is stored. One that gets in another's way (a deadlock) waits for the next look, and the next one
    goes on. Raises only where the database is gone.
    """
    counted: Counter[str] = Counter()
    with unit_of_work(engine) as session:
        waiting = session.scalars(_waiting(most).with_only_columns(Arrival.id)).all()
    for arrival_id in waiting:
        try:
            with unit_of_work(engine) as session:
                counted.update(_place_first(session, _waiting(1).where(Arrival.id == arrival_id), now))
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error, InterfaceError):
                raise
            _log.warning("arrival %s is placed in the next look: %s", arrival_id, error.orig)
    return counted


def place_stored(session: Session, now: datetime, most: int = MOST_AT_ONCE) -> Mapping[str, int]:
    """The same in one transaction, of a caller that is alone."""
    return _place_first(session, _waiting(most), now)


def _waiting(most: int) -> Select[Arrival]:
    stored = select(Arrival).where(Arrival.state == "stored", Arrival.channel == "email")
    return stored.order_by(Arrival.id).limit(most)


def _place_first(session: Session, stored: Select[Arrival], now: datetime) -> Counter[str]:
    """Place these, but for those that another reader has. Each in a savepoint: one that cannot be placed is
    put before a person, with what its head says."""
    counted: Counter[str] = Counter()
    for arrival in session.scalars(stored.with_for_update(skip_locked=True)).all():
        mail = read_mail(arrival.raw)
        if isinstance(mail, Mail):
            _note_head(arrival, mail)
            session.flush()
        try:
            with session.begin_nested():
                place_mail(session, arrival, mail, now)
                session.flush()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # whatever it is, it must neither be lost nor stop the next
            _log.exception("arrival %s could not be placed", arrival.id)
            session.refresh(arrival)
            put_off(arrival, "failed", f"{type(error).__name__}: {error}")
            session.flush()
        counted[arrival.state] += 1
    return counted


def place_mail(session: Session, arrival: Arrival, mail: Mail | Unreadable, now: datetime) -> None:
    """Place one mail as it was read. Raises what a ticket refuses; nothing of it stays then."""
    if isinstance(mail, Unreadable):
        put_off(arrival, mail.why)
        return
    told = _reported(session, arrival.raw, now)
    if told is not None and not told.unread:
        ignore(arrival, "report", told.words)
        return
    why: str | None = None
    if told is None:
        why = why_automatic(mail.headers, mail.sender, settings().mail_from)
    if why is None and _called_spam(session, mail.sender):
        why = "spam_sender"
    if why is None and _too_many(session, arrival, now):
        why = "too_many"
    if why is not None:
        ignore(arrival, why)
        return
    if told is not None:
        put_off(arrival, "unread_report", told.words)
        return
    if not mail.sender:
        put_off(arrival, "no_sender")
        return
    place(
        session,
        arrival,
        came_by_mail(arrival, mail, fold(mail.text).said),
        thread_of(session, mail, secret_key()),
        now,
    )


def place(session: Session, arrival: Arrival, came: Came, ticket_id: int | None, now: datetime) -> None:
    """Into the ticket, or a new one; acknowledged once a thread. Whose it is says the ticket, else the
    sender's address, where one customer alone has it; else a person will."""
    owners = customers_at(session, came.channel, came.sender)
    if ticket_id is None:
        arrival.ticket_id = open_ticket(
            session, kind=came.kind, subject=came.subject, text=came.text, channel=came.channel, now=now,
            customer_id=owners[0] if len(owners) == 1 else None, sender=came.sender, language=came.language,
            external_id=came.external_id, attachments=came.attached,
        )  # fmt: skip
        arrival.message_id = _message_named(session, came)
    else:
        arrival.message_id = add_message(
            session, ticket_id, direction="in", text=came.text, channel=came.channel, now=now,
            sender=came.sender, external_id=came.external_id, attachments=came.attached,
        )  # fmt: skip
        arrival.ticket_id = ticket_of(session, arrival.message_id)
    arrival.customer_id = session.scalar(select(Ticket.customer_id).where(Ticket.id == arrival.ticket_id))
    arrival.placed_at = now
    if arrival.customer_id is not None:
        arrival.state, arrival.reason = "placed", ""
    else:
        put_off(arrival, "several_customers" if len(owners) > 1 else "unknown_sender")
    session.flush()
    if ticket_id is None:
        acknowledge(session, arrival, came.answers, now)


def put_off(arrival: Arrival, reason: str, detail: str = "") -> None:
    """A person has to say what becomes of it."""
    arrival.state, arrival.reason, arrival.detail = "waiting", reason, one_line(detail)


def ignore(arrival: Arrival, reason: str, detail: str = "") -> None:
    """It is kept and goes nowhere."""
    arrival.state, arrival.reason, arrival.detail = "ignored", reason, one_line(detail)


def fit_subject(subject: str, text: str) -> str:
    """A subject as a ticket takes it: the first words where there is none."""
    given = subject or text.partition("\n")[0]
    _ = translator(settings().language, "utility_crm.mail")
    return one_line(given, _LONGEST_SUBJECT) or _("No subject")


def fit_text(text: str) -> str:
    """A text as a ticket takes it; one that is too long is whole in what came."""
    _ = translator(settings().language, "utility_crm.mail")
    if len(text) > _LONGEST_TEXT:
        return f"{text[:_LONGEST_TEXT]}\n\n" + _("[It goes on: see the message as it came.]")
    return text or _("[There is no text in this message.]")


def _note_head(arrival: Arrival, mail: Mail) -> None:
    for column, value in head_of(mail).items():
        setattr(arrival, column, value)


def came_by_mail(arrival: Arrival, mail: Mail, said: str) -> Came:
    """A mail as it goes into a ticket; `said` without what it quotes."""
    return Came(
        channel="email",
        sender=arrival.sender or head_of(mail)["sender"],  # of what came before heads were noted for all
        sender_name=mail.sender_name,
        subject=fit_subject(mail.subject, said),
        text=fit_text(said),
        language=mail.language,
        # Another letter under a name that is taken is another letter, whoever gave it that name.
        external_id=f"{mail.message_id} {arrival.digest[:16]}".strip(),
        attached=tuple(Given(one.name, one.content) for one in mail.attached[:MOST_FILES]),
        answers=tuple(reversed((mail.message_id, *mail.about)))[-20:] if mail.message_id else (),
    )


def _message_named(session: Session, came: Came) -> int | None:
    named = TicketMessage.channel == came.channel, TicketMessage.external_id == came.external_id
    return session.scalar(select(TicketMessage.id).where(*named))


def _called_spam(session: Session, sender: str) -> bool:
    """Whether somebody called a mail from there spam, none after it was anything else, and nobody we know has
    the address."""
    newest = (
        select(Arrival.state)
        .where(Arrival.sender == sender, Arrival.channel == "email", Arrival.placed_by.is_not(None))
        .order_by(Arrival.placed_at.desc(), Arrival.id.desc())
        .limit(1)
    )
    return session.scalar(newest) == "spam" and not customers_at(session, "email", sender)


def _too_many(session: Session, arrival: Arrival, now: datetime) -> bool:
    lately = select(func.count()).where(
        Arrival.sender == arrival.sender,
        Arrival.received_at > now - timedelta(hours=1),
        Arrival.id < arrival.id,
    )
    return (session.scalar(lately) or 0) >= MOST_AN_HOUR


def _reported(session: Session, raw: bytes, now: datetime) -> Reported | None:
    """What the mail says became of letters, where it is such a mail and somebody takes it."""
    for module in modules():
        if module.reports:
            takes: Reports = resolve(module.reports)
            told = takes(session, raw, now)
            if told is not None:
                return told
    return None


REASONS: Final = {
    "unknown_sender": mark("nobody here has this address"),
    "several_customers": mark("several customers have this address"),
    "no_sender": mark("it does not say who sent it"),
    "too_large": mark("it is larger than %(most)s MB, and only its head was fetched"),
    "too_deep": mark("it has parts within parts, further than anybody writes"),
    "too_many_parts": mark("it has more parts than anybody writes"),
    "empty": mark("there is nothing in it"),
    "broken": mark("it is no letter that could be read"),
    "failed": mark("something went wrong here while it was read"),
    "auto_reply": mark("a machine answered: an absence, or the like"),
    "bulk": mark("it went to a list, not to us"),
    "null_sender": mark("a mail server wrote it"),
    "loop": mark("we sent it ourselves"),
    "too_many": mark("more than %(hourly)s came from there within an hour"),
    "spam_sender": mark("somebody called a message from there spam"),
    "report": mark("it says what became of a letter of ours"),
    "unread_report": mark("it says what became of a letter, and not of which"),
    "honeypot": mark("a program filled in the form"),
}
"""Why something waits for a person, or goes nowhere; for people."""
