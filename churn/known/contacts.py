"""What customers said, and whether they were answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement

COMPLAINT_DAYS = 180
CONTACT_DAYS = 90

_CONTACTS = statement(
    """
    select d.as_of, k.customer_id,
           count(*) filter (where k.direction = 'in' and k.at >= d.morning - :contact_days * interval '1 day')
               as contacts,
           count(*) filter (where k.complaint) as complaints,
           count(*) filter (where k.complaint and (k.answered_at is null or k.answered_at >= d.morning))
               as unanswered,
           max(d.as_of - cast(k.at at time zone :zone as date))
               filter (where k.complaint and (k.answered_at is null or k.answered_at >= d.morning))
               as unanswered_days,
           max(case when k.answered_at < d.morning then cast(k.answered_at at time zone :zone as date)
                    else d.as_of end - cast(k.at at time zone :zone as date)) filter (where k.complaint)
               as waited_days,
           mode() within group (order by k.channel) filter (where k.direction = 'in') as contact_channel
    from d
    join contacts k on k.at < d.morning and k.at >= d.morning - :complaint_days * interval '1 day'
    group by d.as_of, k.customer_id
    """
)


def contacts(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """contacts (from the customer, 90 days), complaints (180 days), unanswered, unanswered_days (the
    oldest), waited_days (the longest that one of them waited for its answer, up to the date), contact_channel
    (the one they used most in 180 days)."""
    return asked(session, _CONTACTS, dates, zone, contact_days=CONTACT_DAYS, complaint_days=COMPLAINT_DAYS)
