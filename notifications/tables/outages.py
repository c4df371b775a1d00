"""Times without supply."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Outage(Base):
    """A time without supply at a node of the network and everything below it; announced twice, it is one."""

    __tablename__ = "outages"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="half_open"),
        UniqueConstraint("node_id", "starts_at", "ends_at"),
        Index(None, "node_id", "ends_at"),
    )

    id: Mapped[int] = identity()
    node_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("network_nodes.id"))
    planned: Mapped[bool] = mapped_column(server_default="true")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
