"""Which offers of campaigns customers met, and took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.campaigns.audience import HANDED_OVER
from churn.known.asking import asked, statement

OFFER_DAYS = 180

# A call that nobody answered, and a prompt that nobody followed, leave no trace of their day.
_CAMPAIGNS = statement(
    f"""
    , met as (
        select m.customer_id, least(case when {HANDED_OVER} then m.sent_at end, m.answered_at) as at,
               case when m.answer = 'accepted' then m.answered_at end as accepted_at
        from campaign_members m
        where m.arm not in ('', 'control') and (m.sent_at is not null or m.answered_at is not null))
    select d.as_of, m.customer_id, count(*) as asked,
           count(*) filter (where m.accepted_at < d.morning) as accepted
    from d join met m on m.at < d.morning and m.at >= d.morning - :offer_days * interval '1 day'
    group by d.as_of, m.customer_id
    """
)


def campaigns(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """asked: offers that reached them in 180 days, handed over or answered; accepted, of those. What was
    withheld reached nobody."""
    return asked(session, _CAMPAIGNS, dates, zone, offer_days=OFFER_DAYS)
