"""Which channels tell of a customer, and who feeds energy in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement

EXPORT_DAYS = 60

_EXPORTERS = statement(
    """
    select distinct d.as_of, a.customer_id
    from d
    join agreements g on g.starts_on <= d.as_of and (g.ends_before is null or g.ends_before > d.as_of)
    join accounts a on a.id = g.account_id
    join channels h on h.service_point_id = g.service_point_id and h.direction = 'export' and h.unit = 'kWh'
    where exists (select from blocks b
                  where b.channel_id = h.id and b.day < d.as_of and b.day >= d.as_of - :export_days)
    """
)

_SUPPLIES = statement(
    """
    select d.as_of, a.customer_id, c.segment, g.tariff_id, p.timezone, h.id as channel_id
    from d
    join agreements g on g.starts_on <= d.as_of and (g.ends_before is null or g.ends_before > d.as_of)
    join accounts a on a.id = g.account_id
    join customers c on c.id = a.customer_id
    join service_points s on s.id = g.service_point_id
    join premises p on p.id = s.premise_id
    join channels h on h.service_point_id = s.id and h.direction = 'import' and h.unit = 'kWh'
    order by d.as_of, h.id
    """
)


def exporters(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """Who fed energy into the network in the last 60 days."""
    return asked(session, _EXPORTERS, dates, zone, export_days=EXPORT_DAYS)


def supplies(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """segment, tariff_id, timezone and channel_id of every supply whose import is measured."""
    return asked(session, _SUPPLIES, dates, zone)
