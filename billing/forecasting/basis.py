"""What a foretold bill is made from, as a digest: a kept one is fresh exactly while this is the same.

Into it go the account's terms, its issued bills, its agreements with their tariffs, places and channels; of
each channel the days that may be read for it with the feeds that brought them; the area's temperatures; the
fixed amount; prices of series; how far off others' forecasts were. An account that was never billed is
foretold for the cycle of the day, which then counts too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.forecasting.next_bill import LEVEL

REVISION = 1
"""Another one makes everything foretold anew: raise it when the reckoning changes."""

# Days about the bill's first day, a few more than `billing.forecasting.reading` looks at: what changes beyond
# them makes a kept bill stale for nothing, what changes inside is never missed.
_READ = "between m.starts_on - 402 and m.starts_on + 100"
_WARM = "between w.starts_on - 1098 and w.starts_on + 100"

# Hidden from the planner, which would else plan anew for each array (see utility_crm.kit.gathering).
_ACCOUNTS = "cast((select cast(:accounts as bigint[])) as bigint[])"

# A tariff's row is another after each change (xmin, ctid); a block that changed was brought by another feed.
_BASES = text(
    f"""
    with mine as materialized (
        select a.id, coalesce(max(b.ends_before), :today) as starts_on, c.segment,
               cast(row(a.cycle_day, a.currency, a.terms_days, c.segment, count(b.id), sum(b.id),
                        case when count(b.id) = 0 then cast(:today as date) end) as text) as terms
        from accounts a join customers c on c.id = a.customer_id
        left join bills b on b.account_id = a.id and b.status = 'issued'
        where a.id = any({_ACCOUNTS}) group by a.id, c.segment
    ), supplied as materialized (
        select m.id, m.starts_on, g.service_point_id, coalesce(n2.id, n1.id, n0.id) as area_id,
               cast(row(g.id, g.service_point_id, g.starts_on, g.ends_before, t.id, t.xmin, t.ctid,
                        p.timezone, n0.id, n1.id, n2.id,
                        exists (select from registers r where r.service_point_id = s.id)) as text) as told
        from mine m
        join agreements g on g.account_id = m.id
        join tariffs t on t.id = g.tariff_id
        join service_points s on s.id = g.service_point_id
        left join premises p on p.id = s.premise_id
        left join network_nodes n0 on n0.id = p.node_id
        left join network_nodes n1 on n1.id = n0.parent_id
        left join network_nodes n2 on n2.id = n1.parent_id
    ), weather as materialized (
        select w.area_id, w.starts_on, count(*) as days,
               sum(hash_array_extended(d.millicelsius, d.day - date '2000-01-01')) as degrees
        from (select distinct area_id, starts_on from supplied where area_id is not null) w
        join temperature_days d on d.area_id = w.area_id and d.day {_WARM}
        group by 1, 2
    )
    select m.id, md5(cast(row(
        {REVISION}, m.terms,
        (select string_agg(s.told, ';' order by s.told) from supplied s where s.id = m.id),
        (select string_agg(cast(row(h.id, h.direction, h.unit, h.offset_minutes, k.days, k.feeds) as text),
                           ';' order by h.id)
         from channels h
         cross join lateral (
             select count(*) as days, sum(hashint8extended(b.feed_id, b.day - date '2000-01-01')) as feeds
             from blocks b where b.channel_id = h.id and b.day {_READ}) k
         where h.service_point_id in (select s.service_point_id from supplied s where s.id = m.id)),
        (select string_agg(cast(row(w.area_id, w.days, w.degrees) as text), ';' order by w.area_id)
         from weather w where w.starts_on = m.starts_on
           and w.area_id in (select s.area_id from supplied s where s.id = m.id)),
        (select string_agg(cast(row(p.id, p.amount_minor, p.starts_on, p.settles_on, p.ends_before) as text),
                           ';' order by p.id)
         from budget_plans p where p.account_id = m.id),
        (select cast(row(f.low, f.high, f.base_sd) as text) from forecast_spreads f
         where f.segment = m.segment and f.level = {LEVEL}),
        (select cast(row(count(*), sum(i.id)) as text) from price_imports i)
    ) as text))
    from mine m
    """
)


def bases(session: Session, account_ids: Sequence[int], today: date) -> dict[int, str]:
    """By account, the digest of what its next bill would be made from now; one statement."""
    rows = session.execute(_BASES, {"accounts": list(account_ids), "today": today})
    return {row[0]: row[1] for row in rows}
