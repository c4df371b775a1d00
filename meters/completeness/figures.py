"""Which readings are in, of those that are due: by area and segment, and by meter.

Due is every day of a channel at a premise that somebody occupies. A channel owes as many readings a day as it
sent at most on one of these days, 48 where it sent none; a service point that never sent anything owes one
channel. Days are those of each channel's standard time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

SEGMENTS = ("household", "small_business", "industry")
WHOLE = 0.99
"""From this share on a day counts as whole."""

_DUE = """
with recursive below (node_id, area) as (
    select id, name from network_nodes where parent_id is null
    union all
    select n.id, below.area from network_nodes n join below on n.parent_id = below.node_id
), supplied as (
    select s.id as point_id, s.code, coalesce(below.area, '') as area, u.segment, u.id as customer_id,
           greatest(o.starts_on, :first) as starts_on,
           least(coalesce(o.ends_before, :last + 1), :last + 1) as ends_before
    from service_points s
    join premises p on p.id = s.premise_id
    join occupancies o on o.premise_id = p.id
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    left join below on below.node_id = p.node_id
    where o.starts_on <= :last and coalesce(o.ends_before, :last + 1) > :first
), came as materialized (
    select channel_id, day, cardinality(micro) as size,
           case when array_position(micro, null) is null then cardinality(micro)
                else cardinality(micro) - cardinality(array_positions(micro, null)) end as present
    from blocks where day between :first and :last
), owed as (
    select s.*, c.id as channel_id, coalesce(m.size, 48) as size
    from supplied s
    left join channels c on c.service_point_id = s.point_id
    left join (select channel_id, max(size) as size from came group by 1) m on m.channel_id = c.id
), due as (
    select o.*, cast(d.day as date) as day, least(coalesce(came.present, 0), o.size) as present
    from owed o
    cross join lateral generate_series(o.starts_on, o.ends_before - 1, interval '1 day') as d(day)
    left join came on came.channel_id = o.channel_id and came.day = d.day
)
"""

_BY_AREA = (
    _DUE
    + """
select area, segment, day, sum(size), sum(present),
       count(distinct point_id) filter (where present < size)
from due group by area, segment, day order by area, segment, day
"""
)

_BY_METER = (
    _DUE
    + """, late as (
    select point_id, code, area, segment, customer_id, sum(size - present) as missing,
           count(*) filter (where present = 0) as absent, min(day) filter (where present < size) as since,
           max(day) filter (where present < size) as until
    from due group by point_id, code, area, segment, customer_id having sum(size - present) > 0
)
select late.*, u.name, (select m.serial from meters m where m.service_point_id = late.point_id
                        order by m.installed_on desc limit 1) as serial, count(*) over () as meters
from late join customers u on u.id = late.customer_id
order by missing desc, code limit :limit
"""
)


@dataclass(frozen=True, slots=True)
class Share:
    """Readings due and present, and the meters that lack some."""

    due: int
    present: int
    meters_late: int

    @property
    def share(self) -> float:
        """Of one; one where nothing is due."""
        return self.present / self.due if self.due else 1.0

    @property
    def lacking(self) -> int:
        return self.due - self.present

    @property
    def whole(self) -> bool:
        return self.share >= WHOLE


@dataclass(frozen=True, slots=True)
class AreaDays:
    """One area's meters of one segment; `days` runs along those of the whole, None where nothing is due."""

    area: str
    segment: str
    days: tuple[Share | None, ...]

    @property
    def latest(self) -> Share:
        """Of the last day."""
        return self.days[-1] or Share(0, 0, 0)

    @property
    def silent_days(self) -> int:
        """How many of the last days brought nothing at all."""
        count = 0
        for one in reversed(self.days):
            if one is None or one.present:
                break
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class Completeness:
    """`days` from first to last; `rows` in order of area; the last day's share is `latest`."""

    days: tuple[date, ...]
    rows: tuple[AreaDays, ...]

    @property
    def latest(self) -> Share:
        """Of the last day."""
        last = [row.latest for row in self.rows]
        return Share(
            sum(one.due for one in last),
            sum(one.present for one in last),
            sum(one.meters_late for one in last),
        )

    @property
    def worst(self) -> AreaDays | None:
        """Who lacks most on the last day; None where all is whole."""
        late = [row for row in self.rows if not row.latest.whole]
        return max(late, key=lambda row: row.latest.lacking, default=None)

    @property
    def months(self) -> list[tuple[date, int]]:
        """The months of its days: a day of each, and how many of its days are here."""
        runs: list[tuple[date, int]] = []
        for day in self.days:
            if runs and runs[-1][0].month == day.month:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((day, 1))
        return runs

    @property
    def lacking(self) -> int:
        """Readings missing of all its days."""
        return sum(one.lacking for row in self.rows for one in row.days if one is not None)

    @property
    def gaps(self) -> int:
        """How many of its cells are not whole."""
        return sum(one is not None and not one.whole for row in self.rows for one in row.days)


@dataclass(frozen=True, slots=True)
class LateMeter:
    """A service point that lacks readings: how many, how many whole days of channels, between which days."""

    code: str
    serial: str | None
    area: str
    segment: str
    customer_id: int
    customer: str
    missing: int
    days_absent: int
    since: date
    until: date


def completeness(session: Session, days: Sequence[date]) -> Completeness:
    """What is in of these days, which follow each other."""
    found: dict[tuple[str, str], dict[date, Share]] = {}
    for area, segment, day, due, present, late in session.execute(
        text(_BY_AREA), {"first": days[0], "last": days[-1]}
    ):
        found.setdefault((area, segment), {})[day] = Share(int(due), int(present), late)
    rows = [
        AreaDays(area, segment, tuple(shares.get(day) for day in days))
        for (area, segment), shares in found.items()
    ]
    rows.sort(key=lambda row: (row.area, SEGMENTS.index(row.segment)))
    return Completeness(tuple(days), tuple(rows))


def late_meters(session: Session, days: Sequence[date], limit: int = 50) -> tuple[int, list[LateMeter]]:
    """How many meters lack readings of these days, and those that lack most."""
    rows = session.execute(text(_BY_METER), {"first": days[0], "last": days[-1], "limit": limit}).all()
    late = [
        LateMeter(
            row.code,
            row.serial,
            row.area,
            row.segment,
            row.customer_id,
            row.name,
            int(row.missing),
            row.absent,
            row.since,
            row.until,
        )
        for row in rows
    ]
    return (rows[0].meters if rows else 0), late
