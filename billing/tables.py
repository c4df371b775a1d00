"""Tariffs, agreements, bills and their lines, payments, and a double-entry ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Tariff(Base):
    """A priced product; `document` is the validated tariff file (docs/tariffs.md), versions by date
    inside."""

    __tablename__ = "tariffs"

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    document: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Agreement(Base):
    """An account takes supply at a service point on a tariff, for a time. Overlap is forbidden by the
    database."""

    __tablename__ = "agreements"
    __table_args__ = (
        ExcludeConstraint(
            ("service_point_id", "="),
            (text("daterange(starts_on, ends_before)"), "&&"),
            name="ex_agreements_no_overlap",
            using="gist",
        ),
        CheckConstraint("ends_before is null or ends_before > starts_on", name="half_open"),
        CheckConstraint(
            "end_reason in ('moved', 'switched', 'cut_off', 'died', 'changed_tariff')", name="end_reason"
        ),
        CheckConstraint("(ends_before is null) = (end_reason is null)", name="end_has_a_reason"),
        Index(None, "account_id"),
        Index(None, "tariff_id"),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))
    tariff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    starts_on: Mapped[date]
    ends_before: Mapped[date | None]
    end_reason: Mapped[str | None]


class Bill(Base):
    """An issued bill; it never changes but for what is still open of it.

    `known_at` is the instant whose readings it was made from: with the meters' history it can be made again.
    Overlap of an account's issued bills is forbidden by the database, so no run can bill a day twice.
    """

    __tablename__ = "bills"
    __table_args__ = (
        ExcludeConstraint(
            ("account_id", "="),
            (text("daterange(starts_on, ends_before)"), "&&"),
            where=text("status = 'issued'"),
            name="ex_bills_once",
            using="gist",
        ),
        CheckConstraint("ends_before > starts_on", name="half_open"),
        CheckConstraint("status in ('issued', 'cancelled')", name="status"),
        Index(None, "account_id", "starts_on"),
        Index("ix_bills_open", "due_on", postgresql_where=text("open_minor > 0")),
    )

    id: Mapped[int] = identity()
    number: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    starts_on: Mapped[date]
    ends_before: Mapped[date]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    currency: Mapped[str]
    total_minor: Mapped[int]
    open_minor: Mapped[int]
    micro_kwh: Mapped[int]
    estimated_micro_kwh: Mapped[int] = mapped_column(server_default="0")
    estimated_readings: Mapped[int] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(server_default="issued")
    known_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BillLine(Base):
    """One line; the bill's total is the sum of its lines. `quantity` is in millionths of `unit`, prices in
    millionths of the currency unit, amounts in minor units."""

    __tablename__ = "bill_lines"
    __table_args__ = (
        CheckConstraint(
            "charge in ('fixed', 'energy', 'demand', 'minimum', 'export', 'discount', 'tax', 'fee')",
            name="charge",
        ),
    )

    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    agreement_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("agreements.id"))
    charge: Mapped[str]
    label: Mapped[str]
    starts_on: Mapped[date]
    ends_before: Mapped[date]
    quantity_micro: Mapped[int]
    unit: Mapped[str]
    price_micro: Mapped[int]
    amount_minor: Mapped[int]


class BillFill(Base):
    """Half-hours that were missing when the bill was made, and what they were taken for: flagged
    estimated."""

    __tablename__ = "bill_fills"

    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channels.id"), primary_key=True)
    starts_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    micro_kwh: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))


class HeldBill(Base):
    """An account whose period cannot be billed yet, and why; ops may release it to be filled."""

    __tablename__ = "held_bills"
    __table_args__ = (UniqueConstraint("account_id", "starts_on"),)

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    starts_on: Mapped[date]
    ends_before: Mapped[date]
    code: Mapped[str]
    reason: Mapped[str]
    held_at: Mapped[datetime] = mapped_column(server_default=func.now())
    released_at: Mapped[datetime | None]
    released_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


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
