"""Keeping a list under a name, for oneself or for all."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.tickets.domain.filters import Filters
from utility_crm.tickets.tables import TicketView
from utility_crm.web.words import mark

LONGEST_NAME = 60


def keep_view(session: Session, name: str, filters: Filters, *, owner_id: int, shared: bool = False) -> int:
    """Keep a list under a name; one's own of the same name becomes this one. Its id."""
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME:
        raise Invalid("view_name", mark("Give it a short name."), "name")
    made = insert(TicketView).values(
        owner_id=owner_id, name=called, shared=shared, filters=filters.document()
    )
    kept = made.on_conflict_do_update(
        index_elements=["owner_id", "name"],
        set_={"filters": made.excluded.filters, "shared": made.excluded.shared},
    )
    found: int = session.execute(kept.returning(TicketView.id)).scalar_one()
    return found


def drop_view(session: Session, view_id: int, *, owner_id: int, others: bool = False) -> str:
    """Forget one's own list, or (`others`) anybody's shared one; its name. NotFound."""
    mine = TicketView.owner_id == owner_id
    gone: str | None = session.scalar(
        delete(TicketView)
        .where(TicketView.id == view_id, mine | TicketView.shared if others else mine)
        .returning(TicketView.name)
    )
    if gone is None:
        raise NotFound("no_such_view", mark("This list is not yours, or is gone already."), "view")
    return gone
