"""A call of somebody whom the colleague it rings at may not see: nothing of who it is, and who can help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.permissions import may
from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

SEEN_WITHIN: Final = timedelta(minutes=10)
"""Whoever looked at a page so lately is at their desk."""
_CALL = text("""
    select c.id, c.began_at, c.line, c.customer_id, c.ended_at from calls c
    where c.id = :call and c.customer_id is not null and (c.user_id = :user or exists (
        select from call_events e join users u on u.extension = e.extension
        where e.call_id = c.id and u.id = :user))
""")
_AREAS = text("""
    select distinct coalesce(top.id, middle.id, lowest.id),
        coalesce(top.name, middle.name, lowest.name) as name
    from accounts a
    join occupancies o on o.account_id = a.id
    join premises p on p.id = o.premise_id
    join network_nodes lowest on lowest.id = p.node_id
    left join network_nodes middle on middle.id = lowest.parent_id
    left join network_nodes top on top.id = middle.parent_id
    where a.customer_id = :customer
    order by name
""")
_COLLEAGUES = text("""
    select u.name, u.role, u.extension, u.area_ids && cast(:areas as bigint[]) as theirs, exists (
        select from sign_ins s where s.user_id = u.id and s.ended_at is null and s.waits_for = ''
          and s.seen_at > :since) as here
    from users u
    where u.active and u.id <> :user and u.extension is not null
      and (u.area_ids = '{}' or u.area_ids && cast(:areas as bigint[]))
    order by here desc, theirs desc, u.name
""")


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may see the caller. theirs: it is their area; here: they are at their desk now."""

    name: str
    extension: str
    theirs: bool
    here: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A call to be handed over. areas: names; it says nothing of the caller but where they are supplied."""

    call_id: int
    began_at: datetime
    line: str
    goes_on: bool
    areas: tuple[str, ...]
    colleagues: tuple[Colleague, ...]


def call_elsewhere(session: Session, call_id: int, user_id: int, now: datetime) -> Elsewhere:
    """A call that rang at this person, and those it may be handed over to, who is there first. NotFound for
    any other call."""
    call = session.execute(_CALL, {"call": call_id, "user": user_id}).one_or_none()
    if call is None:
        raise NotFound("no_such_call", mark("There is no such call."), str(call_id))
    areas = session.execute(_AREAS, {"customer": call.customer_id}).all()
    values = {"areas": [row[0] for row in areas], "user": user_id, "since": now - SEEN_WITHIN}
    rows = session.execute(_COLLEAGUES, values)
    return Elsewhere(
        call.id, call.began_at, call.line, call.ended_at is None, tuple(row.name for row in areas),
        tuple(
            Colleague(row.name, row.extension, row.theirs, row.here)
            for row in rows
            if may(row.role, "calls.take")
        ),
    )  # fmt: skip
