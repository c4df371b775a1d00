"""Who a campaign is for, and who of them must not be asked, each with the reason. One statement each.

A customer counts with one supply: the one that would save most on the offered tariff, else the oldest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.segments.members import members_of

SEGMENTS = ("household", "small_business", "industry")
RULES = ("segment", "area", "tariff", "not_on_it", "saving", "may_leave", "listed")
CARE_FIRST = ("complaint", "debt", "vulnerable")
"""Reasons for which somebody is seen to by care before anything is offered."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Rules that all hold; what is empty asks nothing.

    tariff: the code of the one they are on. saving_above_minor: a year on the offered tariff would save more.
    may_leave_ppm: the chance that they leave, at least, in millionths. segment_id: a saved segment.
    """

    segments: tuple[str, ...] = ()
    area: str = ""
    tariff: str = ""
    saving_above_minor: int | None = None
    may_leave_ppm: int | None = None
    segment_id: int | None = None

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "segments": list(self.segments)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Audience:
        return cls(**{**document, "segments": tuple(document.get("segments", ()))})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody the rules find. reason: why they must not be asked, "" where they may. own and other: what a
    year cost, and would have cost on the offered tariff; None where no what-if knows it."""

    customer_id: int
    account_id: int
    segment: str
    area: str
    own_minor: int | None
    other_minor: int | None
    coverage_ppm: int | None
    on_day: date | None
    reason: str

    @property
    def saving_minor(self) -> int | None:
        return (
            None if self.own_minor is None or self.other_minor is None else self.own_minor - self.other_minor
        )


@dataclass(frozen=True, slots=True)
class Step:
    """A rule that asks something, and how many customers are left after it."""

    rule: str
    left: int
    dropped: int


WHY_NOT = """
    case when c.died_on is not null then 'died'
    when exists (select from contacts x where x.customer_id = c.id and x.complaint and x.answered_at is null)
      or exists (select from tickets x where x.customer_id = c.id and x.kind = 'complaint'
                 and x.solved_at is null and x.merged_into_id is null) then 'complaint'
    when exists (select from accounts x join bills b on b.account_id = x.id
                 where x.customer_id = c.id and b.status = 'issued' and b.open_minor > 0
                   and b.due_on < :today) then 'debt'
    when exists (select from customer_flags x where x.customer_id = c.id
                 and x.kind in ('vulnerable', 'medical')) then 'vulnerable'
    else '' end
"""
"""SQL of the reason for which customer `c` must not be asked on :today; empty where they may."""
_FOUND = """
    with recursive root as (
        select id, code, id as node_id from network_nodes where parent_id is null
        union all
        select r.id, r.code, n.id from network_nodes n join root r on n.parent_id = r.node_id),
    told as (
        select account_id, own_minor, other_minor, coverage_ppm, w.on_day
        from (select id, on_day from what_ifs where tariff_id = :offered and finished_at is not null
              and segment is null order by finished_at desc, id desc limit 1) w
        join what_if_results r on r.what_if_id = w.id),
    supplied as (
        select distinct on (a.customer_id) a.customer_id, a.id as account_id, g.tariff_id, t.code as tariff,
               coalesce(r.code, '') as area, w.own_minor, w.other_minor, w.coverage_ppm, w.on_day
        from agreements g
        join accounts a on a.id = g.account_id
        join tariffs t on t.id = g.tariff_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join root r on r.node_id = p.node_id
        left join told w on w.account_id = a.id
        where g.starts_on <= :today
          and (g.ends_before is null or cast(:past as boolean) and g.ends_before > :today)
        order by a.customer_id, w.own_minor - w.other_minor desc nulls last, g.starts_on, g.id),
    base as (
        select c.id, p.account_id, c.segment, p.area, p.own_minor, p.other_minor, p.coverage_ppm, p.on_day,
               cardinality(cast(:segments as text[])) = 0 or c.segment = any(cast(:segments as text[]))
                   as by_segment,
               :area = '' or p.area = :area as by_area,
               :tariff = '' or p.tariff = :tariff as by_tariff,
               p.tariff_id is distinct from cast(:offered as bigint) as by_not_on_it,
               cast(:saving_above as bigint) is null
                   or coalesce(p.own_minor - p.other_minor > cast(:saving_above as bigint), false)
                   as by_saving,
               cast(:may_leave as double precision) is null
                   or coalesce(k.score >= cast(:may_leave as double precision), false) as by_may_leave,
               cast(:listed as bigint[]) is null or c.id = any(cast(:listed as bigint[])) as by_listed,
               c.died_on
        from supplied p
        join customers c on c.id = p.customer_id and c.merged_into_id is null and c.erased_on is null
        left join churn_scores k on k.customer_id = c.id)
"""
_ALL = " and ".join(f"c.by_{rule}" for rule in RULES)
# Whoever was left alone in another campaign counts as if they had been asked: were only those left out who
# were asked, the two groups would not be alike any more.
_CANDIDATES = text(
    f"""
    {_FOUND}
    select c.id, c.account_id, c.segment, c.area, c.own_minor, c.other_minor, c.coverage_ppm, c.on_day,
           coalesce(nullif({WHY_NOT}, ''),
               case when cast(:by_saving_alone as boolean) and c.own_minor is null then 'saving_unknown'
               when cast(:by_saving_alone as boolean) and c.own_minor <= c.other_minor then 'dearer'
               when exists (select from campaign_members m join campaigns o on o.id = m.campaign_id
                            where m.customer_id = c.id and o.state = 'running' and o.kind = :kind
                              and m.arm <> '' and o.id <> :campaign) then 'another_offer'
               when (select count(*) from campaign_members m where m.customer_id = c.id
                     and m.arm <> '' and m.campaign_id <> :campaign
                     and m.drawn_at > cast(:now as timestamptz) - make_interval(days => :cap_days))
                    >= :cap_offers then 'offered_lately'
               else '' end)
    from base c where {_ALL} order by c.id
    """
)
_FUNNEL = text(
    _FOUND
    + "select count(*), "
    + ", ".join(
        "count(*) filter (where " + " and ".join(f"c.by_{rule}" for rule in RULES[: place + 1]) + ")"
        for place in range(len(RULES))
    )
    + " from base c"
)
_STILL = text(f"select c.id, {WHY_NOT} from customers c where c.id = any(cast(:customers as bigint[]))")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is looked for, on which day: the audience, and of the campaign what rules out people."""

    audience: Audience
    kind: str
    offered: int | None
    by_saving_alone: bool
    """What is offered is money saved: nobody is asked who would pay more, or of whom it is not known."""
    campaign_id: int = 0
    cap_offers: int = 2
    cap_days: int = 90
    past: bool = False
    """As it was on an earlier day: whose supply ended since was not known to leave."""


def candidates(session: Session, asked: Asked, today: date, now: datetime) -> list[Candidate]:
    """Everybody the rules find, with why they must not be asked; by the customer's id."""
    values = {
        **_values(session, asked, today), "kind": asked.kind, "campaign": asked.campaign_id,
        "by_saving_alone": asked.by_saving_alone, "cap_offers": asked.cap_offers,
        "cap_days": asked.cap_days, "now": now,
    }  # fmt: skip
    return [Candidate(*row) for row in session.execute(_CANDIDATES, values)]


def funnel(session: Session, asked: Asked, today: date) -> tuple[int, tuple[Step, ...]]:
    """How many are supplied, and how many are left after each rule that asks something."""
    everybody, *left = session.execute(_FUNNEL, _values(session, asked, today)).one()
    audience, before, steps = asked.audience, everybody, []
    asks = {
        "segment": bool(audience.segments), "area": bool(audience.area), "tariff": bool(audience.tariff),
        "not_on_it": asked.offered is not None, "saving": audience.saving_above_minor is not None,
        "may_leave": audience.may_leave_ppm is not None, "listed": audience.segment_id is not None,
    }  # fmt: skip
    for rule, count in zip(RULES, left, strict=True):
        if asks[rule]:
            steps.append(Step(rule, count, before - count))
        before = count
    return everybody, tuple(steps)


def still_may_be_asked(session: Session, customers: Sequence[int], today: date) -> dict[int, str]:
    """Why each of them must not be asked now; "" where they may."""
    rows = session.execute(_STILL, {"customers": list(customers), "today": today})
    return {int(row[0]): str(row[1]) for row in rows}


def _values(session: Session, asked: Asked, today: date) -> dict[str, Any]:
    audience = asked.audience
    return {
        "today": today, "past": asked.past, "segments": list(audience.segments), "area": audience.area,
        "tariff": audience.tariff, "offered": asked.offered, "saving_above": audience.saving_above_minor,
        "may_leave": None if audience.may_leave_ppm is None else audience.may_leave_ppm / 1e6,
        "listed": _listed(session, audience.segment_id),
    }  # fmt: skip


def _listed(session: Session, segment_id: int | None) -> list[int] | None:
    """Who is in a saved segment now; None where none is asked for. In one that was deleted is nobody. Raises
    Invalid where a fact it asks about is offered no more."""
    if segment_id is None:
        return None
    try:
        return members_of(session, segment_id)
    except NotFound:
        return []
