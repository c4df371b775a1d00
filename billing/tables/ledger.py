"""Payments, adjustments, what pays what, and the double-entry ledger behind them (docs/ledger.md).

Triggers of migration 0012 watch over it: entries and allocations are never changed or removed, balances
follow from entries alone, and what is open of a bill, a payment or an adjustment from allocations alone.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.customers.tables import of_account
from utility_crm.kit.database import Base, identity

_ACCOUNTS = (
    "('receivable', 'revenue', 'tax', 'cash', 'fees', 'bad_debt', 'deposits', 'transfers', 'suspense', "
    "'budget')"
)
_OPEN_WITHIN = "open_minor between least(amount_minor, 0) and greatest(amount_minor, 0)"


class Payment(Base):
    """Money received, negative when given back; `reference` makes a repeat harmless.

    open_minor has the amount's sign: of money received, what has paid nothing yet; of money given back, what
    no money received covers. `reverses_id`: the payment that the bank took back by this one.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint(_OPEN_WITHIN, name="open_within"),
        CheckConstraint("amount_minor <> 0", name="not_nothing"),
        CheckConstraint("reverses_id is null or amount_minor < 0", name="reverses_by_giving_back"),
        Index(None, "account_id", "received_at"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    received_at: Mapped[datetime]
    amount_minor: Mapped[int]
    open_minor: Mapped[int]
    currency: Mapped[str]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"), unique=True)


class Adjustment(Base):
    """What changes a balance and is neither a bill nor a payment: a credit (note), a fee, a write-off, a
    deposit asked for or returned, one side of a transfer.

    amount_minor: positive makes the customer owe more. open_minor has its sign: still to be paid, or still to
    pay something. bill_id: the bill it is about.
    """

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("kind in ('credit', 'fee', 'write_off', 'deposit', 'transfer')", name="kind"),
        CheckConstraint("amount_minor <> 0", name="not_nothing"),
        CheckConstraint(
            "case kind when 'fee' then amount_minor > 0 when 'write_off' then amount_minor < 0 else true end",
            name="direction",
        ),
        CheckConstraint(_OPEN_WITHIN, name="open_within"),
        Index(None, "account_id", "posted_on"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    kind: Mapped[str]
    amount_minor: Mapped[int]
    open_minor: Mapped[int]
    currency: Mapped[str]
    posted_on: Mapped[date]
    reference: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]
    bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bills.id"))
    made_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Allocation(Base):
    """So much of one thing in the customer's favour pays so much of one thing owed; negative when that is
    undone. What a pair comes to is the sum of its rows."""

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint(
            "num_nonnulls(from_payment_id, from_adjustment_id, from_bill_id) = 1", name="one_source"
        ),
        CheckConstraint("num_nonnulls(to_bill_id, to_adjustment_id, to_payment_id) = 1", name="one_sink"),
        CheckConstraint("amount_minor <> 0", name="not_nothing"),
        Index(None, "account_id"),
        Index(None, "to_bill_id"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    from_payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"))
    from_adjustment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("adjustments.id"))
    from_bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bills.id"))
    to_bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bills.id"))
    to_adjustment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("adjustments.id"))
    to_payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"))
    amount_minor: Mapped[int]


class LedgerEntry(Base):
    """Double entry in one row: `amount_minor` moves from the credited to the debited ledger account, so the
    books balance by construction. One bill, payment or adjustment is its cause; or money that nobody could
    tell whose it is, and then it has no account."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint(f"debit in {_ACCOUNTS}", name="debit"),
        CheckConstraint(f"credit in {_ACCOUNTS}", name="credit"),
        CheckConstraint("debit <> credit", name="two_sides"),
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint(
            "num_nonnulls(bill_id, payment_id, adjustment_id, suspense_id) = 1", name="one_cause"
        ),
        CheckConstraint(
            "(account_id is null) = (suspense_id is not null)"
            " and (account_id is not null or 'receivable' not in (debit, credit))",
            name="nobodys_is_suspense",
        ),
        Index(None, "account_id", "posted_on"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    posted_on: Mapped[date]
    debit: Mapped[str]
    credit: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bills.id"))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"))
    adjustment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("adjustments.id"))
    suspense_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("suspense_items.id"))


class AccountBalance(Base):
    """The sum of an account's receivable entries, kept by the database as they are posted. Positive: owed.
    customer_id: whose the account is."""

    __tablename__ = "account_balances"
    __table_args__ = (of_account("account_balances"), Index(None, "customer_id"))

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    balance_minor: Mapped[int]
