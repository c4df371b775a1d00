"""Letters to staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class StaffMail(Base):
    """A letter to staff on its way, as it will be read. `key` and address are asked for once: a repeat is the
    same letter. A worker that takes it up holds it until `lease_until`."""

    __tablename__ = "staff_mail"
    __table_args__ = (
        UniqueConstraint("key", "address"),
        CheckConstraint("state in ('waiting', 'sent', 'dead')", name="state"),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent_has_a_time"),
        Index("ix_staff_mail_due", "not_before", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = identity()
    key: Mapped[str]
    address: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    message_id: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    last_error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
