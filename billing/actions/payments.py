"""Money received: booked once, whatever is repeated, and set against the oldest bill first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BigInteger, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from billing.actions.storing import add_to_balances, reallocate
from billing.tables import Bill, LedgerEntry, Payment
from notifications.actions import take_back
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class TakenPayment:
    """`repeated`: the reference was known, with the same account and amount, and nothing was booked again."""

    id: int
    repeated: bool


def take_payment(
    session: Session,
    account_id: int,
    amount_minor: int,
    *,
    reference: str,
    received_at: datetime,
    posted_on: date,
    method: str = "transfer",
) -> TakenPayment:
    """Book money received in the account's currency; negative is money given back.

    Raises NotFound, Invalid (nothing, or no reference), Conflict (the reference belongs to another payment).
    """
    if not amount_minor or not reference.strip():
        raise Invalid("payment", "A payment needs an amount and a reference.", "reference")
    # The account's lock orders payments and bill runs, so that balance and open amounts cannot interleave.
    account = session.execute(
        select(Account.currency).where(Account.id == account_id).with_for_update(key_share=True)
    ).one_or_none()
    if account is None:
        raise NotFound("account", "There is no such account.")
    payment_id = session.scalar(
        insert(Payment)
        .values(
            account_id=account_id,
            received_at=received_at,
            amount_minor=amount_minor,
            currency=account.currency,
            method=method,
            reference=reference,
        )
        .on_conflict_do_nothing(index_elements=[Payment.reference])
        .returning(Payment.id)
    )
    if payment_id is None:
        return _repeated(session, account_id, amount_minor, reference)
    forth = amount_minor > 0
    session.add(
        LedgerEntry(
            account_id=account_id,
            posted_on=posted_on,
            debit="cash" if forth else "receivable",
            credit="receivable" if forth else "cash",
            amount_minor=abs(amount_minor),
            currency=account.currency,
            payment_id=payment_id,
        )
    )
    session.flush()
    add_to_balances(session, [(account_id, -amount_minor)])
    reallocate(session, [account_id])
    forget_reminders(session, [account_id], received_at)
    return TakenPayment(payment_id, False)


def forget_reminders(session: Session, account_ids: Sequence[int], now: datetime) -> None:
    """Nobody is reminded of a bill that is paid: what still waits to be sent about it is withheld."""
    paid = select(Bill.number).where(
        Bill.account_id == any_(literal(list(account_ids), ARRAY(BigInteger()))),
        Bill.status == "issued",
        Bill.open_minor == 0,
    )
    take_back(session, [f"bill:{number}" for number in session.scalars(paid)], now)


def _repeated(session: Session, account_id: int, amount_minor: int, reference: str) -> TakenPayment:
    known = session.execute(
        select(Payment.id, Payment.account_id, Payment.amount_minor).where(Payment.reference == reference)
    ).one()
    if (known.account_id, known.amount_minor) != (account_id, amount_minor):
        raise Conflict("reference", f"The reference {reference} belongs to another payment.", reference)
    return TakenPayment(known.id, True)
