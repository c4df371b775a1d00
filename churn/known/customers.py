"""Who is supplied, since when, where, and on what terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement

_CUSTOMERS = statement(
    """
    select d.as_of, a.customer_id, c.segment, c.since,
           count(distinct g.service_point_id) as service_points,
           (array_agg(t.code order by g.starts_on, g.id))[1] as tariff,
           (array_agg(t.name order by g.starts_on, g.id))[1] as tariff_name,
           (array_agg(a.payment_method order by a.opened_on, a.id))[1] as payment_method,
           (array_agg(a.currency order by a.opened_on, a.id))[1] as currency,
           min(g.term_ends_before) as term_ends_before
    from d
    join agreements g on g.starts_on <= d.as_of and (g.ends_before is null or g.ends_before > d.as_of)
    join accounts a on a.id = g.account_id
    join customers c on c.id = a.customer_id
    join tariffs t on t.id = g.tariff_id
    group by d.as_of, a.customer_id, c.segment, c.since
    """
)


def customers(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """Everybody supplied: segment, since, service_points, tariff (code), tariff_name, payment_method,
    currency, term_ends_before (the first that was agreed)."""
    return asked(session, _CUSTOMERS, dates, zone)
