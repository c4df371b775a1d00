"""What was known of every customer on given dates: one statement a topic, for all of them at once.

A date stands for its morning: an event counts where its day (in the utility's time zone) is before the
date. Every statement bounds what it reads by the date, so that nothing later can change a value;
`tests/db/churn` plants later events to hold it to that. What the tables keep no history of (segment,
payment method, a bill's cancellation) is taken as it is now; a reading counts by its own day, however late
it came.

Every statement returns rows (as_of, customer_id, ...).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Date

YEAR_DAYS = 365
COMPLAINT_DAYS = 180
CONTACT_DAYS = 90
EXPORT_DAYS = 60
SHOCK_DAYS = 100


def _statement(words: str) -> TextClause:
    return text(
        "with d as (select as_of, cast(as_of as timestamp) at time zone :zone as morning"
        " from unnest(:dates) as u(as_of))" + words
    ).bindparams(bindparam("dates", type_=ARRAY(Date())))


_CUSTOMERS = _statement(
    """
    select d.as_of, a.customer_id, c.segment, c.since,
           count(distinct g.service_point_id) as service_points,
           (array_agg(t.code order by g.starts_on, g.id))[1] as tariff,
           (array_agg(t.name order by g.starts_on, g.id))[1] as tariff_name,
           (array_agg(a.payment_method order by a.opened_on, a.id))[1] as payment_method,
           (array_agg(a.currency order by a.opened_on, a.id))[1] as currency
    from d
    join agreements g on g.starts_on <= d.as_of and (g.ends_before is null or g.ends_before > d.as_of)
    join accounts a on a.id = g.account_id
    join customers c on c.id = a.customer_id
    join tariffs t on t.id = g.tariff_id
    group by d.as_of, a.customer_id, c.segment, c.since
    """
)

# A bill and the ones to hold it against, by day, since months differ in length; accounts of a customer are
# summed where both bills are there. All by windows: joins of such sets have no statistics and would be
# planned badly.
_BILLS = _statement(
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

# Money settles the oldest bill first; so does what was credited or written off, while a fee takes from it.
# The credit note of a bill taken back is left out with its bill. A bill was paid on the first day by which
# its account had paid as much as was billed up to it: among what reaches as far, the earliest.
_LATENESS = _statement(
    """
    , money as (
        select id, account_id, amount_minor, cast(received_at at time zone :zone as date) as on_day, 1 as turn
        from payments
        union all
        select j.id, j.account_id, - j.amount_minor, j.posted_on, 0
        from adjustments j left join bills b on b.id = j.bill_id
        where coalesce(b.status, 'issued') = 'issued'),
    reach as (
        select id, account_id, issued_on, due_on, cast(null as date) as paid_on,
               sum(total_minor) over (partition by account_id order by issued_on, id) as up_to
        from bills where status = 'issued'
        union all
        select null, account_id, null, null, on_day,
               sum(amount_minor) over (partition by account_id order by on_day, turn, id)
        from money),
    settled as (
        select id, account_id, issued_on, due_on,
               min(paid_on) over (partition by account_id order by up_to
                                  range between current row and unbounded following) as paid_on
        from reach),
    told as (
        select d.as_of, s.account_id, 0 as minor,
               greatest(0, least(coalesce(s.paid_on, d.as_of), d.as_of) - s.due_on) as late_days
        from d
        join settled s on s.id is not null and s.issued_on < d.as_of and s.due_on < d.as_of
                      and s.due_on >= d.as_of - :year
        union all
        select d.as_of, b.account_id, b.total_minor, 0
        from d join bills b on b.status = 'issued' and b.issued_on < d.as_of and b.due_on < d.as_of
        union all
        select d.as_of, m.account_id, - m.amount_minor, 0
        from d join money m on m.on_day < d.as_of),
    accounted as (
        select as_of, account_id, sum(late_days) as late_days, greatest(0, sum(minor)) as overdue_minor
        from told group by as_of, account_id)
    select t.as_of, a.customer_id, cast(sum(t.late_days) as bigint) as late_days,
           cast(sum(t.overdue_minor) as bigint) as overdue_minor
    from accounted t join accounts a on a.id = t.account_id
    group by t.as_of, a.customer_id
    """
)

_CONTACTS = _statement(
    """
    select d.as_of, k.customer_id,
           count(*) filter (where k.direction = 'in' and k.at >= d.morning - :contact_days * interval '1 day')
               as contacts,
           count(*) filter (where k.complaint) as complaints,
           count(*) filter (where k.complaint and (k.answered_at is null or k.answered_at >= d.morning))
               as unanswered,
           max(d.as_of - cast(k.at at time zone :zone as date))
               filter (where k.complaint and (k.answered_at is null or k.answered_at >= d.morning))
               as unanswered_days
    from d
    join contacts k on k.at < d.morning and k.at >= d.morning - :complaint_days * interval '1 day'
    group by d.as_of, k.customer_id
    """
)

_EXPORTERS = _statement(
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

_SUPPLIES = _statement(
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


def customers(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """Everybody supplied: segment, since, service_points, tariff (code), tariff_name, payment_method,
    currency."""
    return _frame(session, _CUSTOMERS, dates, zone)


def bills(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """The last bill, the one before and the one a year before (minor units, and minor units a day); the usual
    bill (mean of up to twelve) and how many of those were estimated; and of the bills issued in the last 100
    days the one highest above the mean of up to three before it (shock: log of the ratio by day).
    """
    return _frame(session, _BILLS, dates, zone, shock_days=SHOCK_DAYS)


def lateness(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """late_days: days that bills due in 12 months stayed unpaid after they were due; overdue_minor."""
    return _frame(session, _LATENESS, dates, zone, year=YEAR_DAYS)


def contacts(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """contacts (from the customer, 90 days), complaints (180 days), unanswered, unanswered_days (the
    oldest)."""
    return _frame(session, _CONTACTS, dates, zone, contact_days=CONTACT_DAYS, complaint_days=COMPLAINT_DAYS)


def exporters(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """Who fed energy into the network in the last 60 days."""
    return _frame(session, _EXPORTERS, dates, zone, export_days=EXPORT_DAYS)


def supplies(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """segment, tariff_id, timezone and channel_id of every supply whose import is measured."""
    return _frame(session, _SUPPLIES, dates, zone)


def _frame(
    session: Session, statement: TextClause, dates: Sequence[date], zone: str, **values: int
) -> pd.DataFrame:
    result = session.execute(statement, {"dates": list(dates), "zone": zone, **values})
    return pd.DataFrame.from_records(result.fetchall(), columns=list(result.keys()))
