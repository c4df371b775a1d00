"""Issued bills put right: what would differ, who approved it, and the credit note that came of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Correction(Base):
    """An issued bill that would be another today, made from readings known at `known_at`.

    before_minor is the bill, after_minor the bill that would replace it, not_charged_minor (not negative)
    what that one leaves out because it was used before `protected_before`: too long ago to be charged.
    `held`: it cannot be made again, for `reason`. Approved, it has a credit note, and a new bill unless
    nothing is left to be charged.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("cause in ('readings', 'tariff', 'supply')", name="cause"),
        CheckConstraint("state in ('proposed', 'held', 'approved', 'dismissed', 'superseded')", name="state"),
        CheckConstraint("not_charged_minor >= 0", name="not_charged"),
        CheckConstraint("(not_charged_minor > 0) <= (protected_before is not null)", name="protected"),
        CheckConstraint("(state in ('approved', 'dismissed')) = (decided_at is not null)", name="decided"),
        CheckConstraint("decided_at is null or decision <> ''", name="decision"),
        CheckConstraint("new_bill_id is null or state = 'approved'", name="new_bill"),
        Index(
            "uq_corrections_open",
            "bill_id",
            unique=True,
            postgresql_where=text("state in ('proposed', 'held', 'approved')"),
        ),
        Index(None, "new_bill_id"),
    )

    id: Mapped[int] = identity()
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"))
    cause: Mapped[str]
    known_at: Mapped[datetime]
    found_at: Mapped[datetime]
    before_minor: Mapped[int]
    after_minor: Mapped[int]
    before_micro_kwh: Mapped[int]
    after_micro_kwh: Mapped[int]
    not_charged_minor: Mapped[int] = mapped_column(server_default="0")
    protected_before: Mapped[date | None]
    state: Mapped[str] = mapped_column(server_default="proposed")
    reason: Mapped[str] = mapped_column(server_default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decision: Mapped[str] = mapped_column(server_default="")
    new_bill_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bills.id"))


class CorrectionLook(Base):
    """The instant up to which received readings were looked through for bills that would differ; one row."""

    __tablename__ = "correction_looks"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    looked_until: Mapped[datetime]


class CreditNote(Base):
    """Takes a whole bill back: its lines with the sign turned. It never changes."""

    __tablename__ = "credit_notes"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = identity()
    number: Mapped[str] = mapped_column(unique=True)
    bill_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bills.id"), unique=True)
    correction_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("corrections.id"), unique=True)
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    issued_on: Mapped[date]
    currency: Mapped[str]
    total_minor: Mapped[int]


class CreditNoteLine(Base):
    """One line, with units as in BillLine; quantity and amount are the bill line's, negated."""

    __tablename__ = "credit_note_lines"

    credit_note_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("credit_notes.id"), primary_key=True)
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


class TariffHistory(Base):
    """What a tariff said before it was put right for days already billed.

    Bills up to `last_bill_id` were priced by it; it differs from the next one from `changes_on`.
    """

    __tablename__ = "tariff_history"
    __table_args__ = (Index(None, "tariff_id", "last_bill_id"),)

    id: Mapped[int] = identity()
    tariff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    document: Mapped[dict[str, Any]]
    changes_on: Mapped[date]
    last_bill_id: Mapped[int]
    replaced_at: Mapped[datetime] = mapped_column(server_default=func.now())
