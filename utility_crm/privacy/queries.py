"""What the room of privacy shows: requests with their days, holds, erasures, archives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_REQUESTS = """
select q.id, q.customer_id, c.name, c.number, q.kind, q.channel, q.proof, q.received_on, q.due_on,
    q.extended_because, q.state, q.asked_by, coalesce(a.name, '') as asked_by_name,
    coalesce(d.name, '') as decided_by_name, q.decided_at, q.reason, q.closed_at, q.asked_at
from privacy_requests q
join customers c on c.id = q.customer_id
left join users a on a.id = q.asked_by
left join users d on d.id = q.decided_by
where {which}
order by {order} limit :most
"""
_HOLDS = """
select h.id, h.customer_id, c.name, c.number, h.reason, h.placed_at, h.review_on,
    coalesce(u.name, '') as placed_by_name, h.lifted_at, h.lifted_because
from privacy_holds h
join customers c on c.id = h.customer_id
left join users u on u.id = h.placed_by
where {which}
order by h.lifted_at is not null, h.review_on, h.id limit :most
"""
_ERASURES = """
select e.customer_id, c.number, e.erased_at, e.kept_until, e.ended_at, e.went, e.left_over,
    q.asked_by, coalesce(a.name, '') as asked_by_name, coalesce(d.name, '') as decided_by_name,
    (select coalesce(jsonb_agg(jsonb_build_object('kind', k.kind, 'until', k.until, 'source', k.source,
            'ended', k.ended_at is not null) order by k.until, k.kind), '[]')
     from erasure_keeps k where k.customer_id = e.customer_id) as keeps,
    (select count(*) from sealed_rows s where s.customer_id = e.customer_id) as sealed
from erasures e
join customers c on c.id = e.customer_id
join privacy_requests q on q.id = e.request_id
left join users a on a.id = q.asked_by
left join users d on d.id = q.decided_by
where {which}
order by e.erased_at desc limit :most
"""
_EXPORTS = """
select x.id, x.customer_id, c.name, c.number, x.asked_at, x.state, x.made_at, x.expires_at, x.size_bytes,
    x.files, x.error, x.asked_by, coalesce(u.name, '') as asked_by_name,
    (select count(*) from privacy_downloads d where d.export_id = x.id) as taken
from privacy_exports x
join customers c on c.id = x.customer_id
left join users u on u.id = x.asked_by
where {which}
order by x.id desc limit :most
"""
_FIGURES = text("""
select (select count(*) from privacy_requests where closed_at is null) as open,
    (select count(*) from privacy_requests where closed_at is null and due_on < :today) as late,
    (select min(due_on) from privacy_requests where closed_at is null) as next_due,
    (select count(*) from privacy_holds where lifted_at is null) as holds,
    (select count(*) from privacy_holds where lifted_at is null and review_on <= :today) as to_review,
    (select count(*) from erasures) as erased,
    (select count(*) from erasures where ended_at is null) as kept,
    (select count(*) from privacy_exports where state in ('waiting', 'made')) as archives
""")
_NUMBER = text("""
    select id from customers where upper(number) = upper(:number)
    union all select customer_id from accounts where number = :number limit 1
""")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the questions answer."""

    open: int
    late: int
    next_due: date | None
    holds: int
    to_review: int
    erased: int
    kept: int
    archives: int


def figures(session: Session, today: date) -> Figures:
    return Figures(*session.execute(_FIGURES, {"today": today}).one())


def requests_open(session: Session, most: int) -> list[Row[Any]]:
    """Those that wait, the next due first."""
    return _rows(session, _REQUESTS, "q.closed_at is null", most, order="q.due_on, q.id")


def requests_closed(session: Session, most: int) -> list[Row[Any]]:
    """Those that were answered, newest first."""
    return _rows(session, _REQUESTS, "q.closed_at is not null", most, order="q.closed_at desc")


def requests_of(session: Session, customer_id: int) -> list[Row[Any]]:
    return _rows(session, _REQUESTS, "q.customer_id = :id", 50, order="q.id desc", id=customer_id)


def request_of(session: Session, request_id: int) -> Row[Any] | None:
    found = _rows(session, _REQUESTS, "q.id = :id", 1, order="q.id", id=request_id)
    return found[0] if found else None


def holds(session: Session, most: int) -> list[Row[Any]]:
    """Those that stand, the next to look at again first; then those that were lifted."""
    return _rows(session, _HOLDS, "true", most)


def holds_of(session: Session, customer_id: int) -> list[Row[Any]]:
    return _rows(session, _HOLDS, "h.customer_id = :id", 50, id=customer_id)


def erasures(session: Session, most: int) -> list[Row[Any]]:
    return _rows(session, _ERASURES, "true", most)


def erasure_of(session: Session, customer_id: int) -> Row[Any] | None:
    found = _rows(session, _ERASURES, "e.customer_id = :id", 1, id=customer_id)
    return found[0] if found else None


def exports(session: Session, most: int) -> list[Row[Any]]:
    return _rows(session, _EXPORTS, "true", most)


def exports_of(session: Session, customer_id: int) -> list[Row[Any]]:
    return _rows(session, _EXPORTS, "x.customer_id = :id", 20, id=customer_id)


def customer_numbered(session: Session, number: str) -> int | None:
    """By their own number, or that of an account."""
    found: int | None = session.scalar(_NUMBER, {"number": number.strip()})
    return found


def _rows(
    session: Session, sql: str, which: str, most: int, *, order: str = "", **given: Any
) -> list[Row[Any]]:
    return list(session.execute(text(sql.format(which=which, order=order)), {"most": most, **given}))
