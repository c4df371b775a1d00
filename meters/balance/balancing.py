"""The energy balance of metered nodes, day by day, kept so that a page reads rows and adds nothing up."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.said import said
from utility_crm.web.words import mark

DAYS_BACK = 40
"""How far back the first balance looks; what is corrected later is balanced again wherever it lies."""

# A day is a day of each channel's standard time, as blocks are. A node's own meter is always due, a meter
# below it on the days on which somebody lives at its premise, from its first block on. One that is due and
# has no whole block is short, and counts with the mean of its whole days of the fortnight before.
_BALANCE = text("""
with recursive below (root_id, node_id) as (
    select node_id, node_id from node_meters
    union all
    select below.root_id, n.id from network_nodes n join below on n.parent_id = below.node_id
), counted as (
    select m.node_id as root_id, true as own, c.id as channel_id, c.direction, null::bigint as premise_id
    from node_meters m join channels c on c.service_point_id = m.service_point_id and c.unit = 'kWh'
    union all
    select below.root_id, false, c.id, c.direction, p.id
    from below
    join premises p on p.node_id = below.node_id
    join service_points s on s.premise_id = p.id
    join channels c on c.service_point_id = s.id and c.unit = 'kWh'
), held as materialized (
    select b.channel_id, b.day, micro_sum(b.micro) as micro,
           array_position(b.micro, null) is null as whole
    from blocks b
    where b.channel_id = any(array(select channel_id from counted))
      and b.day between :first - 14 and :last
), begun as (
    select c.channel_id, (select min(b.day) from blocks b where b.channel_id = c.channel_id) as first_day
    from (select distinct channel_id from counted) c
), daily as (
    select k.root_id, k.own, k.direction, d.day, h.micro, h.channel_id is not null as came,
           coalesce(h.whole, false) as whole, k.channel_id,
           begun.first_day <= d.day
           and (k.own or exists (select from occupancies o
                                 where o.premise_id = k.premise_id and o.starts_on <= d.day
                                   and coalesce(o.ends_before, 'infinity') > d.day)) as due
    from counted k
    cross join unnest(cast(:days as date[])) as d (day)
    join begun on begun.channel_id = k.channel_id
    left join held h on h.channel_id = k.channel_id and h.day = d.day
), filled as (
    select x.*, case when x.whole or not x.due then coalesce(x.micro, 0)
                else coalesce((select avg(h.micro)::bigint from held h
                               where h.channel_id = x.channel_id and h.whole
                                 and h.day between x.day - 14 and x.day - 1), x.micro, 0) end as taken
    from daily x
), made as (
    select root_id as node_id, day,
           coalesce(sum(case when direction = 'import' then taken else -taken end) filter (where own), 0)
               as input_micro,
           coalesce(sum(case when direction = 'import' then taken else -taken end) filter (where not own), 0)
               as supplied_micro,
           count(*) filter (where due) as channels,
           count(*) filter (where due and not whole) as short,
           bool_or(own and came) as measured
    from filled group by root_id, day
)
insert into energy_balances as e (node_id, day, input_micro, supplied_micro, channels, short, computed_at)
select node_id, day, input_micro, supplied_micro, channels, short, :now from made where measured
on conflict (node_id, day) do update
set input_micro = excluded.input_micro, supplied_micro = excluded.supplied_micro,
    channels = excluded.channels, short = excluded.short, computed_at = excluded.computed_at
""")

_TOUCHED = text("""
select distinct b.day from blocks b
where b.feed_id = any(array(select f.id from feeds f
                            where f.received_at >= :since and f.status <> 'rejected'))
  and b.day <= :last
order by b.day
""")

_SINCE = text("select max(computed_at) - interval '1 hour' from energy_balances")
_METERED = text("select exists (select from node_meters)")


def balance_days(session: Session, days: list[date], now: datetime) -> None:
    """Balance these days anew for every metered node."""
    if days:
        values = {"days": days, "first": min(days), "last": max(days), "now": now}
        session.execute(_BALANCE, values)


def balance_network(session: Session, now: datetime) -> str:
    """What the clock calls: days that feeds have touched since the last time, the last 40 at first."""
    if not session.scalar(_METERED):
        return said(mark("no node has a meter"))
    since = session.scalar(_SINCE)
    today = now.date()
    if since is None:
        days = [date.fromordinal(today.toordinal() - back) for back in range(DAYS_BACK, 0, -1)]
    else:
        days = list(session.scalars(_TOUCHED, {"since": since, "last": today}))
    balance_days(session, days, now)
    return said(mark("%(days)s days balanced"), days=len(days))
