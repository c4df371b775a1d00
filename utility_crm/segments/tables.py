"""Facts that are kept because they take long to work out, and the segments made of facts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class FactValue(Base):
    """What a fact is worth for a customer: `saving_on` with the parameter `day-night`, say, in minor units.

    A customer without a row is unknown. computed_at is shown with it.
    """

    __tablename__ = "fact_values"
    __table_args__ = (
        Index("ix_fact_values_value", "fact", "parameter", "value", postgresql_include=["customer_id"]),
        Index(None, "customer_id"),
        {"info": {"recomputed": True}},
    )

    fact: Mapped[str] = mapped_column(primary_key=True)
    parameter: Mapped[str] = mapped_column(primary_key=True, server_default="")
    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    value: Mapped[Decimal] = mapped_column(Numeric)
    computed_at: Mapped[datetime]


class FactAge(Base):
    """When a kept fact was last worked out for everybody, and for how many there was something to keep."""

    __tablename__ = "fact_ages"
    __table_args__ = ({"info": {"recomputed": True}},)

    fact: Mapped[str] = mapped_column(primary_key=True)
    parameter: Mapped[str] = mapped_column(primary_key=True, server_default="")
    computed_at: Mapped[datetime]
    customers: Mapped[int]


class Segment(Base):
    """A saved question over facts. `tree` is the document of `utility_crm.segments.domain.tree`.

    frozen_at: from then on it is the customers it had (`SegmentMember`); before, it is whoever fits today.
    size, counted_at: how many it was when it was last counted, of everybody. deleted_at: it is on no list any
    more; what was made of it still knows its name.
    """

    __tablename__ = "segments"
    __table_args__ = (
        Index(
            "uq_segments_name", text("lower(name)"), unique=True, postgresql_where=text("deleted_at is null")
        ),
        CheckConstraint("(size is null) = (counted_at is null)", name="counted"),
        CheckConstraint("name <> ''", name="name"),
    )

    id: Mapped[int] = identity()
    name: Mapped[str]
    tree: Mapped[dict[str, Any]]
    owner_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    frozen_at: Mapped[datetime | None]
    size: Mapped[int | None]
    counted_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class SegmentMember(Base):
    """A customer of a frozen segment, as it was frozen."""

    __tablename__ = "segment_members"
    __table_args__ = (Index(None, "customer_id"),)

    segment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class SegmentSize(Base):
    """How many a segment was on a day."""

    __tablename__ = "segment_sizes"

    segment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("segments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    on_day: Mapped[date] = mapped_column(primary_key=True)
    size: Mapped[int]
