"""The list of those who may leave, the highest chance first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.queries.places import PLACES
from churn.queries.reasons import StoredReason, reasons_of

PAGE_ROWS = 50
HIGH_TIMES_USUAL = 2
"""A chance is called high from this many times the usual one on."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which customers are asked for; empty means all."""

    segment: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class Leaver:
    """A customer who may leave. `rank` counts from 1 among everybody, however the list is narrowed."""

    customer_id: int
    number: str
    name: str
    segment: str
    area: str
    tariff: str
    rank: int
    score: float
    reasons: tuple[StoredReason, ...]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many are scored, and how many of them have a high chance; how many are expected to leave, of all
    and of those with a high chance."""

    customers: int
    high: int
    expected: float
    expected_high: float


_SUPPLIED_NOW = PLACES.format(which="g.ends_before is null")
_RANKED = (
    _SUPPLIED_NOW
    + """
    , ranked as (
        select c.id, c.number, c.name, c.segment, p.area, p.area_code, p.tariff, k.score, k.reasons,
               rank() over (order by k.score desc) as place
        from churn_scores k
        join customers c on c.id = k.customer_id
        join supplied p on p.customer_id = c.id)
    """
)
_NARROWED = "where (:segment = '' or segment = :segment) and (:area = '' or area_code = :area)"
_LEAVERS = text(
    f"""
    {_RANKED}
    select id, number, name, segment, area, tariff, place, score, reasons from ranked {_NARROWED}
    order by score desc, id limit :rows offset :skip
    """
)
_CROWD = text(
    f"""
    {_RANKED}
    select count(*), count(*) filter (where score >= :high), coalesce(sum(score), 0),
           coalesce(sum(score) filter (where score >= :high), 0)
    from ranked {_NARROWED}
    """
)
_WHY = text(
    _RANKED
    + f"""
    , top as (select * from ranked {_NARROWED} order by score desc, id limit :rows)
    select r->>'group', count(*), avg(cast(r->>'points' as double precision))
    from top, jsonb_array_elements(top.reasons) as r
    group by 1 order by sum(cast(r->>'points' as double precision)) desc
    """
)
_AREAS = text("select code, name from network_nodes where kind = 'area' order by name")


def leavers(
    session: Session, narrowed: Narrowed, *, rows: int | None = PAGE_ROWS, skip: int = 0
) -> list[Leaver]:
    """Who may leave, the highest chance first. rows None: all of them."""
    values = {"segment": narrowed.segment, "area": narrowed.area, "rows": rows, "skip": skip}
    return [
        Leaver(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], reasons_of(row[8]))
        for row in session.execute(_LEAVERS, values)
    ]


def crowd(session: Session, narrowed: Narrowed, usual: float) -> Crowd:
    """How many are scored and how many of them are high, against the usual chance of everybody."""
    values = {"segment": narrowed.segment, "area": narrowed.area, "high": HIGH_TIMES_USUAL * usual}
    row = session.execute(_CROWD, values).one()
    return Crowd(row[0], row[1], row[2], row[3])


def reasons_at_the_top(session: Session, narrowed: Narrowed, rows: int) -> list[tuple[str, int, float]]:
    """(group, customers, mean points) of the reasons of the `rows` highest, what weighs most first."""
    values = {"segment": narrowed.segment, "area": narrowed.area, "rows": rows}
    return [(row[0], row[1], row[2]) for row in session.execute(_WHY, values)]


def areas(session: Session) -> list[tuple[str, str]]:
    """(code, name) of every area of the network, by name."""
    return [(row[0], row[1]) for row in session.execute(_AREAS)]
