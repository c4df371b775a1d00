"""Fixed amounts and deposits of accounts, for their own pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.domain.accounts.deposits import simple_interest
from utility_crm.kit.gathering import gathered, listed

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class FixedAmount:
    """A fixed amount of an account, with who began and ended it (names). carried_minor: what all issued bills
    of the account have carried so far; positive is owed."""

    id: int
    account_id: int
    amount_minor: int
    starts_on: date
    settles_on: date
    ends_before: date | None
    basis_minor: int | None
    made_at: datetime
    made_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    carried_minor: int

    @property
    def settles_by(self) -> date:
        """The first bill that reaches this day settles."""
        return min(self.settles_on, self.ends_before or self.settles_on)

    def runs_on(self, today: date) -> bool:
        return self.ends_before is None or self.ends_before > today


@dataclass(frozen=True, slots=True)
class PastBill:
    """What an issued bill charged, whatever of it was carried."""

    number: str
    starts_on: date
    ends_before: date
    charges_minor: int

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit that was asked for. open_minor: not paid yet; interest_minor: earned by today or, where it
    went back, given with it."""

    account_id: int
    reference: str
    amount_minor: int
    currency: str
    interest_ppm: int
    taken_on: date
    open_minor: int
    returned_on: date | None
    interest_minor: int


FIXED = listed(
    """
    select p.id, p.account_id, p.amount_minor, p.starts_on, p.settles_on, p.ends_before, p.basis_minor,
           p.made_at, m.name, p.ended_at, e.name,
           coalesce((select cast(-sum(l.amount_minor) as bigint)
                     from bills b join bill_lines l on l.bill_id = b.id and l.charge = 'budget'
                     where b.account_id = p.account_id and b.status = 'issued'), 0)
    from budget_plans p left join users m on m.id = p.made_by left join users e on e.id = p.ended_by
    where p.account_id = any(:accounts) order by p.starts_on desc, p.id desc limit 20
    """,
    FixedAmount,
)
"""Of `:accounts`, the newest first."""
_PAST = text(
    """
    select b.number, b.starts_on, b.ends_before,
           cast(coalesce((select sum(l.amount_minor) from bill_lines l
                          where l.bill_id = b.id and l.charge <> 'budget'), 0) as bigint)
    from bills b
    where b.account_id = :account and b.status = 'issued' and b.ends_before > :since
      and b.ends_before <= :until
    order by b.starts_on, b.id
    """
)
_DEPOSITS = text(
    """
    select d.account_id, d.reference, d.amount_minor, d.currency, d.interest_ppm, d.taken_on,
           coalesce(j.open_minor, 0), d.returned_on, d.interest_minor
    from deposits d left join adjustments j on j.reference = d.reference
    where d.account_id = any(:accounts) order by d.id desc
    """
)


def fixed_amounts(session: Session, account_ids: Sequence[int]) -> tuple[FixedAmount, ...]:
    """Of some accounts, the newest first."""
    (rows,) = gathered(session, (FIXED,), {"accounts": list(account_ids)})
    return tuple(FixedAmount(*row) for row in rows)


def past_year(session: Session, account_id: int, on: date) -> tuple[PastBill, ...]:
    """The bills from which `life.budgets.propose_budget` reckons for a day, the oldest first."""
    rows = session.execute(_PAST, {"account": account_id, "since": on - YEAR, "until": on})
    return tuple(PastBill(*row) for row in rows)


def deposits_of(session: Session, account_ids: Sequence[int], today: date) -> tuple[DepositRow, ...]:
    """Of some accounts, the newest first, those that went back too."""
    found = []
    for row in session.execute(_DEPOSITS, {"accounts": list(account_ids)}):
        *shown, interest = row
        amount, ppm, taken_on = shown[2], shown[4], shown[5]
        open_minor, returned_on = shown[6], shown[7]
        if returned_on is None:
            interest = 0 if open_minor else simple_interest(amount, ppm, taken_on, today)
        found.append(DepositRow(*[*shown, interest or 0]))
    return tuple(found)


def next_reference(account: str, asked: int) -> str:
    """The name of an account's next deposit, after so many: sent twice, it is booked once."""
    return f"deposit-{account}-{asked + 1}"
