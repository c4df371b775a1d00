"""The customers a person has open: tabs in their order, kept in the database, so wherever they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import THEIRS
from utility_crm.customers.tables import OpenCustomer
from utility_crm.kit.database import asked

MOST: Final = 9
"""As many as have a key. One more closes the oldest that has no draft."""
_OPENED = """
    with mine as (
        select o.customer_id, o.opened_at, exists (
            select from drafts d where d.user_id = :user and d.text <> ''
              and starts_with(d.key, 'customer-' || o.customer_id || '-')
        ) as draft
        from (
            select customer_id, opened_at from open_customers where user_id = :user
            union all select :customer, :now where not exists (
                select from open_customers where user_id = :user and customer_id = :customer)
        ) as o
    ), new as (
        insert into open_customers (user_id, customer_id, opened_at) values (:user, :customer, :now)
        on conflict do nothing
    ), over as (
        select customer_id from mine where not draft and customer_id <> :customer
        order by opened_at, customer_id limit greatest(0, (select count(*) from mine) - :most)
    ), closed as (
        delete from open_customers where user_id = :user and customer_id in (select customer_id from over)
    )
    select c.id, c.name, m.draft from mine m join customers c on c.id = m.customer_id
    where m.customer_id not in (select customer_id from over){seen} order by m.opened_at, c.id
"""
_SEEN = " and " + THEIRS.format(customer="c.id").replace(":area_ids", "cast(:area_ids as bigint[])")
_OF_ALL, _OF_AREAS = text(_OPENED.format(seen="")), text(_OPENED.format(seen=_SEEN))
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
    given: dict[str, Any] = {"user": user.id, "customer": customer_id, "now": now, "most": MOST}
    if user.area_ids:
        rows = asked(session, _OF_AREAS, given | {"area_ids": list(user.area_ids)})
    else:
        rows = asked(session, _OF_ALL, given)
    return [Tab(*row) for row in rows]


def close_tab(session: Session, user: SignedIn, customer_id: int) -> int | None:
    """Close one; the customer whose tab is next to it now, None where none is open."""
    ids = list(session.scalars(_OPEN, {"user": user.id}))
    mine = OpenCustomer.user_id == user.id
    session.execute(delete(OpenCustomer).where(mine, OpenCustomer.customer_id == customer_id))
    place = ids.index(customer_id) if customer_id in ids else 0
    left = [one for one in ids if one != customer_id]
    return left[min(place, len(left) - 1)] if left else None
