"""Payments and the double-entry ledger."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Payment(Base):
    """Money received, negative when given back; `reference` makes a repeat harmless."""

    __tablename__ = "payments"
    __table_args__ = (Index(None, "account_id", "received_at"),)

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    received_at: Mapped[datetime]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(unique=True)


class LedgerEntry(Base):
    """Double entry in one row: `amount_minor` moves from the credited to the debited ledger account, so the
    books balance by construction."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("debit in ('receivable', 'revenue', 'tax', 'cash')", name="debit"),
        CheckConstraint("credit in ('receivable', 'revenue', 'tax', 'cash')", name="credit"),
        CheckConstraint("debit <> credit", name="two_sides"),
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("num_nonnulls(bill_id, payment_id) = 1", name="one_cause"),
        Index(None, "account_id", "posted_on"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    posted_on: Mapped[date]
    debit: Mapped[str]
    credit: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bills.id"))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"))


class AccountBalance(Base):
    """The sum of an account's receivable entries, kept in the transaction that posts them. Positive: owed."""

    __tablename__ = "account_balances"

    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"), primary_key=True)
    balance_minor: Mapped[int]
