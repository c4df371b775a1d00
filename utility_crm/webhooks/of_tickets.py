"""Tickets, as other systems hear of them: their room tells every change, and some of them are announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.announcing.telling import Happening, announce_all
from utility_crm.kit.ports import Announced
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.events import TicketEvent
from utility_crm.web.words import mark

# A note is for the house alone: it opens tickets, too, and leaves it never.
_TICKET = text("""
    select t.kind, t.status, t.priority, t.channel, t.customer_id, t.subject, teams.name as team,
           m.text as words
    from tickets t left join teams on teams.id = t.team_id
    left join ticket_messages m on m.id = :message and m.direction <> 'note'
    where t.id = :ticket
""")
_ENDED: Final = ("solved", "closed")
_DATA: Final = {
    "customer": "C-100234", "ticket": "T-10432", "kind": "billing", "status": "open", "priority": "normal",
    "channel": "email", "team": "Billing",
}  # fmt: skip
_PERSONAL: Final = {"subject": "My bill", "text": "Why is it so high?"}
ANNOUNCED: Final = (
    Announced("ticket.opened", mark("A ticket was opened"), _DATA, _PERSONAL),
    Announced("ticket.heard", mark("A customer wrote on a ticket"), _DATA, _PERSONAL),
    Announced("ticket.answered", mark("A ticket was answered"), _DATA, _PERSONAL),
    Announced("ticket.solved", mark("A ticket was solved"), _DATA, {"subject": "My bill"}),
    Announced("ticket.closed", mark("A ticket was closed"), _DATA, {"subject": "My bill"}),
    Announced("ticket.reopened", mark("A ticket was opened again"), _DATA, {"subject": "My bill"}),
)


def told(session: Session, event: TicketEvent) -> None:
    """A listener of tickets (`Module.ticket_events`)."""

    def ticket() -> Iterator[Happening]:
        given = {"ticket": event.ticket_id, "message": event.message_id}
        row = session.execute(_TICKET, given).one()
        data = {"ticket": number_of(event.ticket_id), "kind": row.kind, "status": row.status}
        data |= {"priority": row.priority, "channel": row.channel, "team": row.team}
        personal = {"subject": row.subject} | ({"text": row.words} if row.words else {})
        yield Happening(data, row.customer_id, personal=personal)

    if event.kind == "opened":
        announce_all(session, "ticket.opened", event.at, ticket)
    if event.kind == "heard":
        announce_all(session, "ticket.heard", event.at, ticket)
    if event.kind == "answered":
        announce_all(session, "ticket.answered", event.at, ticket)
    was, is_ = event.before.get("status"), event.after.get("status")
    if is_ == "solved" and was != "solved":
        announce_all(session, "ticket.solved", event.at, ticket)
    if is_ == "closed" and was != "closed":
        announce_all(session, "ticket.closed", event.at, ticket)
    if was in _ENDED and is_ is not None and is_ not in _ENDED:
        announce_all(session, "ticket.reopened", event.at, ticket)
