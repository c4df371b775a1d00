"""What the page of the mail room shows: figures, a list, and one message in full."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from utility_crm.mail.domain.folding import Folded, fold
from utility_crm.mail.mailbox import MOST_BYTES
from utility_crm.mail.placing import MOST_AN_HOUR
from utility_crm.mail.queries import Came, arrival
from utility_crm.mail.reading import Mail, read_mail
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket, TicketMessage

FIGURES = {"most": MOST_BYTES >> 20, "hourly": MOST_AN_HOUR}
"""What the words of `REASONS` have blanks for."""
_LONGEST_HEADS = 6000


@dataclass(frozen=True, slots=True)
class Shown:
    """One message: its parts, the names and sizes of what came with it, its heads as they came."""

    came: Came
    folded: Folded
    files: tuple[tuple[str, int], ...]
    sent_to: str
    heads: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """An answer that did not go out, or waits to."""

    ticket_id: int
    subject: str
    at: datetime
    channel: str
    sending: str
    detail: str
    customer_id: int | None

    @property
    def ticket(self) -> str:
        """The number of its ticket."""
        return number_of(self.ticket_id)


def shown(session: Session, arrival_id: int) -> Shown:
    """One message in full. Raises `NotFound`."""
    came, raw = arrival(session, arrival_id)
    if came.channel != "email":
        told = json.loads(raw)
        return Shown(came, Folded(told["text"]), (), "", "")
    heads = raw[:_LONGEST_HEADS].replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")
    mail = read_mail(raw)
    if not isinstance(mail, Mail):
        return Shown(came, Folded(""), (), "", heads)
    files = tuple((one.name, len(one.content)) for one in mail.attached)
    return Shown(came, fold(mail.text), files, ", ".join(mail.sent_to), heads)


def stuck_answers(session: Session, seen: ColumnElement[bool], limit: int = 100) -> list[Stuck]:
    """Answers that failed, came back or wait to go out, newest first; of tickets that may be `seen`."""
    statement = (
        select(
            TicketMessage.ticket_id, Ticket.subject, TicketMessage.at, TicketMessage.channel,
            TicketMessage.sending, TicketMessage.sending_detail, Ticket.customer_id,
        )
        .join(Ticket, Ticket.id == TicketMessage.ticket_id)
        .where(TicketMessage.direction == "out", seen)
        .where(TicketMessage.sending.in_(("queued", "failed", "bounced")))
        .order_by(TicketMessage.at.desc(), TicketMessage.id.desc())
        .limit(limit)
    )  # fmt: skip
    return [Stuck(*row) for row in session.execute(statement)]
