"""The customers a person opened last, kept in their own cookie: ids only, names are read anew."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.limits import seen_by
from utility_crm.customers.tables import Customer
from utility_crm.web.cookies import cookie_of, put_cookie

COOKIE = "recent"
KEPT = 6


@dataclass(frozen=True, slots=True)
class Recent:
    """A customer opened before."""

    id: int
    name: str


def recent_ids(request: Request) -> list[int]:
    """Ids in the cookie, latest first; whatever else is in it is ignored."""
    parts = cookie_of(request, COOKIE).split(".")
    return [int(part) for part in parts if part.isdecimal() and len(part) < 19][:KEPT]


def recent_customers(session: Session, user: SignedIn, ids: list[int]) -> list[Recent]:
    """Their names, in the order of the ids; those no longer there, or not theirs to see, are left out."""
    if not ids:
        return []
    seen = seen_by(user, Customer.id)
    rows = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids), seen))
    names = {row.id: row.name for row in rows}
    return [Recent(one, names[one]) for one in ids if one in names]


def remember(response: Response, request: Request, customer_id: int) -> None:
    """Put a customer in front of the cookie. One that is there already keeps its place among the tabs."""
    ids = recent_ids(request)
    if customer_id in ids:
        return
    kept = ".".join(str(one) for one in [customer_id, *ids][:KEPT])
    put_cookie(response, COOKIE, kept)
