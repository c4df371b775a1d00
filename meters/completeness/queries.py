"""What is in, as it was counted: pages read kept figures, never readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.completeness.adding import NOTED
from meters.completeness.due import due
from meters.completeness.figures import SEGMENTS, AreaDays, Completeness, Share
from utility_crm.kit.installation import noted

# A row an area and segment, its days as one document: a row a day would cost ten times as much to fetch.
_BY_AREA = text("""
select c.area_id, coalesce(max(n.name), ''), c.segment,
       json_agg(json_build_array(c.day - cast(:first as date), c.expected, c.received, c.meters_short, c.late,
                                 c.estimated))
from completeness_days c left join network_nodes n on n.id = c.area_id
where c.day between :first and :last
group by c.area_id, c.segment
""")

# Those who may lack something first: the rest of the base is not looked at.
_SUSPECTS = """, suspects as materialized (
    select c.service_point_id as point_id
    from odd_days o join channels c on c.id = o.channel_id
    where o.day between :first and :last and (o.expected is null or o.received < o.expected)
    union
    select s.id from service_points s
    left join channels c on c.service_point_id = s.id
    left join channel_spans k on k.channel_id = c.id
    where k.channel_id is null or k.first_day > :first or k.last_day < :last
)"""
_AMONG = """and s.id in (select point_id from suspects)
      and (cast(:area as bigint) is null or coalesce(below.area_id, 0) = :area)
      and (cast(:segment as text) is null or u.segment = :segment)"""

_BY_METER = f"""
with {due(_SUSPECTS, _AMONG)}, late as (
    select point_id, area_id, segment, sum(missing) as missing, sum(absent) as absent, min(since) as since,
           max(until) as until
    from (
        select point_id, area_id, segment, expected - received as missing,
               case when received = 0 then 1 else 0 end as absent, day as since, day as until
        from odd where received < expected
        union all
        select point_id, area_id, segment, readings * (upper(silent) - lower(silent)),
               upper(silent) - lower(silent), lower(silent), upper(silent) - 1
        from beyond
    ) l
    group by point_id, area_id, segment
)
select s.code, (select m.serial from meters m where m.service_point_id = s.id
                order by m.installed_on desc limit 1) as serial,
       coalesce(n.name, '') as area, late.segment, u.id, u.name, late.missing, late.absent, late.since,
       late.until, count(*) over () as meters
from late
join service_points s on s.id = late.point_id
left join network_nodes n on n.id = late.area_id
join lateral (
    select u.id, u.name from occupancies o
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    where o.premise_id = s.premise_id and o.starts_on <= :last and u.segment = late.segment
    order by o.starts_on desc limit 1
) u on true
order by late.missing desc, s.code limit :limit
"""


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
    """What was in of these days, which follow each other, when it was last added up."""
    areas = []
    for area_id, area, segment, found in session.execute(_BY_AREA, {"first": days[0], "last": days[-1]}):
        shares: list[Share | None] = [None] * len(days)
        for place, *figures in found:
            shares[place] = Share(*figures)
        areas.append(AreaDays(area, segment, tuple(shares), area_id))
    areas.sort(key=lambda row: (row.area, row.area_id or 0, SEGMENTS.index(row.segment)))
    added_up = noted(session, NOTED) or {}
    at = added_up.get("computed_at")
    silent = {int(spell): count for spell, count in added_up.get("silent", {}).items()}
    return Completeness(
        tuple(days), tuple(areas), datetime.fromisoformat(at) if at is not None else None, silent
    )


def late_meters(
    session: Session,
    days: Sequence[date],
    *,
    area: int | None = None,
    segment: str | None = None,
    limit: int = 50,
) -> tuple[int, list[LateMeter]]:
    """How many meters lack readings of these days, and those that lack most.

    area, segment: of these alone; area 0: of premises in no area.
    """
    values = {"first": days[0], "last": days[-1], "area": area, "segment": segment, "limit": limit}
    rows = session.execute(text(_BY_METER), values).all()
    late = [
        LateMeter(
            row.code,
            row.serial,
            row.area,
            row.segment,
            row.id,
            row.name,
            int(row.missing),
            int(row.absent),
            row.since,
            row.until,
        )
        for row in rows
    ]
    return (rows[0].meters if rows else 0), late
