"""What accounts owe, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import gathered, listed
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """An account of a customer (held or paid by them) and how it stands on a day.

    balance_minor: positive is owed. overdue_minor: open on bills due before the day. late_since: the first
    day on which any of it was late, the one after the oldest due day, which itself is on time.
    disputed_minor: of what is open. planned: a plan runs.
    """

    id: int
    number: str
    currency: str
    cycle_day: int
    holds: bool
    pays: bool
    balance_minor: int
    open_minor: int
    overdue_minor: int
    late_since: date | None
    open_bills: int
    late_bills: int
    disputed_minor: int = 0
    planned: bool = False

    @property
    def plannable_minor(self) -> int:
        """What is open and not disputed: a plan is made of this."""
        return max(0, self.open_minor - self.disputed_minor)


STANDING = listed(
    """
    select a.id, a.number, a.currency, a.cycle_day, a.customer_id = :customer, a.payer_id = :customer,
           coalesce(b.balance_minor, 0), coalesce(o.open_minor, 0), coalesce(o.overdue_minor, 0),
           o.late_since, coalesce(o.open_bills, 0), coalesce(o.late_bills, 0),
           coalesce(o.disputed_minor, 0),
           exists (select from payment_plans p where p.account_id = a.id and p.state = 'running')
    from accounts a
    left join account_balances b on b.account_id = a.id
    left join lateral (
        select cast(sum(open_minor) as bigint) as open_minor, count(*) as open_bills,
               cast(sum(open_minor) filter (where due_on < :today) as bigint) as overdue_minor,
               min(due_on) filter (where due_on < :today) + 1 as late_since,
               count(*) filter (where due_on < :today) as late_bills,
               cast(sum((select least(i.open_minor, d.amount_minor) from disputes d
                         where d.bill_id = i.id and d.state = 'open')) as bigint) as disputed_minor
        from bills i where account_id = a.id and status = 'issued' and open_minor > 0
    ) o on true
    where a.customer_id = :customer or a.payer_id = :customer
    order by a.id
    """,
    AccountStanding,
)
"""Every account that `:customer` holds or pays, as of `:today`."""


def standing(session: Session, customer_id: int, today: date) -> tuple[AccountStanding, ...]:
    """Every account the customer holds or pays."""
    (rows,) = gathered(session, (STANDING,), {"customer": customer_id, "today": today})
    return tuple(AccountStanding(*row) for row in rows)


def account_named(session: Session, number: str) -> int:
    """The id of an account by its number. Raises NotFound."""
    found = session.scalar(text("select id from accounts where number = :number"), {"number": number})
    if found is None:
        raise NotFound("account", mark("There is no account %(account)s."), number, account=number)
    assert isinstance(found, int)
    return found
