"""How much customers use, and what of its change the weather does not explain; by bills, which everybody has.

Degree days of each bill's own days stand beside its energy, as in the method that reads a home's heating off
its bills (M. Fels, PRISM: an introduction, Energy and Buildings 9, 1986). All sums are whole numbers, so they
are the same in whatever order they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement

YEAR_DAYS = 365
RECENT_DAYS = 100
"""Issued within: three monthly bills, or a quarter's."""
BACK_DAYS = 460
"""As far as the bills that stand a year before the recent ones."""
HEATING_MILLICELSIUS = 15_500
"""The base of degree days in the United Kingdom (CIBSE TM41:2006, 2.1)."""

_USE = statement(
    """
    , up as (
        select id as node_id, id, parent_id, kind from network_nodes
        union all
        select up.node_id, n.id, n.parent_id, n.kind
        from up join network_nodes n on n.id = up.parent_id where up.kind <> 'area'),
    homes as (
        select d.as_of, g.account_id, (array_agg(p.node_id order by g.starts_on, g.id))[1] as node_id
        from d
        join agreements g on g.starts_on <= d.as_of and (g.ends_before is null or g.ends_before > d.as_of)
        join service_points s on s.id = g.service_point_id
        join premises p on p.id = s.premise_id
        group by d.as_of, g.account_id),
    degrees as (
        select area_id, day, cold,
               cast(sum(cold) over so_far as bigint) as upto, count(*) over so_far as place
        from (
            select t.area_id, t.day,
                   cast(round(greatest(0, :heating - avg(milli))) as bigint) as cold
            from temperature_days t cross join lateral unnest(t.millicelsius) as milli
            where t.day < (select max(as_of) from d) and t.day >= (select min(as_of) from d) - :far_days
            group by t.area_id, t.day having count(milli) > 0) as of_day
        window so_far as (partition by area_id order by day)),
    b as (
        select d.as_of, x.account_id, x.starts_on, x.ends_before, x.issued_on,
               x.micro_kwh / 1000 as wh, x.ends_before - x.starts_on as days
        from d
        join bills x on x.status = 'issued' and x.issued_on < d.as_of
                    and x.issued_on >= d.as_of - :back_days),
    l as (
        select b.*, issued_on >= as_of - :recent_days as recent,
               last_value(wh) over year_before as year_wh, last_value(days) over year_before as year_days
        from b
        window year_before as (partition by as_of, account_id order by starts_on
                               range between '380 days' preceding and '350 days' preceding)),
    w as (
        select l.as_of, l.account_id, l.starts_on, last.upto - first.upto + first.cold as cold
        from l
        join homes h on h.as_of = l.as_of and h.account_id = l.account_id
        join up on up.node_id = h.node_id and up.kind = 'area'
        join degrees first on first.area_id = up.id and first.day = l.starts_on
        join degrees last on last.area_id = up.id and last.day = l.ends_before - 1
        where last.place - first.place + 1 = l.days)
    select l.as_of, a.customer_id,
           cast(sum(l.wh) filter (where l.issued_on >= l.as_of - :year) as bigint) as used_wh,
           cast(sum(l.days) filter (where l.issued_on >= l.as_of - :year) as bigint) as used_days,
           cast(sum(l.wh) filter (where l.recent and l.year_wh is not null) as bigint) as recent_wh,
           cast(sum(l.days) filter (where l.recent and l.year_wh is not null) as bigint) as recent_days,
           cast(sum(l.year_wh) filter (where l.recent) as bigint) as year_wh,
           cast(sum(l.year_days) filter (where l.recent) as bigint) as year_days,
           count(w.cold) filter (where not l.recent) as fitted,
           cast(sum(l.wh) filter (where l.recent and w.cold is not null) as double precision) as felt_wh,
           cast(sum(l.days) filter (where l.recent and w.cold is not null) as double precision) as felt_days,
           cast(sum(w.cold) filter (where l.recent) as double precision) as felt_cold,
           cast(sum(cast(l.days as bigint) * l.days) filter (where not l.recent and w.cold is not null)
                as double precision) as days_days,
           cast(sum(l.days * w.cold) filter (where not l.recent) as double precision) as days_cold,
           cast(sum(w.cold * w.cold) filter (where not l.recent) as double precision) as cold_cold,
           cast(sum(l.days * l.wh) filter (where not l.recent and w.cold is not null) as double precision)
               as days_wh,
           cast(sum(w.cold * l.wh) filter (where not l.recent) as double precision) as cold_wh
    from l
    join accounts a on a.id = l.account_id
    left join w on w.as_of = l.as_of and w.account_id = l.account_id and w.starts_on = l.starts_on
    group by l.as_of, a.customer_id
    """
)


def use(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """Watt-hours and days of the bills of 12 months (used_*); of those of the last 100 days that have one a
    year before (recent_*), and of that one (year_*).

    Of those whose days all have a temperature: felt_*, of the last 100 days, `cold` being thousandths of
    degree days; `fitted`, how many are older, and the sums of products of theirs that a least squares of
    energy on days and degree days needs.
    """
    # Nobody knows how many rows the parts will have; taken for few, they would be joined each with each.
    session.execute(text("set local enable_nestloop = off"))
    found = asked(
        session, _USE, dates, zone, year=YEAR_DAYS, recent_days=RECENT_DAYS, back_days=BACK_DAYS,
        far_days=BACK_DAYS + YEAR_DAYS, heating=HEATING_MILLICELSIUS,
    )  # fmt: skip
    session.execute(text("set local enable_nestloop = default"))
    return found
