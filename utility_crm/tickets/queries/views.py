"""Lists that people kept under a name."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from utility_crm.auth.tables import User
from utility_crm.kit.errors import CareError
from utility_crm.tickets.domain.filters import Filters, read
from utility_crm.tickets.tables import TicketView


@dataclass(frozen=True, slots=True)
class View:
    """A kept list. mine: whoever looks keeps it themselves; owner: whose it is otherwise."""

    id: int
    name: str
    filters: Filters
    shared: bool
    mine: bool
    owner: str

    @property
    def key(self) -> str:
        return f"view-{self.id}"


def views_of(session: Session, user_id: int) -> list[View]:
    """One's own lists and the shared ones, in the order of their names; one whose filters are no longer known
    is left out."""
    rows = session.execute(
        select(
            TicketView.id,
            TicketView.name,
            TicketView.filters,
            TicketView.shared,
            TicketView.owner_id,
            User.name,
        )
        .join(User, User.id == TicketView.owner_id)
        .where(or_(TicketView.owner_id == user_id, TicketView.shared))
        .order_by(TicketView.name, TicketView.id)
        .limit(30)
    )
    found = []
    for view_id, name, filters, shared, owner_id, owner in rows:
        try:
            found.append(View(view_id, name, read(filters), shared, owner_id == user_id, owner))
        except CareError:
            continue
    return found
