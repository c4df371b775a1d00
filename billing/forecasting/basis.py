"""What a foretold bill and an explanation of the newest are made from, as two digests: what is kept of either
is fresh exactly while its own is the same.

Into it go the account's terms, its issued bills, its agreements with their tariffs, places and channels; of
each channel the days that may be read for it with the feeds that brought them; the area's temperatures; the
fixed amount; prices of series; how far off others' forecasts were. An account that was never billed is
foretold for the cycle of the day, which then counts too. An explanation knows less: nothing after the newest
bill's end is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.forecasting.next_bill import LEVEL

REVISION = 2
"""Another one makes everything foretold and explained anew: raise it when the reckoning changes."""

# Days about the bill's first day, a few more than `billing.forecasting.reading` looks at: what changes beyond
# them makes a kept bill stale for nothing, what changes inside is never missed.
_READ = "between m.starts_on - 402 and m.starts_on + 100"
_OLDEST = 400
"""Days before the newest bill's end from which on a change is never missed, in any zone."""
_WARM = "between w.starts_on - 1098 and w.starts_on + 100"

# Hidden from the planner, which would else plan anew for each array (see utility_crm.kit.gathering).
_ACCOUNTS = "cast((select cast(:accounts as bigint[])) as bigint[])"

# `until_end`: up to the newest bill's end; a local day may lie on two days of another zone.
# A tariff's row is another after each change (xmin, ctid); a block that changed was brought by another feed.
BASES = f"""
    with mine as materialized (
        select a.id, coalesce(max(b.ends_before), :today) as starts_on, c.segment,
               cast(row(a.cycle_day, a.currency, a.terms_days, c.segment, count(b.id), sum(b.id),
                        case when count(b.id) = 0 then cast(:today as date) end) as text) as terms,
               cast(row(count(b.id), sum(b.id)) as text) as billed
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
               sum(hash_array_extended(d.millicelsius, d.day - date '2000-01-01')) as degrees,
               sum(hash_array_extended(d.millicelsius, d.day - date '2000-01-01'))
                   filter (where d.day < w.starts_on + 2) as degrees_then
        from (select distinct area_id, starts_on from supplied where area_id is not null) w
        join temperature_days d on d.area_id = w.area_id and d.day {_WARM}
        group by 1, 2
    ), read as materialized (
        select m.id,
               string_agg(cast(row(h.id, h.direction, h.unit, h.offset_minutes, k.days, k.feeds) as text),
                          ';' order by h.id) as told,
               string_agg(cast(row(h.id, h.unit, h.offset_minutes, k.days_then, k.feeds_then) as text),
                          ';' order by h.id) as until_end
        from mine m
        join channels h on h.service_point_id in (select s.service_point_id from supplied s where s.id = m.id)
        cross join lateral (
            select count(*) as days, sum(hashint8extended(b.feed_id, b.day - date '2000-01-01')) as feeds,
                   count(*) filter (where b.day < m.starts_on + 2) as days_then,
                   sum(hashint8extended(b.feed_id, b.day - date '2000-01-01'))
                       filter (where b.day < m.starts_on + 2) as feeds_then
            from blocks b where b.channel_id = h.id and b.day {_READ}) k
        group by m.id
    )
    select m.id, md5(cast(row(
        {REVISION}, m.terms,
        (select string_agg(s.told, ';' order by s.told) from supplied s where s.id = m.id), r.told,
        (select string_agg(cast(row(w.area_id, w.days, w.degrees) as text), ';' order by w.area_id)
         from weather w where w.starts_on = m.starts_on
           and w.area_id in (select s.area_id from supplied s where s.id = m.id)),
        (select string_agg(cast(row(p.id, p.amount_minor, p.starts_on, p.settles_on, p.ends_before) as text),
                           ';' order by p.id)
         from budget_plans p where p.account_id = m.id),
        (select cast(row(f.low, f.high, f.base_sd) as text) from forecast_spreads f
         where f.segment = m.segment and f.level = {LEVEL}),
        (select cast(row(count(*), sum(i.id)) as text) from price_imports i)
    ) as text)), md5(cast(row(
        {REVISION}, m.billed,
        (select string_agg(s.told, ';' order by s.told) from supplied s where s.id = m.id), r.until_end,
        (select string_agg(cast(row(w.area_id, w.degrees_then) as text), ';' order by w.area_id)
         from weather w where w.starts_on = m.starts_on
           and w.area_id in (select s.area_id from supplied s where s.id = m.id))
    ) as text)), m.starts_on - {_OLDEST}
    from mine m left join read r on r.id = m.id
    """
"""Of `:accounts` and `:today`: account, digest of its next bill, of its explanations, and since when."""
_BASES = text(BASES)


@dataclass(frozen=True, slots=True)
class Basis:
    """The digests of an account's next bill and of explanations of its newest, where these look at nothing
    before `since`."""

    next_bill: str
    explanation: str
    since: date


def bases(session: Session, account_ids: Sequence[int], today: date) -> dict[int, Basis]:
    """By account, the digests of what its next bill and its explanations would be made from now; one
    statement."""
    rows = session.execute(_BASES, {"accounts": list(account_ids), "today": today})
    return {row[0]: Basis(*row[1:]) for row in rows}
