"""Outages that customers lived through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement
from notifications.outages.affected import PLACES_OFF

OUTAGE_DAYS = 180
MOST_HOURS = 48
"""Of one outage: so much counts where nobody said when the supply came back."""

_OUTAGES = statement(
    f"""
    , off as (
        select outages.id, places.id as node_id, outages.starts_at, outages.withdrawn_at,
               coalesce(outages.restored_at, case when outages.planned then outages.ends_at end) as back_at
        from outages cross join lateral ({PLACES_OFF}) as places
        where outages.merged_into is null and outages.starts_at < (select max(morning) from d)
          and outages.starts_at >= (select min(morning) from d) - :outage_days * interval '1 day'),
    lived as (
        select d.as_of, a.customer_id, x.id, x.starts_at,
               least(x.back_at, d.morning, x.starts_at + :most_hours * interval '1 hour') as back_at
        from d
        join off x on x.starts_at < d.morning and x.starts_at >= d.morning - :outage_days * interval '1 day'
                  and (x.withdrawn_at is null or x.withdrawn_at >= d.morning)
        join premises p on p.node_id = x.node_id
        join occupancies o on o.premise_id = p.id
                          and o.starts_on <= cast(x.starts_at at time zone p.timezone as date)
                          and (o.ends_before is null
                               or o.ends_before > cast(x.starts_at at time zone p.timezone as date))
        join accounts a on a.id = o.account_id)
    select as_of, customer_id, count(distinct id) as outages,
           cast(sum(floor(extract(epoch from back_at - starts_at) / 60)) as double precision)
               as outage_minutes
    from lived group by as_of, customer_id
    """
)


def outages(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """outages: how many began at a place of theirs in 180 days; outage_minutes: without supply until the
    date."""
    return asked(session, _OUTAGES, dates, zone, outage_days=OUTAGE_DAYS, most_hours=MOST_HOURS)
