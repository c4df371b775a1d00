"""The last bills, held against each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement

SHOCK_DAYS = 100

# A bill and the ones to hold it against, by day, since months differ in length; accounts of a customer are
# summed where both bills are there. All by windows: joins of such sets have no statistics and would be
# planned badly.
_BILLS = statement(
    """
    , b as (
        select d.as_of, x.account_id, a.customer_id, x.starts_on, x.issued_on, x.total_minor,
               x.estimated_readings,
               x.total_minor / cast(x.ends_before - x.starts_on as double precision) as daily
        from d
        join bills x on x.status = 'issued' and x.issued_on < d.as_of and x.issued_on >= d.as_of - 400
        join accounts a on a.id = x.account_id),
    l as (
        select b.*, lag(total_minor) over bills as before_minor, lag(daily) over bills as before_daily,
               last_value(total_minor) over year_before as year_minor,
               last_value(daily) over year_before as year_daily,
               avg(total_minor) over twelve as usual, count(*) over twelve as bills,
               count(*) filter (where estimated_readings > 0) over twelve as estimated,
               lead(starts_on) over bills as next_on, avg(total_minor) over three_before as three_minor,
               case when issued_on >= as_of - :shock_days and daily > 0 and avg(daily) over three_before > 0
                    then ln(daily / avg(daily) over three_before) end as jump
        from b
        window bills as (partition by as_of, account_id order by starts_on),
               twelve as (bills rows 11 preceding),
               three_before as (bills rows between 3 preceding and 1 preceding),
               year_before as (bills range between '380 days' preceding and '350 days' preceding)),
    s as (
        select l.*, first_value(jump) over highest as shock,
               first_value(case when jump is not null then total_minor end) over highest as shock_minor,
               first_value(case when jump is not null then three_minor end) over highest
                   as shock_before_minor,
               first_value(case when jump is not null then issued_on end) over highest as shock_on
        from l
        window highest as (partition by as_of, account_id order by jump desc nulls last))
    select as_of, customer_id,
           cast(sum(total_minor) filter (where before_minor is not null) as bigint) as step_minor,
           cast(sum(before_minor) as bigint) as before_minor,
           cast(sum(total_minor) filter (where year_minor is not null) as bigint) as same_minor,
           cast(sum(year_minor) as bigint) as year_minor,
           sum(daily) filter (where before_daily is not null) as step_daily,
           sum(before_daily) as before_daily,
           sum(daily) filter (where year_daily is not null) as same_daily, sum(year_daily) as year_daily,
           cast(sum(usual) as double precision) as usual_minor,
           cast(sum(bills) as bigint) as bills, cast(sum(estimated) as bigint) as estimated_bills,
           max(shock) as shock, (array_agg(shock_minor order by shock desc nulls last))[1] as shock_minor,
           cast((array_agg(shock_before_minor order by shock desc nulls last))[1] as bigint)
               as shock_before_minor,
           (array_agg(shock_on order by shock desc nulls last))[1] as shock_on
    from s where next_on is null
    group by as_of, customer_id
    """
)


def bills(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """The last bill, the one before and the one a year before (minor units, and minor units a day); the usual
    bill (mean of up to twelve) and how many of those were estimated; and of the bills issued in the last 100
    days the one highest above the mean of up to three before it (shock: log of the ratio by day).
    """
    return asked(session, _BILLS, dates, zone, shock_days=SHOCK_DAYS)
