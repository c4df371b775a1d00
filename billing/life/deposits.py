"""Deposits: asked for, kept with interest, and returned to the account that gave them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, ask_deposit, credit, return_deposit
from billing.actions.payments import lock_account
from billing.domain.accounts.deposits import simple_interest
from billing.tables import Adjustment, Deposit
from utility_crm.customers.noting import note_account_change
from utility_crm.kit.errors import Invalid
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class ReturnedDeposit:
    """What came back to the account."""

    amount_minor: int
    interest_minor: int


DEPOSIT = mark("deposit")


def take_deposit(
    session: Session,
    account_id: int,
    amount_minor: int,
    *,
    reference: str,
    taken_on: date,
    interest_ppm: int = 0,
    by: int | None = None,
) -> int:
    """Ask for a deposit; the id of it. It is owed as a bill is; the same reference again changes nothing.

    Raises NotFound, Invalid (an amount or rate that is none), Conflict (the reference is another's).
    """
    if interest_ppm < 0:
        raise Invalid("interest", mark("Interest on a deposit is not negative."), "interest")
    currency = lock_account(session, account_id)
    made = ask_deposit(session, account_id, amount_minor, Reason(reference, "Deposit", taken_on, by))
    if not made.repeated:
        session.add(
            Deposit(
                account_id=account_id, reference=reference, amount_minor=amount_minor, currency=currency,
                interest_ppm=interest_ppm, taken_on=taken_on,
            )
        )  # fmt: skip
        session.flush()
        note_account_change(session, account_id, DEPOSIT, None, {"amount_minor": amount_minor})
    return session.scalars(select(Deposit.id).where(Deposit.reference == reference)).one()


def return_deposits(
    session: Session, account_id: int, returned_on: date, *, by: int | None = None
) -> tuple[ReturnedDeposit, ...]:
    """Give every deposit of an account back to it, with its interest: it pays what is open, the rest is in
    the customer's favour. What was never paid bears none. A repeat finds none."""
    lock_account(session, account_id)
    kept = session.scalars(
        select(Deposit)
        .where(Deposit.account_id == account_id, Deposit.returned_on.is_(None))
        .order_by(Deposit.id)
        .with_for_update()
    )
    found = []
    for deposit in list(kept):
        asked = select(Adjustment.open_minor).where(Adjustment.reference == deposit.reference)
        interest = 0
        if not session.scalars(asked).one():
            days = (deposit.taken_on, returned_on)
            interest = simple_interest(deposit.amount_minor, deposit.interest_ppm, *days)
        back = Reason(f"{deposit.reference}:returned", "Deposit returned", returned_on, by)
        return_deposit(session, account_id, deposit.amount_minor, back)
        if interest:
            earned = Reason(f"{deposit.reference}:interest", "Interest on the deposit", returned_on, by)
            credit(session, account_id, interest, earned)
        deposit.returned_on, deposit.interest_minor = returned_on, interest
        told = {"amount_minor": deposit.amount_minor}
        note_account_change(session, account_id, DEPOSIT, told, None)
        found.append(ReturnedDeposit(deposit.amount_minor, interest))
    session.flush()
    return tuple(found)
