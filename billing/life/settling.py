"""The end of an account: deposits come back, what is held is refunded, and it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.actions.issuing import lock_accounts
from billing.actions.payments import refund
from billing.life.deposits import return_deposits
from billing.life.moving import balance_of, close_account, unbilled_cycles
from billing.tables import Agreement
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done. owed_minor: what is still to be paid; the account is closed when it is nothing."""

    deposit_minor: int
    interest_minor: int
    refunded_minor: int
    owed_minor: int
    closed: bool


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
        raise Conflict("supplied", f"Account {account.number} is still supplied.", account.number)
    if last is not None and unbilled_cycles(session, account_id, account.cycle_day, last):
        raise Conflict("unbilled", f"The last days of account {account.number} are not billed yet.")
    returned = return_deposits(session, account_id, today, by=by)
    held = -min(balance_of(session, account_id), 0)
    if held:
        reference = f"refund-{account.number}-{today.isoformat()}-{held}"
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
