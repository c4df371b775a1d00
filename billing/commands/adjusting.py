"""`billing adjust ...`: credits, fees, write-offs, refunds, payments taken back; each once a reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import typer
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.actions.adjustments import Reason, charge_fee, credit, reference_booked, write_off
from billing.actions.disputing import stands_of_bills
from billing.actions.payments import refund, reverse_payment
from billing.commands.app import app
from billing.commands.options import AccountNumber, filled, of_options
from billing.domain.money import amount_text
from billing.domain.tariffs.file import default_decimals
from billing.money_in.typed import typed_minor
from billing.queries.accounts import account_named
from billing.queries.bills import bill_named
from billing.tables import Payment
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today

adjust = typer.Typer(name="adjust", help="What changes a balance beside bills.", no_args_is_help=True)
app.add_typer(adjust)

Amount = Annotated[str, typer.Option(help="In the account's currency, such as 43.17.")]
Reference = Annotated[str, typer.Option(help="Of its own; the same again books nothing.", callback=filled)]
Words = Annotated[str, typer.Option(help="Why; it stands on the statement.", callback=filled)]
Bill = Annotated[str, typer.Option(help="The bill it is about; that is paid first.")]
Sure = Annotated[bool, typer.Option("--sure", help="More than the bill still charges is meant.")]


@dataclass(frozen=True, slots=True)
class _Call:
    """One thing to book: in which unit of work, for whom, how much, when."""

    session: Session
    account_id: int
    amount_minor: int
    now: datetime
    today: date


@adjust.callback()
def adjusting() -> None:
    """What changes a balance beside bills: each is booked once a reference."""


@adjust.command("credit")
def credit_(
    account: AccountNumber,
    amount: Amount,
    reference: Reference,
    reason: Words,
    bill: Bill = "",
    tax: Annotated[str, typer.Option(help="How much of the amount is tax.")] = "",
    sure: Sure = False,
    as_json: AsJson = False,
) -> None:
    """Take back so much of what was charged; more than there is to take back is asked about."""

    def book(one: _Call) -> bool:
        bill_id = bill_named(one.session, bill).id if bill else None
        with of_options(amount="--tax"):
            tax_minor = typed_minor(tax, _currency(one.session, one.account_id)) if tax else 0
        if not sure and not reference_booked(one.session, reference):
            _check_stands(one, bill, bill_id)
        why = Reason(reference, reason, one.today)
        done = credit(
            one.session, one.account_id, one.amount_minor, why, tax_minor=tax_minor, bill_id=bill_id
        )
        return done.repeated

    _booked(account, amount, reference, book, as_json)


@adjust.command("fee")
def fee_(
    account: AccountNumber, amount: Amount, reference: Reference, reason: Words, as_json: AsJson = False
) -> None:
    """Charge a fee."""

    def book(one: _Call) -> bool:
        why = Reason(reference, reason, one.today)
        return charge_fee(one.session, one.account_id, one.amount_minor, why).repeated

    _booked(account, amount, reference, book, as_json)


@adjust.command("write-off")
def write_off_(
    account: AccountNumber,
    amount: Amount,
    reference: Reference,
    reason: Words,
    bill: Bill = "",
    as_json: AsJson = False,
) -> None:
    """Give up so much of what is owed."""

    def book(one: _Call) -> bool:
        bill_id = bill_named(one.session, bill).id if bill else None
        why = Reason(reference, reason, one.today)
        return write_off(one.session, one.account_id, one.amount_minor, why, bill_id=bill_id).repeated

    _booked(account, amount, reference, book, as_json)


@adjust.command("refund")
def refund_(account: AccountNumber, amount: Amount, reference: Reference, as_json: AsJson = False) -> None:
    """Book that so much of what is held was given back; the bank, not this, sends the money."""

    def book(one: _Call) -> bool:
        done = refund(
            one.session, one.account_id, one.amount_minor, reference=reference, paid_at=one.now,
            posted_on=one.today,
        )  # fmt: skip
        return done.repeated

    _booked(account, amount, reference, book, as_json)


@adjust.command("reverse")
def reverse_(
    payment: Annotated[str, typer.Option(help="The reference of the payment.")],
    reference: Reference,
    as_json: AsJson = False,
) -> None:
    """Book that the bank has taken a payment back."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = session.scalar(select(Payment).where(Payment.reference == payment))
        if found is None:
            raise NotFound("payment", f"There is no payment {payment}.", payment)
        now = utc_now()
        done = reverse_payment(
            session, found.id, reference=reference, reversed_at=now, posted_on=utility_today(now)
        )
        _say(session, found.account_id, reference, done.repeated, as_json)


def _check_stands(one: _Call, bill: str, bill_id: int | None) -> None:
    """Raises Conflict where more would be credited than the bill, or all of the account, still charge."""
    stands = stands_of_bills(one.session, one.account_id, bill_id)
    if one.amount_minor <= stands:
        return
    currency = _currency(one.session, one.account_id)
    decimals = default_decimals(currency)
    still, beyond = (amount_text(minor, decimals) for minor in (stands, one.amount_minor - stands))
    what = f"Bill {bill} still charges" if bill else "The account's bills still charge"
    words = f"{what} {still} {currency}; the credit is {beyond} more. Is it meant? Then say so with --sure."
    raise Conflict("beyond_bill", words, "--amount")


def _booked(account: str, amount: str, reference: str, book: Callable[[_Call], bool], as_json: bool) -> None:
    """Book it in one unit of work, and say what is owed after it."""
    read = of_options(amount="--amount")
    with speaking(as_json), read, database() as engine, unit_of_work(engine) as session:
        account_id, now = account_named(session, account), utc_now()
        minor = typed_minor(amount, _currency(session, account_id))
        repeated = book(_Call(session, account_id, minor, now, utility_today(now)))
        _say(session, account_id, reference, repeated, as_json)


def _say(session: Session, account_id: int, reference: str, repeated: bool, as_json: bool) -> None:
    currency = _currency(session, account_id)
    balance = session.scalar(
        text("select balance_minor from account_balances where account_id = :id"), {"id": account_id}
    )
    owed = amount_text(balance or 0, default_decimals(currency))
    document = {"reference": reference, "repeated": repeated, "balance": owed, "currency": currency}
    words = "was booked before" if repeated else "booked"
    emit(document, as_json, lambda: f"{reference}: {words}; owed {owed} {currency}")


def _currency(session: Session, account_id: int) -> str:
    found = session.scalar(text("select currency from accounts where id = :id"), {"id": account_id})
    assert isinstance(found, str)
    return found
