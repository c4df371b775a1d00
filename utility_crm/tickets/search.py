"""A ticket's number in the search box opens it, or finds its customer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.kit.parts import SearchHit
from utility_crm.tickets.domain.numbers import id_of, number_of, typed_id
from utility_crm.tickets.tables import Ticket
from utility_crm.web.words import mark


def find(session: Session, words: str, limit: int) -> Sequence[SearchHit]:
    """The ticket and whose it is; of one that was merged, too. No statement where the words are no number.
    Figures alone may be something else, too: such a ticket stands below what has them from the beginning."""
    ticket_id, surely = id_of(words), True
    if ticket_id is None:
        ticket_id, surely = typed_id(words), False
    if ticket_id is None or limit < 1:
        return ()
    row = session.execute(select(Ticket.customer_id).where(Ticket.id == ticket_id)).one_or_none()
    if row is None:
        return ()
    number = number_of(ticket_id)
    rank = 0 if surely or not words.strip().isdigit() else 40
    return (
        SearchHit(row[0], number, rank, f"/tickets/{number}", mark("Ticket"), "tickets.read", first=True),
    )
