"""Money in by file and by direct debit: files, what could not be matched, mandates and collections."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class PaymentFile(Base):
    """A bank's file that was taken whole; the same bytes are taken once. Every entry has one fate."""

    __tablename__ = "payment_files"
    __table_args__ = (
        CheckConstraint("format in ('csv', 'camt.053', 'pain.002')", name="format"),
        CheckConstraint(
            "entries = booked + repeated + suspended + reversed + ignored", name="every_entry_counted"
        ),
    )

    id: Mapped[int] = identity()
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    format: Mapped[str]
    received_at: Mapped[datetime]
    received_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    entries: Mapped[int]
    booked: Mapped[int]
    repeated: Mapped[int]
    suspended: Mapped[int]
    reversed: Mapped[int]
    ignored: Mapped[int]


class SuspenseItem(Base):
    """An entry of a bank's file that nobody could tell whose it is; `code` says why. It stands in the
    ledger's suspense account until it is assigned to an account or returned."""

    __tablename__ = "suspense_items"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'assigned', 'returned')", name="state"),
        CheckConstraint("(state = 'assigned') = (payment_id is not null)", name="assigned_is_paid"),
        CheckConstraint("amount_minor <> 0", name="not_nothing"),
        Index("ix_suspense_items_waiting", "booked_on", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = identity()
    file_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("payment_files.id"))
    place: Mapped[str]
    bank_reference: Mapped[str] = mapped_column(unique=True)
    booked_on: Mapped[date]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    payer: Mapped[str]
    payer_account: Mapped[str]
    remittance: Mapped[str]
    code: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"), unique=True)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class Creditor(Base):
    """Who collects by direct debit in a currency, and what a returned one costs the customer."""

    __tablename__ = "creditors"

    currency: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    iban: Mapped[str]
    bic: Mapped[str]
    creditor_id: Mapped[str]
    return_fee_minor: Mapped[int] = mapped_column(server_default="0")


class Mandate(Base):
    """A payer's leave to collect what an account owes; one at a time."""

    __tablename__ = "mandates"
    __table_args__ = (
        CheckConstraint("state in ('active', 'ended')", name="state"),
        CheckConstraint("(state = 'ended') = (ended_on is not null)", name="ended_on_a_day"),
        Index("ix_mandates_active", "account_id", unique=True, postgresql_where=text("state = 'active'")),
    )

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    reference: Mapped[str] = mapped_column(unique=True)
    signed_on: Mapped[date]
    name: Mapped[str]
    iban: Mapped[str]
    bic: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="active")
    ended_on: Mapped[date | None]


class Collection(Base):
    """One message to the bank, as it was made: who collected, when."""

    __tablename__ = "collections"

    id: Mapped[int] = identity()
    message_id: Mapped[str] = mapped_column(unique=True)
    collect_on: Mapped[date]
    currency: Mapped[str]
    created_at: Mapped[datetime]
    creditor_name: Mapped[str]
    creditor_iban: Mapped[str]
    creditor_bic: Mapped[str]
    creditor_id: Mapped[str]


class DirectDebit(Base):
    """One bill collected by one message; a bill is under way once at a time."""

    __tablename__ = "direct_debits"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("sequence in ('FRST', 'RCUR')", name="sequence"),
        CheckConstraint("state in ('sent', 'paid', 'returned')", name="state"),
        CheckConstraint("state <> 'paid' or payment_id is not null", name="paid_by_a_payment"),
        CheckConstraint("(state = 'returned') = (reason_code is not null)", name="returned_for_a_reason"),
        Index("ix_direct_debits_sent", "bill_id", unique=True, postgresql_where=text("state = 'sent'")),
        Index(None, "collection_id"),
        Index(None, "account_id"),
    )

    id: Mapped[int] = identity()
    collection_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("collections.id"))
    mandate_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("mandates.id"))
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"))
    amount_minor: Mapped[int]
    end_to_end_id: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="sent")
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payments.id"))
    reason_code: Mapped[str | None]
