"""When bills were paid, and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy.orm import Session

from churn.known.asking import asked, statement

YEAR_DAYS = 365

# Money settles the oldest bill first; so does what was credited or written off, while a fee takes from it.
# The credit note of a bill taken back is left out with its bill. A bill was paid on the first day by which
# its account had paid as much as was billed up to it: among what reaches as far, the earliest.
_LATENESS = statement(
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
        select d.as_of, s.account_id, 0 as minor, 1 as due_bills,
               greatest(0, least(coalesce(s.paid_on, d.as_of), d.as_of) - s.due_on) as late_days
        from d
        join settled s on s.id is not null and s.issued_on < d.as_of and s.due_on < d.as_of
                      and s.due_on >= d.as_of - :year
        union all
        select d.as_of, b.account_id, b.total_minor, 0, 0
        from d join bills b on b.status = 'issued' and b.issued_on < d.as_of and b.due_on < d.as_of
        union all
        select d.as_of, m.account_id, - m.amount_minor, 0, 0
        from d join money m on m.on_day < d.as_of),
    accounted as (
        select as_of, account_id, sum(late_days) as late_days, greatest(0, sum(minor)) as overdue_minor,
               sum(due_bills) as due_bills, count(*) filter (where late_days > 0) as late_bills
        from told group by as_of, account_id)
    select t.as_of, a.customer_id, cast(sum(t.late_days) as bigint) as late_days,
           cast(sum(t.overdue_minor) as bigint) as overdue_minor,
           cast(sum(t.due_bills) as bigint) as due_bills, cast(sum(t.late_bills) as bigint) as late_bills
    from accounted t join accounts a on a.id = t.account_id
    group by t.as_of, a.customer_id
    """
)


def lateness(session: Session, dates: Sequence[date], zone: str) -> pd.DataFrame:
    """late_days: days that bills due in 12 months stayed unpaid after they were due; overdue_minor; how many
    bills were due in those 12 months (due_bills), and how many of them were not paid in time (late_bills)."""
    return asked(session, _LATENESS, dates, zone, year=YEAR_DAYS)
