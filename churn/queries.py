"""What churn can be asked: session in, frozen values out. Neither frames nor models are loaded here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.domain.label import HORIZON_DAYS
from utility_crm.kit.gathering import listed_kinds

PAGE_ROWS = 50
HIGH_TIMES_USUAL = 2
"""A chance is called high from this many times the usual one on."""


@dataclass(frozen=True, slots=True)
class StoredReason:
    """One reason: its group of facts, its percentage points, and the figures it is said with."""

    group: str
    points: float
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CustomerScore:
    """The latest chance of one customer, the usual one (the mean of everybody's), and why it is not that.

    overdue_now_minor: what is overdue today, which may have been paid since the chance was reckoned.
    unanswered_now: how many complaints of before that morning still wait for their answer. hazard: when they
    may leave (`churn.domain.survival.MonthlyHazard`), None where too few have left to tell.
    """

    score: float
    usual: float
    as_of: date
    reasons: tuple[StoredReason, ...]
    overdue_now_minor: int
    unanswered_now: int
    hazard: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The model that scored last, else the champion, else the last attempt at one.

    status: `scored`; `learned`, where nobody has been scored yet; else why there is no model. as_of: of the
    scores, where there are any. usual: the mean of everybody's chance. figures: see `churn.training.learn`.
    """

    model_id: int
    status: str
    as_of: date
    fitted_at: datetime
    figures: Mapping[str, Any]
    usual: float

    @property
    def tested_on(self) -> date | None:
        """The earlier date whose list was held against what happened."""
        return _day(self.figures.get("test", {}).get("date"))

    @property
    def tested_until(self) -> date | None:
        """The last day of what happened."""
        return _day(self.figures.get("test", {}).get("ends_on"))

    def learned_on(self, part: str) -> tuple[date, ...]:
        """The dates that `part` ("train" or "fit") learned from, oldest first."""
        found = self.figures.get(part, {}).get("dates", ())
        return tuple(date.fromisoformat(day) for day in found)

    @property
    def tested(self) -> Mapping[str, Any] | None:
        """What a later time said; None where too few left to say."""
        found: Mapping[str, Any] | None = self.figures.get("test", {}).get("figures")
        return found


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


@dataclass(frozen=True, slots=True)
class Lost:
    """A customer whose supply was lost to another supplier."""

    customer_id: int
    number: str
    name: str
    segment: str
    area: str
    tariff: str
    left_on: date


# One place for each customer: that of their oldest supply. Whoever has no supply without an end has left, or
# has said so, and is nobody to be kept. Worked out once, whatever the planner thinks of tables just filled.
_PLACES = """
    with recursive root as (
        select id, code, name, id as node_id from network_nodes where parent_id is null
        union all
        select r.id, r.code, r.name, n.id from network_nodes n join root r on n.parent_id = r.node_id),
    supplied as materialized (
        select distinct on (a.customer_id) a.customer_id, t.name as tariff,
               r.code as area_code, coalesce(r.name, '') as area
        from agreements g
        join accounts a on a.id = g.account_id
        join tariffs t on t.id = g.tariff_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join root r on r.node_id = p.node_id
        where {which}
        order by a.customer_id, g.starts_on, g.id)
"""
_SUPPLIED_NOW = _PLACES.format(which="g.ends_before is null")
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
_LOST = text(
    _PLACES.format(which="g.end_reason = 'switched' and g.ends_before > :after and g.ends_before <= :until")
    + """
    select c.id, c.number, c.name, c.segment, coalesce(p.area, ''), p.tariff, max(g.ends_before) as left_on
    from supplied p
    join customers c on c.id = p.customer_id
    join accounts a on a.customer_id = c.id
    join agreements g on g.account_id = a.id and g.end_reason = 'switched'
                     and g.ends_before > :after and g.ends_before <= :until
    group by c.id, c.number, c.name, c.segment, p.area, p.tariff
    order by left_on desc, c.id
    """
)
_OTHER_ENDS = text(
    """
    select g.end_reason, count(distinct a.customer_id)
    from agreements g join accounts a on a.id = g.account_id
    where g.ends_before > :after and g.ends_before <= :until and g.end_reason in ('moved', 'died', 'cut_off')
    group by g.end_reason order by 1
    """
)
_CARD = text(
    """
    select m.id, m.as_of, m.fitted_at, m.figures, r.as_of, r.usual
    from churn_models m
    left join churn_runs r on r.as_of = (select as_of from churn_scores limit 1)
    order by (m.id = r.model_id) desc nulls last, (m.state = 'champion') desc, m.id desc limit 1
    """
)
SCORE = listed_kinds(
    """
    select k.score, r.usual, k.as_of, k.reasons,
           coalesce((select cast(sum(b.open_minor) as bigint) from bills b
                     join accounts a on a.id = b.account_id
                     where a.customer_id = k.customer_id and b.status = 'issued' and b.open_minor > 0
                       and b.due_on < :today), 0),
           (select count(*) from contacts c where c.customer_id = k.customer_id and c.complaint
                                              and c.answered_at is null and c.at < k.as_of),
           m.figures#>'{survival,hazard}'
    from churn_scores k join churn_runs r on r.as_of = k.as_of join churn_models m on m.id = k.model_id
    where k.customer_id = :customer
    """,
    float, float, date, list, int, int, dict,
)  # fmt: skip
"""The latest chance of `:customer`, with what is overdue `:today` and unanswered; nothing for somebody never
scored."""


def customer_score(row: Sequence[Any]) -> CustomerScore:
    """A row of SCORE."""
    return CustomerScore(row[0], row[1], row[2], _reasons(row[3]), row[4], row[5], row[6])


def model_card(session: Session) -> ModelCard | None:
    """None before the first attempt."""
    row = session.execute(_CARD).one_or_none()
    if row is None:
        return None
    model_id, learned_as_of, fitted_at, figures, scored_as_of, usual = row
    if scored_as_of is None:
        return ModelCard(model_id, figures["status"], learned_as_of, fitted_at, figures, 0.0)
    return ModelCard(model_id, "scored", scored_as_of, fitted_at, figures, usual)


def leavers(
    session: Session, narrowed: Narrowed, *, rows: int | None = PAGE_ROWS, skip: int = 0
) -> list[Leaver]:
    """Who may leave, the highest chance first. rows None: all of them."""
    values = {"segment": narrowed.segment, "area": narrowed.area, "rows": rows, "skip": skip}
    return [
        Leaver(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], _reasons(row[8]))
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


def lost(session: Session, until: date, days: int = HORIZON_DAYS) -> list[Lost]:
    """Whose supply another supplier took over on a day in (until - days, until], the last first."""
    values = {"after": until - timedelta(days=days), "until": until}
    return [Lost(*row) for row in session.execute(_LOST, values)]


def other_ends(session: Session, until: date, days: int = HORIZON_DAYS) -> dict[str, int]:
    """Customers with a supply that ended in the same days because they moved, died or were cut off."""
    values = {"after": until - timedelta(days=days), "until": until}
    return {row[0]: row[1] for row in session.execute(_OTHER_ENDS, values)}


def _day(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)


def _reasons(stored: Sequence[Mapping[str, Any]]) -> tuple[StoredReason, ...]:
    return tuple(StoredReason(item["group"], item["points"], item["figures"]) for item in stored)
