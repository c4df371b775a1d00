"""What is due: a day of a channel at a premise that somebody occupies.

A channel owes as many readings on a day as that day has places for; on a day without a reading as many as its
last day; 48 where it never sent any. A service point without a channel owes one channel. Days are those of
each channel's standard time.
"""

from __future__ import annotations

_DUE = """
recursive below (node_id, area_id) as (
    select id, id from network_nodes where parent_id is null
    union all
    select n.id, below.area_id from network_nodes n join below on n.parent_id = below.node_id
){more}, supplied as (
    select s.id as point_id, below.area_id, u.segment,
           unnest(range_agg(daterange(greatest(o.starts_on, :first),
                                      least(o.ends_before, cast(:last as date) + 1)))) as due
    from service_points s
    join premises p on p.id = s.premise_id
    join occupancies o on o.premise_id = p.id
    join accounts a on a.id = o.account_id
    join customers u on u.id = a.customer_id
    left join below on below.node_id = p.node_id
    where o.starts_on <= :last and (o.ends_before is null or o.ends_before > :first){among}
    group by s.id, below.area_id, u.segment
), owed as (
    select s.point_id, s.area_id, s.segment, s.due, c.id as channel_id,
           coalesce(k.readings, 48) as readings,
           case when k.channel_id is null then 'empty'
                else daterange(k.first_day, k.last_day, '[]') end as span
    from supplied s
    left join channels c on c.service_point_id = s.point_id
    left join channel_spans k on k.channel_id = c.id
), odd as (
    select w.point_id, w.area_id, w.segment, w.channel_id, w.readings, o.day,
           coalesce(o.expected, w.readings) as expected, o.received, o.late, o.estimated
    from owed w join odd_days o on o.channel_id = w.channel_id
    where o.day <@ w.due and o.day <@ w.span and o.day between :first and :last
), beyond as (
    select point_id, area_id, segment, channel_id, readings,
           unnest(datemultirange(due) - datemultirange(span)) as silent
    from owed where not due <@ span
)
"""


def due(more: str = "", among: str = "") -> str:
    """What stands after `with` of a statement about the days `:first` to `:last`.

    supplied  a service point's days `due`, once however many live there, with area and segment
    owed      the same for each of its channels (NULL where it has none), with its readings a day and span
    odd       days inside the span that are not plain
    beyond    days before or after the span: nothing came

    more: CTEs (beginning with a comma) that `among`, a condition on service point `s` and premise `p` and
    customer `u` (beginning with `and`), may speak of.
    """
    return _DUE.replace("{more}", more).replace("{among}", f" {among}" if among else "")
