"""What ops see beside bills: deposits that are kept, fixed amounts that settle, terms without a contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.deposits import simple_interest

SOON = timedelta(days=31)
"""A settlement so near is due soon."""
MOVED = "ends_before <= :today and end_reason in ('moved', 'died')"


@dataclass(frozen=True, slots=True)
class LifeCounts:
    """How many deposits are kept, fixed amounts run, of these settle soon, and places have no supply."""

    deposits: int
    budgets: int
    settling: int
    places: int


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit that is kept. open_minor: not paid yet; interest_minor: earned by today, none before it is
    paid. supplied: whether anything still is; where nothing is, it goes back."""

    customer_id: int
    customer: str
    account: str
    currency: str
    amount_minor: int
    interest_ppm: int
    taken_on: date
    open_minor: int
    supplied: bool
    interest_minor: int


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A fixed amount that runs. carried_minor: what its bills have left for the settlement so far; positive
    is owed."""

    customer_id: int
    customer: str
    account: str
    currency: str
    amount_minor: int
    starts_on: date
    settles_on: date
    ends_before: date | None
    carried_minor: int

    def due(self, today: date) -> bool:
        return min(self.settles_on, self.ends_before or self.settles_on) <= today + SOON


@dataclass(frozen=True, slots=True)
class TermsRow:
    """On which tariff somebody is supplied who has agreed on none."""

    fuel: str
    segment: str
    currency: str
    starts_on: date
    tariff_code: str
    tariff: str
    source: str


_COUNTS = text(
    f"""
    select (select count(*) from deposits where returned_on is null),
           count(*) filter (where kind = 'budget'), count(*) filter (where kind = 'budget' and day <= :soon),
           count(*) filter (where kind = 'place')
    from (
        select 'budget' as kind, least(settles_on, ends_before) as day
        from budget_plans where ends_before is null or ends_before > :today
        union all
        select 'place', ends_before from (
            select distinct on (service_point_id) ends_before, end_reason
            from agreements order by service_point_id, starts_on desc
        ) last where {MOVED}
    ) both_of
    """
)
_DEPOSITS = text(
    """
    select c.id, c.name, a.number, d.currency, d.amount_minor, d.interest_ppm, d.taken_on,
           coalesce(j.open_minor, 0),
           exists (select from agreements g where g.account_id = a.id
                   and (g.ends_before is null or g.ends_before > :today))
    from deposits d
    join accounts a on a.id = d.account_id
    join customers c on c.id = a.customer_id
    left join adjustments j on j.reference = d.reference
    where d.returned_on is null order by 9, d.taken_on, a.number limit :limit
    """
)
_BUDGETS = text(
    """
    select c.id, c.name, a.number, a.currency, p.amount_minor, p.starts_on, p.settles_on, p.ends_before,
           coalesce((select cast(-sum(l.amount_minor) as bigint)
                     from bills b join bill_lines l on l.bill_id = b.id and l.charge = 'budget'
                     where b.account_id = a.id and b.status = 'issued'), 0)
    from budget_plans p
    join accounts a on a.id = p.account_id
    join customers c on c.id = a.customer_id
    where p.ends_before is null or p.ends_before > :today
    order by least(p.settles_on, p.ends_before), a.number limit :limit
    """
)
_TERMS = text(
    """
    select d.fuel, d.segment, d.currency, d.starts_on, t.code, t.name, d.source
    from deemed_terms d join tariffs t on t.id = d.tariff_id
    order by d.fuel, d.segment, d.currency, d.starts_on desc
    """
)


def life_counts(session: Session, today: date) -> LifeCounts:
    """For the left column; one statement."""
    row = session.execute(_COUNTS, {"today": today, "soon": today + SOON}).one()
    return LifeCounts(*tuple(row))


def deposits_kept(session: Session, today: date, limit: int = 500) -> tuple[DepositRow, ...]:
    """Those of whom nothing is supplied any more first, then the oldest."""
    found = []
    for row in session.execute(_DEPOSITS, {"today": today, "limit": limit}):
        shown = list(row)
        amount, ppm, taken_on, open_minor = shown[4:8]
        interest = 0 if open_minor else simple_interest(amount, ppm, taken_on, today)
        found.append(DepositRow(*[*shown, interest]))
    return tuple(found)


def running_budgets(session: Session, today: date, limit: int = 500) -> tuple[BudgetRow, ...]:
    """Those that settle next first."""
    return tuple(BudgetRow(*row) for row in session.execute(_BUDGETS, {"today": today, "limit": limit}))


def deemed_terms_set(session: Session) -> tuple[TermsRow, ...]:
    """By fuel, segment and currency, the newest first."""
    return tuple(TermsRow(*row) for row in session.execute(_TERMS))
