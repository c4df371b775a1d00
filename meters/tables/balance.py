"""Meters of the network itself, and what went through them against what the meters below them counted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base


class NodeMeter(Base):
    """The service point whose meter counts all that flows into a node of the network (import) and back out of
    it (export)."""

    __tablename__ = "node_meters"
    __table_args__ = (Index(None, "service_point_id", unique=True),)

    node_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("network_nodes.id"), primary_key=True, autoincrement=False
    )
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))


class EnergyBalance(Base):
    """One metered node's day: micro-kWh in, what its customers took less what they gave back, and how many of
    the channels that were due lack readings of the day (they count as they usually do)."""

    __tablename__ = "energy_balances"
    __table_args__ = (Index(None, "day"),)

    node_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("network_nodes.id"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    input_micro: Mapped[int] = mapped_column(BigInteger)
    supplied_micro: Mapped[int] = mapped_column(BigInteger)
    channels: Mapped[int] = mapped_column(Integer)
    short: Mapped[int] = mapped_column(Integer)
    computed_at: Mapped[datetime]
