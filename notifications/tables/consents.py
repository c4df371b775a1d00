"""What customers allow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Consent(Base):
    """What a customer allowed or withdrew, by purpose and channel; the newest row holds. `proof`: how we
    know.

    `recorded_by` is the member of staff who took it. A word that a customer confirmed by a link has the
    `address` the link went to and the digest of its token, by which the link is good once.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("purpose in ('service', 'marketing')", name="purpose"),
        CheckConstraint("channel in ('email', 'sms', 'messenger', 'push', 'letter', 'call')", name="channel"),
        Index(None, "customer_id", "purpose", "channel", "at"),
        Index(
            "ix_consents_marketing",
            "customer_id",
            "channel",
            "at",
            "id",
            postgresql_include=["granted"],
            postgresql_where=text("purpose = 'marketing'"),
        ),
        Index(
            "ix_consents_token_digest",
            "token_digest",
            unique=True,
            postgresql_where=text("token_digest <> ''"),
        ),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    channel: Mapped[str]
    granted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    proof: Mapped[str] = mapped_column(server_default="")
    recorded_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    address: Mapped[str] = mapped_column(server_default="")
    token_digest: Mapped[str] = mapped_column(server_default="")
