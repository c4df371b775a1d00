"""Pairs of customers who may be one, side by side; merges."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.quality.domain.likeness import Reason
from utility_crm.web.words import mark

_SIDE = """
select c.id, c.number, c.name, c.segment, c.language, c.since,
    array(select normal from contact_points p where p.customer_id = c.id and kind = 'phone' order by 1)
        as phones,
    array(select normal from contact_points p where p.customer_id = c.id and kind = 'email' order by 1)
        as emails,
    array(select number from accounts a where a.customer_id = c.id order by 1) as accounts,
    array(select distinct concat_ws('|', p.city, concat_ws(', ', p.address,
            nullif(btrim(p.city || ' ' || p.postcode), '')))
        from accounts a join occupancies o on o.account_id = a.id join premises p on p.id = o.premise_id
        where a.customer_id = c.id order by 1) as places,
    (select count(*) from contacts t where t.customer_id = c.id) as contacts
from customers c where c.id = any(:ids)
"""
_PAIRS = text("""
    select p.* from duplicate_pairs p
    join customers a on a.id = customer_a join customers b on b.id = customer_b
    where state = :state
      and (state = 'merged' or (a.merged_into_id is null and b.merged_into_id is null
                               and a.erased_on is null and b.erased_on is null))
    order by score desc, customer_a, customer_b limit :most
""")
_OF_NUMBER = text("select id from customers where lower(number) = lower(:number)")


_FIGURES = text("""
    select (select count(*) from duplicate_pairs p join customers a on a.id = customer_a
            join customers b on b.id = customer_b
            where state = 'open' and a.merged_into_id is null and b.merged_into_id is null
            and a.erased_on is null and b.erased_on is null) as open,
        (select count(*) from merges where undone_at is null) as merged,
        (select count(*) from duplicate_pairs p join customers a on a.id = customer_a
            join customers b on b.id = customer_b
            where state = 'different' and a.merged_into_id is null and b.merged_into_id is null
            and a.erased_on is null and b.erased_on is null) as different
""")
_MERGES = text("""
    select m.id, m.at, m.keep_id, keep.number || ' ' || keep.name as keep,
        gone.number || ' ' || gone.name as gone, who.name as by,
        (select count(*) from merge_rows r where r.merge_id = m.id and stayed = '') as rows
    from merges m join customers keep on keep.id = m.keep_id join customers gone on gone.id = m.gone_id
    left join users who on who.id = m.by_user
    where undone_at is null order by m.at desc, m.id desc limit :most
""")


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody has an account: the city, and the address in one line."""

    city: str
    whole: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Pairs that wait, merges that stand, pairs that are two."""

    open: int
    merged: int
    different: int


@dataclass(frozen=True, slots=True)
class StandingMerge:
    """A merge that was not undone. rows: how many it moved; by: who, None where no person did."""

    id: int
    at: datetime
    keep_id: int
    keep: str
    gone: str
    by: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Side:
    """A customer of a pair: what tells whether they are the other."""

    id: int
    number: str
    name: str
    segment: str
    language: str
    since: date
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    accounts: tuple[str, ...]
    places: tuple[Place, ...]
    contacts: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers who may be one. score: 0 to 1."""

    one: Side
    other: Side
    score: float
    reasons: tuple[Reason, ...]
    state: str
    found_at: datetime

    @property
    def key(self) -> str:
        """How an address names the pair: both ids, the lower first."""
        return f"{self.one.id}-{self.other.id}"

    def document(self) -> dict[str, Any]:
        """As the command line prints it."""
        sides = [{"number": side.number, "name": side.name} for side in (self.one, self.other)]
        return {"score": self.score, "customers": sides, "reasons": [asdict(one) for one in self.reasons]}


def open_pairs(session: Session, most: int, state: str = "open") -> tuple[Pair, ...]:
    """Those of a state, likeliest first; two statements."""
    rows = session.execute(_PAIRS, {"most": most, "state": state}).all()
    ids = sorted({one for row in rows for one in (row.customer_a, row.customer_b)})
    sides = {row.id: _side(row) for row in session.execute(text(_SIDE), {"ids": ids})}
    return tuple(
        Pair(
            sides[row.customer_a], sides[row.customer_b], row.score,
            tuple(Reason(**one) for one in row.reasons), row.state, row.found_at,
        )
        for row in rows
    )  # fmt: skip


def customer_of_number(session: Session, number: str) -> int:
    """The id behind a customer's number. Raises NotFound."""
    found = session.scalar(_OF_NUMBER, {"number": number})
    if found is None:
        raise NotFound("no_such_customer", mark("There is no customer of this number here."), number)
    return int(found)


def pair_figures(session: Session) -> Figures:
    """How many pairs and merges there are."""
    row = session.execute(_FIGURES).one()
    return Figures(row.open, row.merged, row.different)


def standing_merges(session: Session, most: int) -> tuple[StandingMerge, ...]:
    """Merges that can be undone, the latest first."""
    return tuple(
        StandingMerge(row.id, row.at, row.keep_id, row.keep, row.gone, row.by, row.rows)
        for row in session.execute(_MERGES, {"most": most})
    )


def _side(row: Row[Any]) -> Side:
    places = tuple(Place(*place.split("|", 1)) for place in row.places)
    return Side(
        row.id, row.number, row.name, row.segment, row.language, row.since, tuple(row.phones),
        tuple(row.emails), tuple(row.accounts), places, row.contacts,
    )  # fmt: skip
