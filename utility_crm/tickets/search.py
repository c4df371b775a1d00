"""A ticket's number in the search box finds its customer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from utility_crm.kit.module import SearchHit
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.tables import Ticket


def find(session: Session, words: str, limit: int) -> Sequence[SearchHit]:
    """Whose ticket it is; of one that was merged, too. No statement where the words are no number."""
    ticket_id = id_of(words)
    if ticket_id is None or limit < 1:
        return ()
    customer_id = session.scalar(select(Ticket.customer_id).where(Ticket.id == ticket_id))
    return () if customer_id is None else (SearchHit(customer_id, number_of(ticket_id), 0),)
