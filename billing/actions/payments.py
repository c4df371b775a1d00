"""Money received and given back: booked once, whatever is repeated, and set against the oldest bill first or
as told. What was agreed on the account is judged with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import BigInteger, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from billing.actions.allocating import Item, allocate, pay_as_told, release, settle
from billing.actions.judging import judge_agreed
from billing.announcing import announce_paid
from billing.tables import AccountBalance, Bill, LedgerEntry, Payment
from notifications.outbox.queueing import take_back
from utility_crm.customers.tables import Account
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.web.words import mark


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
    pays: Sequence[tuple[str, int]] = (),
    through: Literal["cash", "suspense"] = "cash",
) -> TakenPayment:
    """Book money received in the account's currency; negative is money given back.

    `pays`: bills by number, and how much of each is paid; the rest pays the oldest first, and what nothing is
    open for is kept for the next bill. `through` suspense: the cash was booked before anybody knew whose it
    is. Raises NotFound, Invalid (nothing, or no reference), Conflict (the
    reference belongs to another payment, a bill named is not the account's or has not so much open).
    """
    if not amount_minor or not reference.strip():
        raise Invalid("payment", mark("A payment needs an amount and a reference."), "reference")
    if sum(amount for _, amount in pays) > max(amount_minor, 0):
        raise Invalid("pays", mark("The bills named come to more than the payment."), "pays")
    currency = lock_account(session, account_id)
    booked = _book(
        session,
        account_id,
        amount_minor,
        currency,
        reference,
        received_at,
        posted_on,
        method,
        through=through,
    )
    if booked.repeated:
        return booked
    pay_as_told(session, account_id, Item("payment", booked.id), pays)
    settle(session, [account_id])
    judge_agreed(session, posted_on, [account_id])
    forget_reminders(session, [account_id], received_at)
    return booked


def refund(
    session: Session,
    account_id: int,
    amount_minor: int,
    *,
    reference: str,
    paid_at: datetime,
    posted_on: date,
    method: str = "transfer",
) -> TakenPayment:
    """Give back what is held for a customer. Raises as `take_payment`; Refused where less is held."""
    if amount_minor <= 0:
        raise Invalid("refund", mark("A refund needs an amount."), "amount")
    lock_account(session, account_id)
    known = session.scalar(select(Payment.id).where(Payment.reference == reference))
    held = -(
        session.scalar(select(AccountBalance.balance_minor).where(AccountBalance.account_id == account_id))
        or 0
    )
    if known is None and amount_minor > held:
        raise Refused("not_held", mark("No more can be given back than is held for the account."), "amount")
    return take_payment(
        session,
        account_id,
        -amount_minor,
        reference=reference,
        received_at=paid_at,
        posted_on=posted_on,
        method=method,
    )


def reverse_payment(
    session: Session, payment_id: int, *, reference: str, reversed_at: datetime, posted_on: date
) -> TakenPayment:
    """The bank has taken a payment back: what it paid is open again, unless other money is there for it.

    Raises NotFound, Refused (money given back is not taken back), Conflict (it has been reversed under
    another reference).
    """
    payment = session.execute(
        select(Payment.account_id, Payment.amount_minor, Payment.method).where(Payment.id == payment_id)
    ).one_or_none()
    if payment is None:
        raise NotFound("payment", mark("There is no such payment."))
    if payment.amount_minor < 0:
        raise Refused("given_back", mark("Only money received can be taken back by a bank."))
    account_id = payment.account_id
    currency = lock_account(session, account_id)
    known = session.execute(
        select(Payment.id, Payment.reference).where(Payment.reverses_id == payment_id)
    ).one_or_none()
    if known is not None:
        if known.reference != reference:
            raise Conflict("reversed", mark("This payment has been taken back already."), known.reference)
        return TakenPayment(known.id, True)
    amount = payment.amount_minor
    booked = _book(
        session, account_id, -amount, currency, reference, reversed_at, posted_on, payment.method, payment_id
    )
    if not booked.repeated:
        release(session, account_id, source=Item("payment", payment_id))
        allocate(session, account_id, Item("payment", payment_id), Item("payment", booked.id), amount)
        settle(session, [account_id])
        judge_agreed(session, posted_on, [account_id])
    return booked


def lock_account(session: Session, account_id: int) -> str:
    """Keep others from booking on an account until the transaction ends; its currency. Raises NotFound.

    The lock orders payments and bill runs, so that balance and open amounts cannot interleave.
    """
    currency = session.scalar(
        select(Account.currency).where(Account.id == account_id).with_for_update(key_share=True)
    )
    if currency is None:
        raise NotFound("account", mark("There is no such account."))
    return currency


def forget_reminders(session: Session, account_ids: Sequence[int], now: datetime) -> None:
    """Nobody is reminded of a bill that is paid: what still waits to be sent about it is withheld."""
    paid = select(Bill.number).where(
        Bill.account_id == any_(literal(list(account_ids), ARRAY(BigInteger()))),
        Bill.status == "issued",
        Bill.open_minor <= 0,
    )
    take_back(session, [f"bill:{number}" for number in session.scalars(paid)], now)


def _book(
    session: Session,
    account_id: int,
    amount_minor: int,
    currency: str,
    reference: str,
    received_at: datetime,
    posted_on: date,
    method: str,
    reverses_id: int | None = None,
    through: str = "cash",
) -> TakenPayment:
    """The payment and its ledger entry, once a reference."""
    payment_id = session.scalar(
        insert(Payment)
        .values(
            account_id=account_id,
            received_at=received_at,
            amount_minor=amount_minor,
            open_minor=amount_minor,
            currency=currency,
            method=method,
            reference=reference,
            reverses_id=reverses_id,
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
            debit=through if forth else "receivable",
            credit="receivable" if forth else through,
            amount_minor=abs(amount_minor),
            currency=currency,
            payment_id=payment_id,
        )
    )
    session.flush()
    announce_paid(session, [reference], returned=reverses_id is not None)
    return TakenPayment(payment_id, False)


def _repeated(session: Session, account_id: int, amount_minor: int, reference: str) -> TakenPayment:
    known = session.execute(
        select(Payment.id, Payment.account_id, Payment.amount_minor).where(Payment.reference == reference)
    ).one()
    if (known.account_id, known.amount_minor) != (account_id, amount_minor):
        raise Conflict(
            "reference",
            mark("The reference %(reference)s belongs to another payment."),
            reference,
            reference=reference,
        )
    return TakenPayment(known.id, True)
