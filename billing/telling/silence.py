"""Meters from which nothing came although readings are due, where nothing that we know of explains it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.telling.queued import MOST

SHARED_PERCENT, SHARED_LEAST = 10, 5
"""Where so many percent, and so many meters, of an area are silent, it is the feed: ops is told of it
(docs/completeness.md), and nobody's meter is to blame."""

# A point that was heard under the agreement of today, and from which no channel sent a reading since. What
# was estimated does not count as sent; what a person read off the dials does. An outage explains a silence
# while it runs and for as many days after it as make one.
_SILENT = text("""
    with recursive up (node_id, area_id) as (
        select id, id from network_nodes where parent_id is null
        union all
        select n.id, up.area_id from network_nodes n join up on n.parent_id = up.node_id
    ), measured as (
        select k.channel_id, case when not exists (
            select from odd_days o where o.channel_id = k.channel_id and o.day = k.last_day
                                     and o.received = o.estimated) then k.last_day
            else (select max(cast(d as date))
                  from generate_series(greatest(k.first_day, k.last_day - 62), k.last_day, interval '1 day') d
                  where not exists (select from odd_days o where o.channel_id = k.channel_id
                                    and o.day = cast(d as date) and o.received = o.estimated))
            end as measured
        from channel_spans k
    ), heard as materialized (
        select s.id as point_id, s.code, p.id as premise_id, p.node_id, p.address, p.city, up.area_id,
               g.account_id, g.starts_on, max(k.measured) as last_day
        from agreements g
        join service_points s on s.id = g.service_point_id
        join premises p on p.id = s.premise_id
        join channels c on c.service_point_id = s.id
        join measured k on k.channel_id = c.id
        left join up on up.node_id = p.node_id
        where g.starts_on <= :today and (g.ends_before is null or g.ends_before > :today)
        group by s.id, p.id, up.area_id, g.id
        having max(k.measured) >= g.starts_on
    ), counted as (
        select h.*, count(*) over (partition by area_id) as meters,
               count(*) filter (where last_day < cast(:today as date) - cast(:days as int))
                   over (partition by area_id) as silent
        from heard h
    )
    select a.customer_id, a.id, t.code, concat_ws(', ', nullif(t.address, ''), nullif(t.city, '')),
           coalesce((select m.serial from meters m where m.service_point_id = t.point_id
                     order by m.installed_on desc limit 1), ''), t.last_day + 1
    from counted t join accounts a on a.id = t.account_id
    where t.last_day < cast(:today as date) - cast(:days as int)
      and not (t.silent >= :shared_least and t.silent * 100 >= t.meters * :shared_percent)
      and exists (select from occupancies o
                  where o.account_id = t.account_id and o.premise_id = t.premise_id
                    and o.starts_on <= t.last_day + 1 and (o.ends_before is null or o.ends_before > :today))
      and not exists (select from registers r join register_reads d on d.register_id = r.id
                      where r.service_point_id = t.point_id and d.kind <> 'estimated'
                        and d.read_at > t.last_day + interval '1 day')
      and not exists (select from dunning_steps d
                      where d.account_id = t.account_id and d.step in ('limitation', 'suspension')
                        and not exists (select from dunning_steps e
                                        where e.account_id = d.account_id and e.id > d.id
                                          and e.step in ('taken_back', 'restored')))
      and not exists (
          with recursive above (id) as (
              select t.node_id
              union all
              select n.parent_id from network_nodes n join above on n.id = above.id
              where n.parent_id is not null
          )
          select from outages o join above on above.id = o.node_id
          join outages r on r.id = coalesce(o.merged_into, o.id)
          where r.withdrawn_at is null and r.starts_at < cast(:today as date)
            and (not r.planned and r.state in ('reported', 'confirmed', 'estimated')
                 or coalesce(r.restored_at, r.ends_at) > cast(:today as date) - cast(:days as int)))
      and not exists (select from outbox x
                      where x.key = 'meter_silent:' || t.code || ':' || to_char(t.last_day + 1, 'YYYY-MM-DD'))
    order by t.last_day, t.code limit :limit
""")
# Of a day that was read to its end and measured there is no odd row; of one read in part it says how much.
_HEARD_AGAIN = text("""
    select distinct o.about from outbox o
    join service_points s on s.code = o.context ->> 'point'
    join channels c on c.service_point_id = s.id
    join channel_spans k on k.channel_id = c.id
    where o.state = 'waiting' and o.notice = 'meter_silent'
      and k.last_day >= cast(o.context ->> 'silent_from' as date)
      and not exists (select from odd_days d where d.channel_id = k.channel_id and d.day = k.last_day
                                               and d.received = d.estimated)
""")


@dataclass(frozen=True, slots=True)
class Silence:
    """A service point without a reading since `silent_from`; meter: a serial number, empty where unknown."""

    customer_id: int
    account_id: int
    point: str
    place: str
    meter: str
    silent_from: date


def silences(session: Session, today: date, *, days: int) -> tuple[Silence, ...]:
    """Points that were silent on each of the last `days` days and whose customers were not told. Left out is
    what an outage within these days explains, what was cut off, and where an area fell silent at once."""
    given = {
        "today": today,
        "days": days,
        "limit": MOST,
        "shared_least": SHARED_LEAST,
        "shared_percent": SHARED_PERCENT,
    }
    return tuple(Silence(*row) for row in session.execute(_SILENT, given))


def heard_again(session: Session) -> list[str]:
    """What waiting notices of silence are about whose meters sent readings meanwhile."""
    return list(session.scalars(_HEARD_AGAIN))
