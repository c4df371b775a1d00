"""The end of an account: deposits come back, what is held is refunded, and it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.actions.payments import refund
from billing.life.deposits import return_deposits
from billing.life.moving import balance_of, close_account, unbilled_cycles
from billing.tables import Agreement, Payment
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done. owed_minor: what is still to be paid; the account is closed when it is nothing."""

    deposit_minor: int
    interest_minor: int
    refunded_minor: int
    owed_minor: int
    closed: bool


_CLOSE = text(
    """
    update accounts a set closed_on = greatest(e.ends_before, a.opened_on)
    from (select account_id, max(coalesce(ends_before, 'infinity')) as ends_before
          from agreements group by account_id) e
    where a.closed_on is null and e.account_id = a.id and e.ends_before <= :today
      and exists (select from bills b where b.account_id = a.id and b.status = 'issued'
                  and b.ends_before >= e.ends_before)
      and coalesce((select balance_minor from account_balances b where b.account_id = a.id), 0) = 0
      and not exists (select from deposits d where d.account_id = a.id and d.returned_on is null)
    returning a.id
    """
)


def close_even_accounts(session: Session, today: date) -> int:
    """Close the accounts that nothing is supplied to any more, billed to the last day, with nothing owed or
    kept; how many. What is held for a customer is for a person to refund."""
    return len(session.scalars(_CLOSE, {"today": today}).all())


def settle_account(
    session: Session, account_id: int, *, today: date, now: datetime, by: int | None = None
) -> Settled:
    """After the final bill: deposits pay what is open, money held is given back, and an even account is
    closed. Safe to repeat. Raises Conflict where the account is still supplied or not billed to the end."""
    lock_accounts(session, [account_id])
    account = session.get_one(Account, account_id, populate_existing=True)
    last = session.scalar(
        select(func.max(func.coalesce(Agreement.ends_before, date.max))).where(
            Agreement.account_id == account_id
        )
    )
    if last is not None and last > today:
        raise Conflict(
            "supplied", mark("Account %(account)s is still supplied."), account.number, account=account.number
        )
    if last is not None and unbilled_cycles(session, account_id, account.cycle_day, last):
        raise Conflict(
            "unbilled",
            mark("The last days of account %(account)s are not billed yet."),
            account=account.number,
        )
    returned = return_deposits(session, account_id, today, by=by)
    held = -min(balance_of(session, account_id), 0)
    if held:
        # One for each settlement: the account is locked, and what is held has not been given back yet.
        given = select(func.count()).where(Payment.account_id == account_id, Payment.amount_minor < 0)
        reference = f"settlement-{account.number}-{(session.scalar(given) or 0) + 1}"
        refund(session, account_id, held, reference=reference, paid_at=now, posted_on=today)
    owed = balance_of(session, account_id)
    if not owed and account.closed_on is None:
        close_account(session, account_id, today)
    return Settled(
        sum(one.amount_minor for one in returned),
        sum(one.interest_minor for one in returned),
        held,
        owed,
        not owed,
    )
