"""What we write back: an answer that a person wrote in a ticket, and the receipt that something came.

Both leave by whoever delivers letters here (`Module.sends`); this room knows the thread: to whom, under which
names, and where an answer to it is to come.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from utility_crm.customers.tables import Customer
from utility_crm.installed import modules
from utility_crm.kit.errors import CareError, Refused
from utility_crm.kit.module import resolve
from utility_crm.kit.ports import BeingSent, Sends, ToSend
from utility_crm.kit.runtime import secret_key
from utility_crm.kit.settings import settings
from utility_crm.mail.belonging import KIND_OF_ADDRESS, customers_at
from utility_crm.mail.domain.threads import reply_address, sealed
from utility_crm.mail.tables import Arrival
from utility_crm.tickets.actions import note_sending
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.events import TicketEvent
from utility_crm.tickets.tables import Ticket, TicketAttachment, TicketMessage
from utility_crm.web.words import mark

RECEIPTS_AN_HOUR: Final = 3
"""To one address, with what rules send by themselves; whoever writes more gets no more of them."""
_BY_ITSELF: Final = (
    TicketMessage.direction == "out",
    TicketMessage.author_id.is_(None),
    TicketMessage.sending.not_in(("", "failed")),
)
_NAMES: Final = 20
_WAY: Final = {"email": "email", "web": "email", "api": "email", "messenger": "messenger", "sms": "sms"}
NOBODY_SENDS: Final = mark("nothing is installed here that sends letters")
ENOUGH: Final = mark("Not sent: no more than %(most)s letters an hour go to one address by themselves.")
NO_ADDRESS: Final = mark("we have no address to send it to")


def on_ticket_event(session: Session, event: TicketEvent) -> None:
    """An answer was written: it goes out."""
    if event.kind == "answered" and event.message_id is not None:
        send_answer(session, event.message_id, event.at)


def send_answer(session: Session, message_id: int, now: datetime) -> None:
    """Put an answer that waits to be sent on its way; the message says so, or why it cannot go.

    Nobody wrote what a rule sends: it is said to be a machine's, and Refused where enough of those went to
    that address (two machines may be talking).
    """
    row = session.execute(
        select(
            TicketMessage.ticket_id, TicketMessage.channel, TicketMessage.text, TicketMessage.sending,
            TicketMessage.author_id, Ticket.subject, Ticket.customer_id, Ticket.language,
        )
        .join(Ticket, Ticket.id == TicketMessage.ticket_id)
        .where(TicketMessage.id == message_id)
    ).one()  # fmt: skip
    if row.sending != "queued":
        return
    address, name = _whom(session, row.ticket_id, row.channel, row.customer_id)
    by_itself = row.author_id is None
    if by_itself and _enough(session, address, now, but=message_id):
        raise Refused("enough_by_itself", ENOUGH, most=RECEIPTS_AN_HOUR)
    letter = ToSend(
        key=f"ticket_answer:{message_id}:{sealed(secret_key(), 'answer', message_id)}",
        kind="answer",
        number=number_of(row.ticket_id),
        subject=row.subject,
        text=row.text,
        customer_id=row.customer_id,
        channel=_WAY[row.channel],
        address=address,
        name=name,
        language=row.language,
        reply_to=reply_address(settings().mail_from, row.ticket_id, secret_key()),
        answers=_names(session, row.ticket_id, message_id),
        files=_files(session, message_id),
        by_itself=by_itself,
    )
    became = _sent(session, letter, now)
    if became.refused:
        row_id = became.id or None
        note_sending(session, message_id, "failed", now=now, detail=became.refused, outbox_id=row_id)
    else:
        note_sending(session, message_id, "queued", now=now, outbox_id=became.id, external_id=became.name)


def acknowledge(session: Session, arrival: Arrival, answers: tuple[str, ...], now: datetime) -> None:
    """Tell whoever opened a ticket that it has come, and its number: once a ticket, where no rule has
    answered it, and not more than a few times an hour to one address."""
    if arrival.ticket_id is None or not arrival.sender or arrival.channel == "api":
        return
    answered = exists().where(TicketMessage.ticket_id == arrival.ticket_id, *_BY_ITSELF)
    if session.scalar(select(answered)) or _enough(session, arrival.sender, now):
        return
    ticket = session.execute(
        select(Ticket.subject, Ticket.customer_id, Ticket.language).where(Ticket.id == arrival.ticket_id)
    ).one()
    letter = ToSend(
        key=f"ticket_received:{arrival.ticket_id}:{sealed(secret_key(), 'receipt', arrival.ticket_id)}",
        kind="receipt",
        number=number_of(arrival.ticket_id),
        subject=ticket.subject,
        text="",
        customer_id=ticket.customer_id,
        channel=_WAY[arrival.channel],
        address=arrival.sender,
        name=arrival.sender_name or arrival.sender,
        language=ticket.language,
        reply_to=reply_address(settings().mail_from, arrival.ticket_id, secret_key()),
        answers=answers,
    )
    became = _sent(session, letter, now)
    if not became.refused:
        arrival.acknowledged_at, arrival.receipt_name = now, became.name
        session.flush()


def _enough(session: Session, address: str, now: datetime, but: int = 0) -> bool:
    """Whether as many letters as machines may write went to this address within the hour: receipts, and what
    rules sent (`but` this message) in tickets that its letters came to."""
    if not address:
        return False
    since = now - timedelta(hours=1)
    receipts = select(func.count()).where(Arrival.sender == address, Arrival.acknowledged_at > since)
    theirs = select(Arrival.ticket_id).where(Arrival.sender == address, Arrival.ticket_id.is_not(None))
    answers = select(func.count()).where(
        TicketMessage.ticket_id.in_(theirs), TicketMessage.at > since, TicketMessage.id != but, *_BY_ITSELF
    )
    counted = select(receipts.scalar_subquery() + answers.scalar_subquery())
    return (session.scalar(counted) or 0) >= RECEIPTS_AN_HOUR


def _sent(session: Session, letter: ToSend, now: datetime) -> BeingSent:
    """What becomes of it; a refusal, where nobody sends or whoever does refuses."""
    for module in modules():
        if not module.sends:
            continue
        if not letter.address and letter.customer_id is None:
            return BeingSent(0, "", letter.channel, NO_ADDRESS)
        sends: Sends = resolve(module.sends)
        try:
            with session.begin_nested():
                return sends(session, letter, now)
        except CareError as error:
            return BeingSent(0, "", letter.channel, error.message)
    return BeingSent(0, "", letter.channel, NOBODY_SENDS)


def _whom(session: Session, ticket_id: int, channel: str, customer_id: int | None) -> tuple[str, str]:
    """Where an answer goes, and a name for it: whoever wrote last among those known there, else who opened
    the ticket; "" where none wrote by this channel: it goes wherever the customer is reached.

    A stranger who came into the thread by an address we gave to somebody else is not written to.
    """
    kinds = [one for one, way in _WAY.items() if way == _WAY[channel]]
    rows = session.execute(
        select(TicketMessage.sender, TicketMessage.channel)
        .where(
            TicketMessage.ticket_id == ticket_id,
            TicketMessage.direction == "in",
            TicketMessage.channel.in_(kinds),
            TicketMessage.sender != "",
            TicketMessage.author_id.is_(None),
        )
        .order_by(TicketMessage.id.desc())
        .limit(50)
    ).all()
    if not rows:
        return "", ""
    chosen = rows[-1].sender
    for row in rows:
        owners = customers_at(session, row.channel, row.sender) if row.channel in KIND_OF_ADDRESS else ()
        if row.sender == chosen or (customer_id is not None and customer_id in owners):
            chosen = row.sender
            break
    named = select(Arrival.sender_name).where(Arrival.ticket_id == ticket_id, Arrival.sender == chosen)
    customer = select(Customer.name).where(Customer.id == customer_id)
    return chosen, session.scalar(customer) or session.scalar(named.limit(1)) or chosen


def _names(session: Session, ticket_id: int, before: int) -> tuple[str, ...]:
    """The Message-IDs of the thread so far, oldest first, by which a mail program puts it together."""
    came: Any = session.execute(
        select(Arrival.message_id, Arrival.external_id)
        .where(Arrival.ticket_id == ticket_id, Arrival.channel == "email", Arrival.external_id != "")
        .where(Arrival.message_id < before)
    ).all()
    went: Any = session.execute(
        select(TicketMessage.id, TicketMessage.external_id).where(
            TicketMessage.ticket_id == ticket_id,
            TicketMessage.channel == "email",
            TicketMessage.direction == "out",
            TicketMessage.external_id.is_not(None),
            TicketMessage.id < before,
        )
    ).all()
    ordered: list[str] = [name for _, name in sorted([*map(tuple, came), *map(tuple, went)])]
    # The letter that is answered stands last (RFC 5322, 3.6.4): theirs, if there is one.
    theirs = max(came, default=None, key=lambda row: row.message_id)
    if theirs is not None:
        ordered = [*(name for name in ordered if name != theirs.external_id), theirs.external_id]
    return tuple(dict.fromkeys(ordered))[-_NAMES:]


def _files(session: Session, message_id: int) -> tuple[tuple[str, str], ...]:
    rows = session.execute(
        select(TicketAttachment.sha256, TicketAttachment.name)
        .where(TicketAttachment.message_id == message_id, TicketAttachment.sha256.is_not(None))
        .order_by(TicketAttachment.id)
    )
    return tuple((str(row.sha256), row.name) for row in rows)
