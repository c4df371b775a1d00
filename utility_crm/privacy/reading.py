"""Whose rows are whose: the scopes of a customer, what stands in the way of forgetting them, since when time
counts for what is kept. Everything is read from what the rooms and packages say (`installed.personal`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.installed import personal
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.kit.personal import Aging, Holding, Keeping, Scopes, Waits
from utility_crm.privacy.domain.judging import Judgement, PlacedHold, Standing, judge
from utility_crm.privacy.domain.law import rules_of
from utility_crm.web.words import mark

FEWEST = 5
"""Shorter values are not searched for in others' rows: they would be found in every word."""
_WHOM = text(
    "select id, number, name, language, kind, erased_on, merged_into_id from customers where id = :id"
)
_HELD = text("select id from customers where id = :customer for update")
_HELD_STUBS = text("""
    select id from customers where id in (
        with recursive one(id) as (
            select cast(:customer as bigint)
            union select c.id from customers c join one on c.merged_into_id = one.id
        ) select id from one)
    order by id for update
""")
_HELD_ACCOUNTS = text("""
    select id from accounts where customer_id = any(:people) or payer_id = any(:people) order by id for update
""")
_HELD_TICKETS = text("select id from tickets where customer_id = any(:people) order by id for update")
_HOLDS = text("""
    select h.id, h.reason, coalesce(u.name, '') as placed_by, h.review_on
    from privacy_holds h left join users u on u.id = h.placed_by
    where h.customer_id = any(:people) and h.lifted_at is null order by h.id
""")
# A name or an address that somebody else has as well is not searched for in others' rows.
_ALONE = text("""
    select said from unnest(cast(:names as text[])) said
    where not exists (select from customers c where lower(c.name) = lower(said) and c.id <> all(:people))
    union
    select said from unnest(cast(:addresses as text[])) said
    where not exists (select from contact_points p where lower(p.normal) = said and p.customer_id <>
    all(:people))
      and not exists (select from contact_points p where lower(p.value) = said and p.customer_id <>
      all(:people))
""")


@dataclass(frozen=True, slots=True)
class Whom:
    """A customer as the room of privacy names them."""

    id: int
    number: str
    name: str
    language: str
    kind: str
    erased_on: date | None
    merged_into_id: int | None


def whom(session: Session, customer_id: int) -> Whom:
    """Raises NotFound."""
    row = session.execute(_WHOM, {"id": customer_id}).one_or_none()
    if row is None:
        raise NotFound("customer", mark("There is no such customer."), str(customer_id))
    return Whom(*row)


def there(session: Session, customer_id: int) -> Whom:
    """One that is a customer still. Raises NotFound, and Conflict: they were forgotten, or merged."""
    one = whom(session, customer_id)
    if one.erased_on is not None:
        raise Conflict("erased", mark("This customer was erased on %(day)s."), day=one.erased_on)
    if one.merged_into_id is not None:
        raise Conflict("merged", mark("This customer was merged with another: ask for that one."))
    return one


def holdings() -> Iterator[tuple[str, Holding]]:
    """All of them, with the package whose words name them; whatever stands on others first."""
    for package, said in personal():
        for one in said.holdings:
            yield package, one


def keepings() -> Iterator[tuple[str, Keeping]]:
    for package, said in personal():
        for one in said.keepings:
            yield package, one


def agings() -> Iterator[tuple[str, Aging]]:
    for package, said in reversed(personal()):
        for one in said.agings:
            yield package, one


def waits() -> Iterator[tuple[str, Waits]]:
    for package, said in personal():
        for one in said.waits:
            yield package, one


def scopes_of(session: Session, customer_id: int, today: date) -> dict[str, Any]:
    """Every list of keys of a customer and of the stubs that were merged with them, and the words that they
    are known by alone: `like`, patterns in small letters."""
    scopes: dict[str, Any] = {"customer": customer_id, "today": today}
    for _package, said in reversed(personal()):
        for one in said.scopes:
            scopes[one.name] = list(session.scalars(text(one.sql), scopes))
    alone = [said for said in session.scalars(_ALONE, scopes) if len(said) >= FEWEST]
    scopes["words"] = sorted(alone, key=len, reverse=True)
    scopes["like"] = [f"%{_escaped(said.lower())}%" for said in scopes["words"]]
    return scopes


def hold_still(session: Session, customer_id: int) -> None:
    """Nothing that names the customer, an account that they hold or pay for, or a ticket of theirs, is
    written until this transaction ends. Scopes are read after it: what came before is in them.

    The customer first: with them held nobody is merged with them, and no merge is undone."""
    session.execute(_HELD, {"customer": customer_id})
    people = list(session.scalars(_HELD_STUBS, {"customer": customer_id}))
    session.execute(_HELD_ACCOUNTS, {"people": people})
    session.execute(_HELD_TICKETS, {"people": people})


def judgement_of(session: Session, scopes: Scopes, country: str, today: date) -> Judgement:
    """Whether they may be forgotten now, and what would stay."""
    standings = []
    for _package, one in waits():
        many, which = session.execute(text(one.sql), scopes).one()
        standings.append(Standing(one.code, int(many), str(which or "")))
    holds = [PlacedHold(*row) for row in session.execute(_HOLDS, scopes)]
    return judge(standings, holds, last_days(session, scopes), rules_of(country), today)


def last_days(session: Session, scopes: Scopes) -> Mapping[str, date | None]:
    """By kind of keeping, the day its time counts from."""
    found: dict[str, date | None] = {}
    for _package, one in keepings():
        day = session.scalar(text(one.last), scopes)
        before = found.get(one.kind)
        found[one.kind] = day if before is None else max(before, day) if day is not None else before
    return found


def _escaped(said: str) -> str:
    return said.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
