"""Service points from which nothing came for days: which, where, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

SPELLS = (2, 3, 7, 30)
"""For how many days a meter may be asked to have been silent."""

# Supplied for all of these days, and none of its channels has a reading of any of them.
_SILENT = """
with recursive below (node_id, area_id) as (
    select id, id from network_nodes where parent_id is null
    union all
    select n.id, below.area_id from network_nodes n join below on n.parent_id = below.node_id
), last_heard as (
    select s.id as point_id, s.code, s.premise_id, max(k.last_day) as last_day
    from service_points s
    left join channels c on c.service_point_id = s.id
    left join channel_spans k on k.channel_id = c.id
    where s.premise_id is not null
    group by s.id
    having max(k.last_day) is null or max(k.last_day) < cast(:today as date) - cast(:fewest as int)
), silent as (
    select h.*, o.account_id, o.starts_on, below.area_id
    from last_heard h
    join premises p on p.id = h.premise_id
    join lateral (
        select account_id, starts_on from occupancies
        where premise_id = h.premise_id and starts_on <= cast(:today as date) - cast(:fewest as int)
          and (ends_before is null or ends_before >= :today)
        order by starts_on desc limit 1
    ) o on true
    left join below on below.node_id = p.node_id
)
"""

_LIST = f"""
{_SILENT}
select s.code, (select m.serial from meters m where m.service_point_id = s.point_id
                order by m.installed_on desc limit 1) as serial,
       s.area_id, coalesce(n.name, '') as area, u.segment, u.id as customer_id, u.name as customer, p.address,
       s.last_day, s.starts_on, count(*) over () as meters
from silent s
join premises p on p.id = s.premise_id
join accounts a on a.id = s.account_id
join customers u on u.id = a.customer_id
left join network_nodes n on n.id = s.area_id
where cast(:area as bigint) is null or coalesce(s.area_id, 0) = :area
order by n.name nulls last, s.last_day nulls first, s.code
limit :limit
"""

_COUNT = f"""
{_SILENT}
select days, count(s.point_id)
from unnest(cast(:spells as int[])) as days
left join silent s on (s.last_day is null or s.last_day < cast(:today as date) - days)
                  and s.starts_on <= cast(:today as date) - days
group by days
"""

_BY_AREA = f"""
{_SILENT}
select s.area_id, coalesce(n.name, '') as area, count(*) as meters
from silent s left join network_nodes n on n.id = s.area_id
group by s.area_id, n.name order by n.name nulls last
"""


@dataclass(frozen=True, slots=True)
class SilentMeter:
    """A supplied service point without a reading since `last_day`; None: it never sent one."""

    code: str
    serial: str | None
    area_id: int | None
    area: str
    segment: str
    customer_id: int
    customer: str
    address: str
    last_day: date | None
    supplied_since: date

    def days(self, today: date) -> int:
        """Days without a reading until yesterday, of those on which it was supplied."""
        first = self.supplied_since
        if self.last_day is not None:
            first = max(first, self.last_day + timedelta(days=1))
        return (today - first).days


@dataclass(frozen=True, slots=True)
class SilentArea:
    """How many service points of an area are silent."""

    area_id: int | None
    area: str
    meters: int


def silent_meters(
    session: Session, today: date, days: int, *, area: int | None = None, limit: int = 200
) -> tuple[int, list[SilentMeter]]:
    """How many service points sent nothing on each of the last `days` days, and the first of them by area.

    area: of this area alone; 0: of premises in no area.
    """
    values = {"today": today, "fewest": days, "area": area, "limit": limit}
    rows = session.execute(text(_LIST), values).all()
    return (rows[0].meters if rows else 0), [SilentMeter(*row[:-1]) for row in rows]


def silent_areas(session: Session, today: date, days: int) -> list[SilentArea]:
    """Where they are."""
    rows = session.execute(text(_BY_AREA), {"today": today, "fewest": days})
    return [SilentArea(*row) for row in rows]


def silent_counts(session: Session, today: date) -> dict[int, int]:
    """How many service points are silent, for each of `SPELLS`."""
    values = {"today": today, "fewest": min(SPELLS), "spells": list(SPELLS)}
    return {row[0]: row[1] for row in session.execute(text(_COUNT), values)}
