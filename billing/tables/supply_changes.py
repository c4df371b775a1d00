"""What was told of a supply, by whom, and what of it was taken back; where a customer goes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class SupplyChange(Base):
    """A supply ends, begins or changes its tariff from `effective_on` on, as somebody said; it stays on
    record when it is taken back.

    `agreement_id`: the agreement that ends then (of `begin`: a deemed one, if any); `next_agreement_id`: the
    one that begins, no more once it was taken back. `told_at` null: it was not told here, such as by a file.
    """

    __tablename__ = "supply_changes"
    __table_args__ = (
        CheckConstraint("kind in ('end', 'tariff', 'begin')", name="kind"),
        CheckConstraint("(taken_back_at is null) = (taken_back_because is null)", name="taken_back"),
        CheckConstraint("taken_back_by is null or taken_back_at is not null", name="author"),
        Index(None, "account_id"),
        Index(None, "agreement_id"),
        Index(None, "next_agreement_id"),
    )

    id: Mapped[int] = identity()
    kind: Mapped[str]
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))
    agreement_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("agreements.id"))
    next_agreement_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("agreements.id"))
    from_tariff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    to_tariff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("tariffs.id"))
    effective_on: Mapped[date]
    end_reason: Mapped[str | None]
    told_at: Mapped[datetime | None]
    told_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    taken_back_because: Mapped[str | None]


class ForwardingAddress(Base):
    """Where an account's last bill goes once the customer has left, from a day on; lines parted by breaks.

    The newest that was not withdrawn counts.
    """

    __tablename__ = "forwarding_addresses"
    __table_args__ = (CheckConstraint("address <> ''", name="address"), Index(None, "account_id"))

    id: Mapped[int] = identity()
    account_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    address: Mapped[str]
    starts_on: Mapped[date]
    told_at: Mapped[datetime] = mapped_column(server_default=func.now())
    told_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
