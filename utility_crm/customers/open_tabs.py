"""The customers a person has open: tabs in their order, kept in the database, so wherever they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import those_seen
from utility_crm.customers.tables import OpenCustomer

MOST: Final = 9
"""As many as have a key. One more closes the oldest that has no draft."""
_OPENED = text("""
    with new as (
        insert into open_customers (user_id, customer_id, opened_at) values (:user, :customer, :now)
        on conflict do nothing
    ), mine as (
        select customer_id, opened_at from open_customers where user_id = :user
    ), shown as (
        select customer_id, opened_at from mine
        union all select :customer, :now where not exists (select from mine where customer_id = :customer)
    )
    select c.id, c.name, exists (
        select from drafts d
        where d.user_id = :user and starts_with(d.key, 'customer-' || c.id || '-') and d.text <> ''
    )
    from shown s join customers c on c.id = s.customer_id order by s.opened_at, c.id
""")
_OPEN = text("select customer_id from open_customers where user_id = :user order by opened_at, customer_id")


@dataclass(frozen=True, slots=True)
class Tab:
    """An open customer. draft: something typed there is not sent."""

    id: int
    name: str
    draft: bool


def opened_tabs(session: Session, user: SignedIn, customer_id: int, now: datetime) -> list[Tab]:
    """A person's open customers in the order in which they were opened, this one among them: it is open from
    now on, and one that was stays in its place."""
    rows = session.execute(_OPENED, {"user": user.id, "customer": customer_id, "now": now})
    tabs = [Tab(*row) for row in rows]
    if len(tabs) > MOST:
        quiet = [one.id for one in tabs if not one.draft and one.id != customer_id]
        _close(session, user, quiet[: len(tabs) - MOST])
        tabs = [one for one in tabs if one.id not in quiet[: len(tabs) - MOST]]
    seen = those_seen(session, user, [one.id for one in tabs])
    return [one for one in tabs if one.id in seen]


def close_tab(session: Session, user: SignedIn, customer_id: int) -> int | None:
    """Close one; the customer whose tab is next to it now, None where none is open."""
    ids = list(session.scalars(_OPEN, {"user": user.id}))
    _close(session, user, [customer_id])
    place = ids.index(customer_id) if customer_id in ids else 0
    left = [one for one in ids if one != customer_id]
    return left[min(place, len(left) - 1)] if left else None


def _close(session: Session, user: SignedIn, customer_ids: list[int]) -> None:
    mine = OpenCustomer.user_id == user.id
    session.execute(delete(OpenCustomer).where(mine, OpenCustomer.customer_id.in_(customer_ids)))
