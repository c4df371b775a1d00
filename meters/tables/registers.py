"""Registers of service points: what their dials showed, and consumption told for a span of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity

KINDS = ("actual", "customer", "estimated", "deemed", "substituted", "final", "first")
"""As in `meters.domain.accumulated.ReadKind`."""


class Register(Base):
    """One rate or channel that is counted at a service point (T1, an OBIS code), whatever meter stands there.

    It outlives an exchange: which meter showed a figure is said by each read. `unit` is the one in which
    consumption is kept, `direction` the customer's.
    """

    __tablename__ = "registers"
    __table_args__ = (
        UniqueConstraint("service_point_id", "name"),
        CheckConstraint("direction in ('import', 'export')", name="direction"),
        CheckConstraint("unit in ('kWh', 'kVArh', 'm3')", name="unit"),
    )

    id: Mapped[int] = identity()
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))
    name: Mapped[str]
    unit: Mapped[str]
    direction: Mapped[str]


class RegisterRead(Base):
    """What a register showed at an instant, as one kind of reader said; kinds stand beside each other.

    `figure` counts millionths of the dial's own unit, which is 10**exponent of the register's (Wh of a
    register in kWh: -3), before the multiplier. `meter` is a serial number, empty where the feed names none.
    `digits` and `multiplier_micro` are null where the feed does not say. `method` and `reason` are codes and
    words of the format. No foreign key to `feeds`: a feed's row is written after its readings.
    """

    __tablename__ = "register_reads"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("digits between 1 and 12", name="digits"),
        CheckConstraint("multiplier_micro > 0", name="multiplier"),
        Index(None, "feed_id"),
    )

    register_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("registers.id"), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[int]
    exponent: Mapped[int] = mapped_column(SmallInteger)
    digits: Mapped[int | None] = mapped_column(SmallInteger)
    multiplier_micro: Mapped[int | None]
    method: Mapped[str | None]
    reason: Mapped[str | None]
    feed_id: Mapped[int]
    line: Mapped[int | None] = mapped_column(Integer)


class RegisterReadHistory(Base):
    """What a read said before a feed replaced it."""

    __tablename__ = "register_read_history"
    __table_args__ = (Index(None, "register_id", "read_at"), Index(None, "replaced_by"))

    id: Mapped[int] = identity()
    register_id: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[datetime]
    kind: Mapped[str]
    meter: Mapped[str]
    figure: Mapped[int]
    exponent: Mapped[int] = mapped_column(SmallInteger)
    digits: Mapped[int | None] = mapped_column(SmallInteger)
    multiplier_micro: Mapped[int | None]
    method: Mapped[str | None]
    reason: Mapped[str | None]
    feed_id: Mapped[int]
    line: Mapped[int | None] = mapped_column(Integer)
    replaced_by: Mapped[int]
    replaced_at: Mapped[datetime]


class Consumption(Base):
    """What went through a register in [starts_at, ends_before), as a feed tells it: millionths of the
    register's unit, with the feed's sign. `quality` is a code of `meters.domain.quality`."""

    __tablename__ = "consumptions"
    __table_args__ = (
        CheckConstraint("ends_before > starts_at", name="span"),
        CheckConstraint("quality between 0 and 5", name="quality"),
        Index(None, "feed_id"),
    )

    register_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("registers.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_before: Mapped[datetime] = mapped_column(primary_key=True)
    micro: Mapped[int]
    quality: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[str | None]
    feed_id: Mapped[int]
    line: Mapped[int | None] = mapped_column(Integer)


class ConsumptionHistory(Base):
    """What was told of a span before a feed replaced it."""

    __tablename__ = "consumption_history"
    __table_args__ = (Index(None, "register_id", "starts_at"), Index(None, "replaced_by"))

    id: Mapped[int] = identity()
    register_id: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[datetime]
    ends_before: Mapped[datetime]
    micro: Mapped[int]
    quality: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[str | None]
    feed_id: Mapped[int]
    line: Mapped[int | None] = mapped_column(Integer)
    replaced_by: Mapped[int]
    replaced_at: Mapped[datetime]
