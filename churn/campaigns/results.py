"""What a campaign did: counted by arm, segment and way, and held against the group that was left alone.

Everybody who was drawn counts, reached or not. Taken up: on the offered tariff from a day after the draw, by
whatever way they came to it, which the control group may as well; of other offers: accepted. Lost: their
supply went to another supplier by choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.campaigns.earned import Earned, Group, earned
from churn.campaigns.sending import spent_minor
from churn.domain.campaigns.assigning import CONTROL
from churn.domain.campaigns.effects import Effect, difference_of_shares
from churn.domain.campaigns.looks import each_of, level_at, part_over
from churn.domain.campaigns.verdicts import Verdict, romi, verdict
from churn.domain.label import HORIZON_DAYS
from utility_crm.kit.errors import NotFound
from utility_crm.kit.shares import LEVEL
from utility_crm.web.words import mark

Outcome = Literal["taken", "lost", "margin"]
TAKEN_DAYS = 31
"""A change of tariff that was agreed on the last day holds from so much later at most."""

_CAMPAIGN = text("""
    select c.id, c.code, c.name, c.kind, c.offer, c.tariff_id, coalesce(t.name, '') as tariff, c.amount,
           c.currency, c.state, c.starts_on, c.ends_on, c.decides_on, c.launched_at, c.planned,
           c.budget_minor, c.margin_minor, c.margin_source, c.baseline_ppm, c.control_ppm, c.note, c.costs
    from campaigns c left join tariffs t on t.id = c.tariff_id
    where c.id = :id
""")
FOLLOWED = """
    cross join lateral (
        select exists (select from accounts a join agreements g on g.account_id = a.id
            where a.customer_id = m.customer_id and g.tariff_id = cast(:tariff as bigint)
              and g.starts_on > :began and g.starts_on <= :until) as found
    ) as moved
    cross join lateral (
        select exists (select from accounts a join agreements g on g.account_id = a.id
            where a.customer_id = m.customer_id and g.end_reason = 'switched'
              and g.ends_before > :began and g.ends_before <= :watched) as found
    ) as gone
"""
"""What became of the member `m`: `moved.found`, on the offered tariff; `gone.found`, lost. With the values of
`followed`."""
TWICE = """
    left join (select distinct s.merged_into_id as id from campaign_members t
               join customers s on s.id = t.customer_id and s.merged_into_id is not null
               where t.campaign_id = :id and t.arm <> '' and t.answer = 'accepted') twin
        on twin.id = m.customer_id
"""
"""A customer who was drawn twice, since they were kept twice, is one since they were merged: the row that
stays with the stub is nobody's, and what was accepted by it was accepted by whom they are (`twin`)."""
ACCEPTED = "(m.answer = 'accepted' or twin.id is not null)"
TAKEN = f"case when cast(:tariff as bigint) is null then {ACCEPTED} else moved.found end"
"""SQL of who took what was offered: who has the tariff, which whoever is left alone may as well, and not who
said yes to it; of other offers, who accepted."""
_COUNTS = text(f"""
    select m.arm, m.segment, coalesce(o.channel, '') as channel, count(*) as customers,
           count(*) filter (where o.state = 'sent'
                   or o.id is null and m.sent_at is not null and m.not_sent = '')
               as sent,
           count(*) filter (where o.receipt = 'read' or m.answered_via = 'link') as read,
           count(*) filter (where m.answer <> '' or twin.id is not null) as answered,
           count(*) filter (where {ACCEPTED}) as accepted, count(*) filter (where {TAKEN}) as taken,
           count(*) filter (where gone.found) as lost,
           count(*) filter (where m.not_sent <> '') as not_sent,
           cast(coalesce(sum(m.call_tries), 0) as bigint) as calls
    from campaign_members m
    join customers c on c.id = m.customer_id and c.merged_into_id is null
    left join outbox o on o.key = 'campaign:' || :code || ':' || m.customer_id
    {TWICE} {FOLLOWED}
    where m.campaign_id = :id and m.arm <> ''
    group by 1, 2, 3 order by 1, 2, 3
""")
_KEEP = text("""
    insert into campaign_days (campaign_id, day, arm, customers, sent, read, answered, accepted, taken, lost,
        spent_minor)
    values (:id, :day, :arm, :customers, :sent, :read, :answered, :accepted, :taken, :lost, :spent)
    on conflict (campaign_id, day, arm) do update set customers = excluded.customers, sent = excluded.sent,
        read = excluded.read, answered = excluded.answered, accepted = excluded.accepted,
        taken = excluded.taken, lost = excluded.lost, spent_minor = excluded.spent_minor
""")


@dataclass(frozen=True, slots=True)
class Campaigned:
    """A campaign as its results are read from it."""

    id: int
    code: str
    name: str
    kind: str
    offer: str
    tariff_id: int | None
    tariff: str
    amount: int | None
    currency: str
    state: str
    starts_on: date
    ends_on: date
    decides_on: date
    launched_at: datetime | None
    planned: Mapping[str, Any]
    budget_minor: int
    margin_minor: int | None
    margin_source: str
    baseline_ppm: int
    control_ppm: int
    note: str
    costs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """reached: it is the day for looking, at the planned size. level: of the interval of all together; None:
    too early for any."""

    reached: bool
    level: float | None

    def of_one(self, many: int) -> Look:
        """The same of one of several that are looked at side by side: arms, or segments."""
        return Look(self.reached, None if self.level is None else each_of(self.level, many))


@dataclass(frozen=True, slots=True)
class Counts:
    """A group: how many, and of them what became."""

    customers: int = 0
    sent: int = 0
    read: int = 0
    answered: int = 0
    accepted: int = 0
    taken: int = 0
    lost: int = 0
    not_sent: int = 0
    calls: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))


@dataclass(frozen=True, slots=True)
class Row:
    """An arm (or all arms together, "") against control. effect: of `taken` and `lost` in shares of one, of
    `margin` in minor units a customer; None where it cannot be told. of: customers of arm and control."""

    outcome: Outcome
    arm: str
    segment: str
    count: int
    of: int
    control: int
    of_control: int
    effect: Effect | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that is known of a campaign's effect on a day.

    by_arm, by_segment (arm, segment), by_channel (arm, way): counts. rows: all together, by arm, then by
    segment. extra: taken up beyond control, with its interval, as customers. kept_margin: what all who were
    asked earned beyond control; stands_on: by margins that somebody `brought`, by customers kept and what
    was `told` of one's year, or by what was `billed` since the draw. romi: None where no margin is known or
    nothing was spent. margin_known: of how many members.
    """

    campaign: Campaigned
    on_day: date
    reached: bool
    by_arm: Mapping[str, Counts]
    by_segment: Mapping[tuple[str, str], Counts]
    by_channel: Mapping[tuple[str, str], Counts]
    rows: tuple[Row, ...]
    spent_minor: int
    extra: Effect | None
    kept_margin: Effect | None
    stands_on: Literal["brought", "told", "billed", ""]
    margin_known: int

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.by_arm if key != CONTROL))

    @property
    def level(self) -> float | None:
        """Of every interval; None: too early for any."""
        return _level(self.campaign, self.on_day, self.reached)

    @property
    def days_watched(self) -> int:
        """Days since the draw in which who leaves is counted, of HORIZON_DAYS."""
        began = self.campaign.launched_at
        return 0 if began is None else min(HORIZON_DAYS, (self.on_day - began.date()).days)

    @property
    def control(self) -> Counts:
        return self.by_arm.get(CONTROL, Counts())

    @property
    def asked(self) -> Counts:
        """All arms together."""
        return sum((self.by_arm[key] for key in self.arms), Counts())

    @property
    def romi(self) -> Effect | None:
        """Return on what was spent, with the interval of the margin it stands on."""
        if self.kept_margin is None:
            return None
        found = [
            romi(value, self.spent_minor)
            for value in (self.kept_margin.difference, self.kept_margin.low, self.kept_margin.high)
        ]
        return None if found[0] is None or found[1] is None or found[2] is None else Effect(*found)  # type: ignore[arg-type]

    def row(self, outcome: Outcome, arm: str = "", segment: str = "") -> Row | None:
        return next(
            (one for one in self.rows if (one.outcome, one.arm, one.segment) == (outcome, arm, segment)), None
        )


def campaigned(session: Session, campaign_id: int) -> Campaigned:
    """Raises NotFound."""
    row = session.execute(_CAMPAIGN, {"id": campaign_id}).one_or_none()
    if row is None:
        raise NotFound("campaign", mark("There is no such campaign."))
    return Campaigned(*row)


def results(session: Session, campaign_id: int, today: date) -> Results:
    """What is known on a day. Four statements. Raises NotFound."""
    one = campaigned(session, campaign_id)
    rows = _counted(session, one, today)
    by_arm = _summed(rows, lambda row: row.arm)
    by_segment = _summed(rows, lambda row: (row.arm, row.segment))
    by_channel = _summed(rows, lambda row: (row.arm, row.channel))
    planned = one.planned.get("groups", {})
    reached = (
        today >= one.decides_on
        and bool(planned)
        and all(by_arm.get(key, Counts()).customers >= 0.9 * size for key, size in planned.items())
    )
    look = Look(reached, _level(one, today, reached))
    found = [*_rows(by_arm, look), *_segment_rows(by_segment, look)]
    if one.tariff_id is None:  # who is left alone cannot accept: that some do is no effect
        found = [replace(row, verdict=_no_effect(row)) for row in found]
    asked = sum((counts for key, counts in by_arm.items() if key != CONTROL), Counts())
    together = next((row for row in found if row.outcome == "taken" and row.arm == ""), None)
    margins = earned(session, campaign_id, look.level)
    margin_rows = [_margin_row(group, reached) for group in margins.groups]
    kept, stands_on = _kept(one, margins, found, asked.customers)
    extra = None if together is None or together.effect is None else _times(together.effect, asked.customers)
    return Results(
        one, today, reached, by_arm, by_segment, by_channel, (*found, *margin_rows),
        spent_minor(session, campaign_id), extra, kept, stands_on, margins.known,
    )  # fmt: skip


def keep_day(session: Session, told: Results) -> None:
    """Keep how every group stands on the day; the same day again is put right."""
    given = [
        {
            "id": told.campaign.id, "day": told.on_day, "arm": arm, "customers": counts.customers,
            "sent": counts.sent, "read": counts.read, "answered": counts.answered,
            "accepted": counts.accepted, "taken": counts.taken, "lost": counts.lost,
            "spent": told.spent_minor if arm == CONTROL else 0,  # the campaign's, once
        }
        for arm, counts in told.by_arm.items()
    ]  # fmt: skip
    if given:
        session.execute(_KEEP, given)


def _counted(session: Session, one: Campaigned, today: date) -> Sequence[Any]:
    if one.launched_at is None:
        return ()
    return session.execute(_COUNTS, followed(one, today) | {"code": one.code}).all()


def followed(one: Campaigned, today: date) -> dict[str, Any]:
    """Between which days members are followed; of a campaign that began."""
    assert one.launched_at is not None
    began = one.launched_at.date()
    return {
        "id": one.id, "tariff": one.tariff_id, "began": began,
        "until": one.decides_on + timedelta(days=TAKEN_DAYS),
        "watched": min(today, began + timedelta(days=HORIZON_DAYS)),
    }  # fmt: skip


def _summed(rows: Iterable[Any], key: Any) -> dict[Any, Counts]:
    found: dict[Any, Counts] = {}
    for row in rows:
        counts = Counts(*(getattr(row, one.name) for one in fields(Counts)))
        found[key(row)] = found.get(key(row), Counts()) + counts
    return found


def _level(one: Campaigned, today: date, reached: bool) -> float | None:
    """95 % on the day for looking; before, what daily looks need."""
    if reached or one.launched_at is None:
        return LEVEL
    return level_at(part_over(one.launched_at.date(), one.decides_on, today))


def _rows(by_arm: Mapping[str, Counts], look: Look, segment: str = "") -> list[Row]:
    control = by_arm.get(CONTROL, Counts())
    arms = sorted(key for key in by_arm if key != CONTROL)
    groups = {key: by_arm[key] for key in arms}
    if arms:
        groups = {"": sum(groups.values(), Counts())} | groups
    return [
        _row(outcome, arm, segment, counts, control, look.of_one(len(arms)) if arm else look)
        for outcome in ("taken", "lost")
        for arm, counts in groups.items()
        if len(arms) > 1 or arm == "" or segment == ""
    ]


def _row(
    outcome: Literal["taken", "lost"], arm: str, segment: str, counts: Counts, control: Counts, look: Look
) -> Row:
    count, against = getattr(counts, outcome), getattr(control, outcome)
    effect = None
    if counts.customers and control.customers and look.level is not None:
        effect = difference_of_shares(count, counts.customers, against, control.customers, look.level)
    word = verdict(effect, reached=look.reached, good="more" if outcome == "taken" else "less")
    return Row(outcome, arm, segment, count, counts.customers, against, control.customers, effect, word)


def _no_effect(row: Row) -> Verdict:
    return "counted" if row.outcome == "taken" and row.effect is not None else row.verdict


def _segment_rows(by_segment: Mapping[tuple[str, str], Counts], look: Look) -> list[Row]:
    segments = sorted({segment for _, segment in by_segment})
    look = look.of_one(len(segments))
    return [
        row
        for segment in segments
        for row in _rows(
            {arm: counts for (arm, mine), counts in by_segment.items() if mine == segment}, look, segment
        )
        if row.arm == ""
    ]


def _margin_row(group: Group, reached: bool) -> Row:
    word = verdict(group.effect, reached=reached)
    of = (group.sum_minor, group.of, group.control_minor, group.of_control)
    return Row("margin", group.arm, "", *of, group.effect, word)


def _kept(
    one: Campaigned, margins: Earned, found: Sequence[Row], asked: int
) -> tuple[Effect | None, Literal["brought", "told", "billed", ""]]:
    """What was earned beyond control, and what that stands on. What a person told of a year goes before
    bills, which know of 90 days alone."""
    whole = margins.groups[0].effect if margins.groups else None
    lost = next((row.effect for row in found if row.outcome == "lost" and row.arm == ""), None)
    if whole is not None and margins.source == "brought":
        return _times(whole, asked), "brought"
    if one.margin_minor is not None and lost is not None:
        return _turned(_times(lost, asked * one.margin_minor)), "told"
    if whole is not None:
        return _times(whole, asked), "billed"
    return None, ""


def _times(effect: Effect, by: float) -> Effect:
    return Effect(effect.difference * by, effect.low * by, effect.high * by)


def _turned(effect: Effect) -> Effect:
    """Fewer lost is more kept."""
    return Effect(-effect.difference, -effect.high, -effect.low)
