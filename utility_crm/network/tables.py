"""The network as a tree: area, feeder, transformer. Premises hang on a node of it; weather is an area's."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class NetworkNode(Base):
    """A place of the network. An area has no parent, a feeder hangs on an area, a transformer on a feeder."""

    __tablename__ = "network_nodes"
    __table_args__ = (
        CheckConstraint("kind in ('area', 'feeder', 'transformer')", name="kind"),
        CheckConstraint("(kind = 'area') = (parent_id is null)", name="areas_are_roots"),
        Index(None, "parent_id"),
    )

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("network_nodes.id"))


class Premise(Base):
    """An address where energy is used, in its own time zone."""

    __tablename__ = "premises"
    __table_args__ = (Index(None, "node_id"),)

    id: Mapped[int] = identity()
    code: Mapped[str] = mapped_column(unique=True)
    node_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("network_nodes.id"))
    address: Mapped[str]
    city: Mapped[str] = mapped_column(server_default="")
    postcode: Mapped[str] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(server_default="GB")
    timezone: Mapped[str]


class TemperatureDay(Base):
    """One area's temperatures of a day of UTC: `millicelsius` holds 1440 / interval values, NULL where none
    is known. A later file replaces the values it brings."""

    __tablename__ = "temperature_days"
    __table_args__ = (CheckConstraint("1440 % cardinality(millicelsius) = 0", name="whole_day"),)

    area_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("network_nodes.id"), primary_key=True, autoincrement=False
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    millicelsius: Mapped[list[int | None]] = mapped_column(ARRAY(Integer))
