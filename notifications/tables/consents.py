"""What customers allow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Consent(Base):
    """What a customer allowed or withdrew, by purpose and channel; the newest row holds. `proof`: how we
    know."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("purpose in ('service', 'marketing')", name="purpose"),
        CheckConstraint("channel in ('email', 'sms', 'messenger', 'push', 'letter', 'call')", name="channel"),
        Index(None, "customer_id", "purpose", "channel", "at"),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    channel: Mapped[str]
    granted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    proof: Mapped[str] = mapped_column(server_default="")
