"""Service points, and the meters that stand at them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class ServicePoint(Base):
    """Where the network hands energy over (NMI, MPAN, EAN). Without a premise it is unassigned and never
    billed. `connection_micro_kw`: the power that the connection is made for, where it is known."""

    __tablename__ = "service_points"
    __table_args__ = (
        CheckConstraint("fuel in ('electricity', 'gas', 'water')", name="fuel"),
        CheckConstraint("connection_micro_kw > 0", name="connection"),
        Index(None, "premise_id"),
        Index("ix_service_points_code_begins", text("upper(code) text_pattern_ops")),
    )

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    premise_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("premises.id"))
    fuel: Mapped[str] = mapped_column(server_default="electricity")
    connection_micro_kw: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Meter(Base):
    """A device at a service point for a time; two never stand there at once."""

    __tablename__ = "meters"
    __table_args__ = (
        ExcludeConstraint(
            ("service_point_id", "="),
            (text("daterange(installed_on, removed_before)"), "&&"),
            name="ex_meters_one_at_a_time",
            using="gist",
        ),
        Index("ix_meters_serial_begins", text("upper(serial) text_pattern_ops")),
    )

    id: Mapped[int] = identity()
    serial: Mapped[str]
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))
    installed_on: Mapped[date]
    removed_before: Mapped[date | None]
