"""Findings as a person looks at them: the queue, one of them in full, and what was decided before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.validation.rulebook import RULES
from meters.domain.validation.runs import DayHit, Doubted
from meters.findings.documents import from_document
from utility_crm.kit.errors import NotFound

NO_AREA = "-"
"""Stands for "in no area" where one filters by area."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding with whose meter it is. `days` maps ordinals to what is doubted; segment and area are empty
    where nobody lives at its premise, or it has none."""

    id: int
    rule: str
    severity: str
    state: str
    channel_id: int
    days: Doubted
    found_at: datetime
    feed_id: int | None
    code: str
    channel: str
    unit: str
    direction: str
    offset_minutes: int
    serial: str | None
    customer_id: int | None
    customer: str
    segment: str
    area: str
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    decided_feed_id: int | None

    @property
    def estimable(self) -> bool:
        """Whether an estimate can put it right."""
        return RULES[self.rule].estimable

    @property
    def first_day(self) -> date:
        return date.fromordinal(min(self.days))

    @property
    def last_day(self) -> date:
        return date.fromordinal(max(self.days))

    @property
    def worst_day(self) -> date:
        """The day whose figure is furthest from the usual one, else the last of them."""
        return date.fromordinal(max(self.days, key=lambda day: (_apart(self.days[day]), day)))

    @property
    def worst(self) -> DayHit:
        return self.days[self.worst_day.toordinal()]

    @property
    def intervals(self) -> int:
        """How many are doubted, of all its days."""
        return sum(hit.intervals for hit in self.days.values())

    def starts_at(self, day: date, interval: int) -> datetime:
        """When an interval of one of its days begins."""
        minutes = interval * 1440 // self.days[day.toordinal()].size - self.offset_minutes
        return datetime.combine(day, time(), UTC) + timedelta(minutes=minutes)

    @property
    def begins(self) -> datetime:
        """When the first doubted interval of the worst day begins."""
        return self.starts_at(self.worst_day, self.worst.at[0][0])

    @property
    def ends(self) -> datetime:
        """When the last one ends."""
        return self.starts_at(self.worst_day, self.worst.at[-1][1])


def _apart(hit: DayHit) -> int:
    return abs(hit.found - hit.usual)


_BELOW = """
with recursive below (node_id, area) as (
    select id, name from network_nodes where parent_id is null
    union all
    select n.id, below.area from network_nodes n join below on n.parent_id = below.node_id
)
"""
_WHOSE = """
    join channels c on c.id = f.channel_id
    join service_points s on s.id = c.service_point_id
    left join premises p on p.id = s.premise_id
    left join below on below.node_id = p.node_id
    left join lateral (
        select u.id as customer_id, u.name as customer, u.segment
        from occupancies o
        join accounts a on a.id = o.account_id
        join customers u on u.id = a.customer_id
        where o.premise_id = s.premise_id
        order by (o.starts_on <= f.last_day) desc, o.starts_on desc limit 1
    ) o on true
"""
_FROM = f"""{_BELOW}
, told as (
    select f.*, s.code, c.name as channel, c.unit, c.direction, c.offset_minutes, o.customer_id,
           coalesce(o.customer, '') as customer, coalesce(o.segment, '') as segment,
           coalesce(below.area, '') as area,
           (select m.serial from meters m where m.service_point_id = s.id
            order by (m.installed_on <= f.last_day) desc, m.installed_on desc limit 1) as serial,
           w.name as decided_by_name
    from findings f {_WHOSE}
    left join users w on w.id = f.decided_by
    where {{which}}
)
"""
_ROW = """id, rule, severity, state, channel_id, detail, found_at, feed_id, code, channel, unit, direction,
       offset_minutes, serial, customer_id, customer, segment, area, decided_by_name, decided_at, reason,
       decided_feed_id"""

# Which of them are shown is told by few columns; whose they are is looked up for those alone.
_OPEN = "f.state = 'open' and (:rule = '' or f.rule = :rule)"
_PAGE = "order by f.severity, f.last_day desc, f.id desc limit :limit offset :skip"
_ANY = f"select f.id, count(*) over () from findings f where {_OPEN} {_PAGE}"
_FILTERED = f"""{_BELOW}
select f.id, count(*) over () from findings f {_WHOSE}
where {_OPEN} and (:segment = '' or o.segment = :segment)
  and (:area = '' or coalesce(below.area, '') = case when :area = '-' then '' else :area end) {_PAGE}
"""
_THESE = (
    _FROM.replace("{which}", "f.id = any(:ids)")
    + f"select {_ROW} from told order by array_position(cast(:ids as bigint[]), id)"
)
_ONE = _FROM.replace("{which}", "f.id = :id") + f"select {_ROW} from told"
_OF_CHANNEL = (
    _FROM.replace("{which}", "f.channel_id = :channel_id and f.state <> 'open'")
    + f"select {_ROW} from told order by decided_at desc, id desc limit :limit"
)
_COUNTS = """
select rule, count(*), count(*) filter (where severity = 'bad') from findings
where state = 'open' group by rule
"""


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """Open findings by rule, and how many of all are grave."""

    by_rule: dict[str, int]
    bad: int

    @property
    def all(self) -> int:
        return sum(self.by_rule.values())


def waiting_counts(session: Session) -> WaitingCounts:
    """How many findings wait for a person."""
    rows = session.execute(text(_COUNTS)).all()
    order = {rule: place for place, rule in enumerate(RULES)}
    found = sorted(((row[0], row[1]) for row in rows), key=lambda one: order.get(one[0], len(order)))
    return WaitingCounts(dict(found), sum(row[2] for row in rows))


def waiting_findings(
    session: Session, *, rule: str = "", segment: str = "", area: str = "", limit: int = 50, skip: int = 0
) -> tuple[int, list[FindingRow]]:
    """How many open findings there are of a rule, segment and area (empty: any; area `-`: in none), and some
    of them: the grave ones first, then those of the latest days."""
    given = {"rule": rule, "segment": segment, "area": area, "limit": limit, "skip": skip}
    chosen = session.execute(text(_FILTERED if segment or area else _ANY), given).all()
    if not chosen:
        return 0, []
    rows = session.execute(text(_THESE), {"ids": [row[0] for row in chosen]})
    return chosen[0][1], [_row(row) for row in rows]


def finding(session: Session, finding_id: int) -> FindingRow:
    """Raises NotFound."""
    row = session.execute(text(_ONE), {"id": finding_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_finding", "There is no finding of this number.", str(finding_id))
    return _row(row)


def decided_findings(session: Session, channel_id: int, limit: int = 12) -> list[FindingRow]:
    """What was decided about a channel's readings, the latest first; and what is true no more."""
    rows = session.execute(text(_OF_CHANNEL), {"channel_id": channel_id, "limit": limit})
    return [_row(row) for row in rows]


def areas_waiting(session: Session) -> list[str]:
    """The network's areas, by name."""
    statement = "select name from network_nodes where parent_id is null order by name"
    return list(session.scalars(text(statement)))


def _row(row: Sequence[Any]) -> FindingRow:
    cells = list(row)
    cells[5] = from_document(cells[5])
    return FindingRow(*cells)


FEWEST_DAYS = 7
"""With fewer days of history there is no usual day to show."""

_PICTURES = """
select f.id, b.micro, p.shape, coalesce(p.days, 0)
from unnest(cast(:ids as bigint[]), cast(:channels as bigint[]), cast(:days as date[]))
     as f(id, channel_id, day)
left join blocks b on b.channel_id = f.channel_id and b.day = f.day and b.day between :first and :last
left join channel_profiles p on p.channel_id = f.channel_id
"""


@dataclass(frozen=True, slots=True)
class DayShown:
    """A day as it stands, None in holes (empty where there is none), and the mean day of its channel (empty
    where there is too little history, or at another interval)."""

    micro: tuple[int | None, ...]
    usual: tuple[int, ...]


def days_shown(session: Session, asked: Sequence[tuple[FindingRow, date]]) -> dict[int, DayShown]:
    """Each finding's day and the usual one, in one query."""
    if not asked:
        return {}
    days = [day for _row, day in asked]
    values = {
        "ids": [row.id for row, _day in asked],
        "channels": [row.channel_id for row, _day in asked],
        "days": days,
        "first": min(days),
        "last": max(days),
    }
    return {
        identity: DayShown(
            tuple(micro or ()),
            tuple(shape)
            if shape and known >= FEWEST_DAYS and (not micro or len(shape) == len(micro))
            else (),
        )
        for identity, micro, shape, known in session.execute(text(_PICTURES), values)
    }
