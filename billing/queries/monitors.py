"""Supply that no bill charges for and no hold explains: looked for by the days, whatever a run believes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.cycles import Month

BACK_DAYS, UNBILLED_BACK_DAYS = 400, 92
"""How far back it is looked: of accounts that have been billed, and of those that never were."""
AFTER_DAYS = 3
"""Days after a cycle's end until a bill is missed: one more than the clock waits."""

# The days of supply less the days of bills, up to the end of the account's last cycle that is over. Bills of
# an account do not overlap, so whose days add up from the first to the last of them, and reach the end, lacks
# nothing: of the few others alone the days themselves are held against each other.
_UNCHARGED = text(
    """
    with over as (
        select *
        from unnest(cast(:cycle_days as smallint[]), cast(:ends as date[])) as c(cycle_day, ends_before)
    ), billed as (
        select account_id, min(starts_on) as first_on, max(ends_before) as last_before,
               sum(ends_before - starts_on) as days
        from bills where status = 'issued' and ends_before > :first group by account_id
    ), supplied as (
        select account_id, max(coalesce(ends_before, 'infinity')) as last_before
        from agreements group by account_id
    ), doubtful as materialized (
        select s.account_id, b.first_on, b.last_before, o.ends_before
        from supplied s
        join accounts a on a.id = s.account_id
        join over o on o.cycle_day = a.cycle_day
        left join billed b on b.account_id = s.account_id
        where b.account_id is null or b.days < b.last_before - b.first_on
           or b.last_before < least(o.ends_before, s.last_before)
    ), left_over as (
        select d.account_id as id, d.last_before,
               range_agg(daterange(greatest(g.starts_on, f.starts_on),
                                   least(coalesce(g.ends_before, d.ends_before), d.ends_before)))
               - coalesce((select range_agg(daterange(b.starts_on, b.ends_before)) from bills b
                           where b.account_id = d.account_id and b.status = 'issued'
                             and b.ends_before > :first), '{}'::datemultirange) as days
        from doubtful d
        cross join lateral (select coalesce(d.first_on, :first_unbilled) as starts_on) f
        join agreements g on g.account_id = d.account_id
             and daterange(g.starts_on, g.ends_before)
                 && daterange(f.starts_on, greatest(f.starts_on, d.ends_before))
        group by d.account_id, d.last_before
    )
    select a.id, a.number, c.id, c.name, lower(r), upper(r),
           l.last_before is not null and upper(r) < l.last_before
    from left_over l
    join accounts a on a.id = l.id
    join customers c on c.id = a.customer_id
    cross join lateral unnest(l.days) as r
    where not exists (select from held_bills h where h.account_id = l.id
                      and daterange(h.starts_on, h.ends_before) && r)
    order by lower(r), a.number limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class Uncharged:
    """Days of supply [starts_on, ends_before) that were never charged for. between: a later bill was issued,
    so a cycle is missing; else nothing has been billed since."""

    account_id: int
    account: str
    customer_id: int
    customer: str
    starts_on: date
    ends_before: date
    between: bool

    @property
    def last_on(self) -> date:
        return self.ends_before - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days


@dataclass(frozen=True, slots=True)
class Monitors:
    """What is wrong with who was billed, the oldest days first."""

    unbilled: tuple[Uncharged, ...]
    missing_cycles: tuple[Uncharged, ...]

    @property
    def all(self) -> Sequence[Uncharged]:
        return (*self.unbilled, *self.missing_cycles)


def monitors(session: Session, today: date, limit: int = 1000) -> Monitors:
    """Accounts with supply in cycles that are over, and neither bill nor hold for it. One statement."""
    until = today - timedelta(days=AFTER_DAYS)
    ends = [_last_end(day, until) for day in range(1, 29)]
    values = {
        "cycle_days": list(range(1, 29)),
        "ends": ends,
        "first": today - timedelta(days=BACK_DAYS),
        "first_unbilled": today - timedelta(days=UNBILLED_BACK_DAYS),
        "limit": limit,
    }
    found = [Uncharged(*row) for row in session.execute(_UNCHARGED, values)]
    return Monitors(
        tuple(one for one in found if not one.between), tuple(one for one in found if one.between)
    )


def _last_end(cycle_day: int, until: date) -> date:
    """The end of the last cycle of this day that is over."""
    here = Month.of(until)
    ends = here.cycle(cycle_day)[1]
    return ends if ends <= until else here.plus(-1).cycle(cycle_day)[1]
