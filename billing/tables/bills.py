"""Bills, their lines, what was filled in for them, and what is held back."""

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
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


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
            "charge in ('fixed', 'energy', 'demand', 'minimum', 'export', 'discount', 'tax', 'fee', "
            "'budget')",
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
    """An account whose period is not billed yet, and why; ops may release what was drafted.

    codes: every reason, the first one's being `code`. figures, total_minor: of the draft that waits; none
    where none could be made. `released_figures` is the draft that was released: another one is held again.
    """

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
    codes: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{}'::text[]"))
    figures: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    total_minor: Mapped[int | None]
    released_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    released_figures: Mapped[dict[str, Any] | None]
