"""Who a campaign is for, and who of them must not be asked, each with the reason. One statement each,
and one that says for whom the offered tariff is.

Whom it asks is a question of segments: a saved segment, conditions of its own, or both. What a campaign adds
is what its offer needs. A customer counts with one supply: of electricity, the one that would save most on
the offered tariff, else the oldest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.tariffs.eligibility import Place
from billing.queries.tariffs import tariffs_by_id
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.segments.compiling import Compiler, counted, with_memory
from utility_crm.segments.domain.tree import EVERYBODY, And, Tree, document_of, read_tree
from utility_crm.segments.members import SavedSegment, condition_of, segment_of
from utility_crm.segments.offers import offers

LATEST_START = timedelta(days=31)
"""What is accepted today holds from the next billing cycle on, that is so much later at most."""
SEGMENTS = ("household", "small_business", "industry")
CARE_FIRST = ("complaint", "debt", "vulnerable")
"""Reasons for which somebody is seen to by care before anything is offered."""
CARE = "care"
"""The one reason that lists and sums give for them: who needs particular care is nobody's list."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is asked: whoever is in the saved segment, where one is named, and fits the tree as well.

    tree: conditions of its own; EVERYBODY asks nothing, None is one that cannot be read any more (a fact it
    asks about is offered no more) and finds nobody.
    """

    tree: Tree | None = EVERYBODY
    segment_id: int | None = None

    @property
    def own(self) -> bool:
        """Whether it has conditions of its own."""
        return self.tree != EVERYBODY

    def document(self) -> dict[str, Any]:
        """As a campaign keeps it. Raises Invalid for one that cannot be read."""
        if self.tree is None:
            raise Invalid("audience", "It asks about something that is known no more.", "tree")
        return {"tree": document_of(self.tree), "segment_id": self.segment_id}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Audience:
        """What a campaign keeps."""
        tree: Tree | None
        try:
            tree = read_tree(document.get("tree") or {"and": []}, offers())
        except Invalid:
            tree = None
        return cls(tree, document.get("segment_id"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who is asked for. account_id: None where no supply goes on. reason: why they must not be
    asked, "" where they may. own and other: what a year cost, and would have cost on the offered tariff; None
    where no what-if knows it."""

    customer_id: int
    account_id: int | None
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
    """A condition, and how many customers are left after it. part: what it asks; None is the saved segment
    `named`, as it was frozen."""

    part: Tree | None
    named: str
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
_CANDIDATES = """
    with recursive root as (
        select id, code, id as node_id from network_nodes where parent_id is null
        union all
        select r.id, r.code, n.id from network_nodes n join root r on n.parent_id = r.node_id),
    who as materialized (select c.id from customers c where {who}),
    told as (
        select account_id, own_minor, other_minor, coverage_ppm, w.on_day
        from (select id, on_day from what_ifs where tariff_id = :offered and finished_at is not null
              and segment is null order by finished_at desc, id desc limit 1) w
        join what_if_results r on r.what_if_id = w.id),
    supplied as (
        select distinct on (a.customer_id) a.customer_id, a.id as account_id, g.tariff_id,
               coalesce(r.code, '') as area, w.own_minor, w.other_minor, w.coverage_ppm, w.on_day, s.fuel,
               s.connection_micro_kw
        from agreements g
        join accounts a on a.id = g.account_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join root r on r.node_id = p.node_id
        left join told w on w.account_id = a.id
        where g.starts_on <= :today and a.customer_id in (select id from who)
          and (g.ends_before is null or cast(:past as boolean) and g.ends_before > :today)
        order by a.customer_id, s.fuel = 'electricity' desc, w.own_minor - w.other_minor desc nulls last,
                 g.starts_on, g.id)
    select c.id, p.account_id, c.segment, coalesce(p.area, ''), p.own_minor, p.other_minor, p.coverage_ppm,
           p.on_day,
           case when p.account_id is null then 'ends'
           when p.tariff_id = cast(:offered as bigint) then 'on_it' else
           coalesce(nullif({why_not}, ''),
               case when cast(:by_saving_alone as boolean) and p.own_minor is null then 'saving_unknown'
               when cast(:by_saving_alone as boolean) and p.own_minor <= p.other_minor then 'dearer'
               when exists (select from campaign_members m join campaigns o on o.id = m.campaign_id
                            where m.customer_id = c.id and o.state = 'running'
                              and (o.kind = :kind or o.tariff_id = cast(:offered as bigint))
                              and m.arm <> '' and o.id <> :campaign) then 'another_offer'
               when (select count(*) from campaign_members m where m.customer_id = c.id
                     and m.arm <> '' and m.campaign_id <> :campaign
                     and m.drawn_at > cast(:now as timestamptz) - make_interval(days => :cap_days))
                    >= :cap_offers then 'offered_lately'
               else '' end) end,
           coalesce(p.fuel, ''), p.connection_micro_kw
    from who join customers c on c.id = who.id left join supplied p on p.customer_id = c.id
    order by c.id
"""
# Whoever was left alone in another campaign counts as if they had been asked: were only those left out who
# were asked, the two groups would not be alike any more.
_STILL = text(f"select c.id, {WHY_NOT} from customers c where c.id = any(cast(:customers as bigint[]))")


STILL_WHY_NOT = f"""
    case when not exists (select from agreements g where g.account_id = m.account_id
                          and g.ends_before is null) then 'ends'
    when exists (select from agreements g where g.account_id = m.account_id and g.ends_before is null
                 and g.tariff_id = o.tariff_id) then 'on_it'
    when exists (select from customers s join campaign_members t on t.customer_id = s.id
                 where s.merged_into_id = c.id and t.campaign_id = m.campaign_id
                   and t.answer in ('accepted', 'declined')) then 'answered'
    else {WHY_NOT.strip()} end
"""
"""The same since the draw, of the member `m` of campaign `o`, who is customer `c`: their supply may have
ended, or be on the offered tariff by now, or they answered where they were kept as somebody else."""
HANDED_OVER = """m.sent_at is not null
    and m.not_sent in ('', 'complaint', 'debt', 'vulnerable', 'ends', 'on_it', 'answered')"""
"""SQL that the letter of the member `m` was handed over. What `not_sent` says then is of a call that was
passed over later; the outbox's own reasons are other words."""
_MEMBERS_STILL = text(f"""
    select m.id, {STILL_WHY_NOT}
    from campaign_members m
    join campaigns o on o.id = m.campaign_id
    join customers c on c.id = m.customer_id
    where m.id = any(cast(:members as bigint[]))
""")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is looked for: the audience, and of the campaign what rules out people."""

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
    """Everybody who is asked for, with why they must not be asked; by the customer's id. Nobody where the
    segment was deleted, or a question cannot be read any more."""
    found = _parts(session, asked.audience, today, now)
    if found is None:
        return []
    compiler, parts = found
    values = {
        "today": today, "past": asked.past, "offered": asked.offered, "kind": asked.kind,
        "campaign": asked.campaign_id, "by_saving_alone": asked.by_saving_alone,
        "cap_offers": asked.cap_offers, "cap_days": asked.cap_days, "now": now,
    }  # fmt: skip
    who = " and ".join([compiler.base(), *(condition for _, _, condition in parts)])
    with_memory(session)
    sql = _CANDIDATES.format(who=who, why_not=WHY_NOT)
    rows = session.execute(text(sql), values | compiler.bound)
    people = [(Candidate(*row[:9]), Place(row[2], row[9], row[3], row[10])) for row in rows]
    if asked.offered is None:
        return [one for one, _ in people]
    tariff = tariffs_by_id(session, [asked.offered])[asked.offered]
    on = today + LATEST_START
    sold = tariff.versions[0].starts_on <= on
    fits = {place: sold and not tariff.eligibility.unfit(place, on) for _, place in people}
    return [one if one.reason or fits[place] else replace(one, reason="not_theirs") for one, place in people]


def funnel(session: Session, asked: Asked, today: date, now: datetime) -> tuple[int, tuple[Step, ...]] | None:
    """How many are supplied, and how many are left after each condition; one pass. None where `candidates`
    finds nobody to ask about."""
    found = _parts(session, asked.audience, today, now)
    if found is None:
        return None
    compiler, parts = found
    named = "".join(f", {condition} as k{place}" for place, (_, _, condition) in enumerate(parts))
    told = ["count(*)"]
    for last in range(len(parts)):
        kept = " and ".join(f"k{place}" for place in range(last + 1))
        told.append(f"count(*) filter (where {kept})")
    # offset 0: each set of customers is made once, not once for each time its flag is counted
    sql = f"""select {", ".join(told)} from
        (select c.id{named} from customers c where {compiler.base()} offset 0) x"""
    everybody, *left = (int(value) for value in counted(session, sql, compiler.bound))
    steps, before = [], everybody
    for (part, name, _), count in zip(parts, left, strict=True):
        steps.append(Step(part, name, count, before - count))
        before = count
    return everybody, tuple(steps)


def still_may_be_asked(session: Session, customers: Sequence[int], today: date) -> dict[int, str]:
    """Why each of them must not be asked now; "" where they may."""
    rows = session.execute(_STILL, {"customers": list(customers), "today": today})
    return {int(row[0]): str(row[1]) for row in rows}


def summed_up(reasons: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Customers by reason as they may be told, the most frequent first."""
    found: Counter[str] = Counter()
    for reason, customers in reasons:
        found[CARE if reason in CARE_FIRST else reason] += customers
    return tuple(found.most_common())


def members_still(session: Session, members: Sequence[int], today: date) -> dict[int, str]:
    """Why each member of a campaign must not be asked any more; "" where they may."""
    rows = session.execute(_MEMBERS_STILL, {"members": list(members), "today": today})
    return {int(row[0]): str(row[1]) for row in rows}


def parts_of(tree: Tree) -> tuple[Tree, ...]:
    """The parts of the outermost `and`; of another tree, itself."""
    return tree.parts if isinstance(tree, And) else (tree,)


def saved_of(session: Session, audience: Audience) -> SavedSegment | None:
    """The saved segment it asks; None where it asks none, or that was deleted."""
    if audience.segment_id is None:
        return None
    try:
        return segment_of(session, audience.segment_id)
    except NotFound:
        return None


def _parts(
    session: Session, audience: Audience, today: date, now: datetime
) -> tuple[Compiler, list[tuple[Tree | None, str, str]]] | None:
    """Its conditions one by one: (what is asked, name of the segment it comes from, SQL)."""
    compiler = Compiler(offers(), today, now)
    saved = saved_of(session, audience)
    if audience.tree is None or (audience.segment_id is not None and saved is None):
        return None
    told: list[tuple[Tree | None, str, str]] = []
    if saved is not None and saved.frozen:
        told.append((None, saved.name, condition_of(compiler, saved)))
    elif saved is not None:
        if saved.tree is None:
            return None
        told.extend((part, saved.name, compiler.condition(part)) for part in parts_of(saved.tree))
    told.extend((part, "", compiler.condition(part)) for part in parts_of(audience.tree))
    return compiler, told
