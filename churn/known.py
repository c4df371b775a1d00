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

# A bill and the ones to hold it against, by day, since months differ in length. A customer's accounts are
# summed where both bills are there.
_BILLS = _statement(
    """
    , b as (
        select d.as_of, x.account_id, a.customer_id, x.starts_on, x.total_minor, x.estimated_readings,
               x.total_minor / cast(x.ends_before - x.starts_on as double precision) as daily,
               row_number() over (partition by d.as_of, x.account_id order by x.starts_on desc) as back
        from d
        join bills x on x.status = 'issued' and x.issued_on < d.as_of and x.issued_on >= d.as_of - 400
        join accounts a on a.id = x.account_id),
    y as (
        select distinct on (l.as_of, l.account_id) l.as_of, l.account_id, o.daily, o.total_minor
        from b l
        join b o on o.as_of = l.as_of and o.account_id = l.account_id and o.back > 2
                and abs(o.starts_on - cast(l.starts_on - interval '1 year' as date)) <= 15
        where l.back = 1
        order by l.as_of, l.account_id, abs(o.starts_on - cast(l.starts_on - interval '1 year' as date)))
    select l.as_of, l.customer_id,
           cast(sum(l.total_minor) filter (where p.daily is not null) as bigint) as step_minor,
           cast(sum(p.total_minor) as bigint) as before_minor,
           cast(sum(l.total_minor) filter (where y.daily is not null) as bigint) as same_minor,
           cast(sum(y.total_minor) as bigint) as year_minor,
           sum(l.daily) filter (where p.daily is not null) as step_daily, sum(p.daily) as before_daily,
           sum(l.daily) filter (where y.daily is not null) as same_daily, sum(y.daily) as year_daily,
           cast(sum(m.usual) as double precision) as usual_minor,
           cast(sum(m.bills) as bigint) as bills, cast(sum(m.estimated) as bigint) as estimated_bills
    from b l
    left join b p on p.as_of = l.as_of and p.account_id = l.account_id and p.back = 2
    left join y on y.as_of = l.as_of and y.account_id = l.account_id
    join (
        select as_of, account_id, avg(total_minor) as usual, count(*) as bills,
               count(*) filter (where estimated_readings > 0) as estimated
        from b where back <= 12 group by as_of, account_id) m
      on m.as_of = l.as_of and m.account_id = l.account_id
    where l.back = 1
    group by l.as_of, l.customer_id
    """
)

# Money settles the oldest bill first. A bill was paid on the first day by which the account had paid as much
# as was billed up to and with it.
_LATENESS = _statement(
    """
    , billed as (
        select id, account_id, issued_on, due_on,
               sum(total_minor) over (partition by account_id order by issued_on, id) as up_to
        from bills where status = 'issued'),
    paid as (
        select account_id, cast(received_at at time zone :zone as date) as paid_on,
               sum(amount_minor) over (partition by account_id order by received_at, id) as up_to
        from payments),
    settled as (
        select b.id, b.account_id, b.issued_on, b.due_on, min(p.paid_on) as paid_on
        from billed b left join paid p on p.account_id = b.account_id and p.up_to >= b.up_to
        group by b.id, b.account_id, b.issued_on, b.due_on),
    late as (
        select d.as_of, s.account_id,
               sum(greatest(0, least(coalesce(s.paid_on, d.as_of), d.as_of) - s.due_on)) as late_days
        from d
        join settled s on s.issued_on < d.as_of and s.due_on < d.as_of and s.due_on >= d.as_of - :year
        group by d.as_of, s.account_id),
    due as (
        select d.as_of, b.account_id, sum(b.total_minor) as minor
        from d join bills b on b.status = 'issued' and b.issued_on < d.as_of and b.due_on < d.as_of
        group by d.as_of, b.account_id),
    received as (
        select d.as_of, p.account_id, sum(p.amount_minor) as minor
        from d join payments p on p.received_at < d.morning
        group by d.as_of, p.account_id)
    select due.as_of, a.customer_id, cast(sum(coalesce(late.late_days, 0)) as bigint) as late_days,
           cast(sum(greatest(0, due.minor - coalesce(received.minor, 0))) as bigint) as overdue_minor
    from due
    join accounts a on a.id = due.account_id
    left join late on late.as_of = due.as_of and late.account_id = due.account_id
    left join received on received.as_of = due.as_of and received.account_id = due.account_id
    group by due.as_of, a.customer_id
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
    """The last bill, the one before and the one a year before (minor units, and minor units a day); the
    usual bill (mean of up to twelve); how many of those were estimated."""
    return _frame(session, _BILLS, dates, zone)


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
