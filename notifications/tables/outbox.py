"""Notices on their way, and the demo's mailbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class OutboxNotice(Base):
    """A notice on its way. `key` is deterministic: asking twice queues once.

    `about` is what it is about ("bill:F-000123", "outage:7"), so that all of it can be counted or taken
    back. `priority` orders what is due, lowest first. After `useful_before` it is not worth sending.
    `reason` names why it is withheld, or what a waiting one waits for. `claims` counts how often a worker
    took it up, `attempts` how often a try ended; they differ by the workers that died.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'sending', 'sent', 'dead', 'withheld')", name="state"),
        CheckConstraint("state <> 'withheld' or reason is not null", name="withheld_has_a_reason"),
        CheckConstraint("(state = 'sending') = (lease_until is not null)", name="sending_has_a_lease"),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent_has_a_time"),
        Index(
            "ix_outbox_due",
            "priority",
            "not_before",
            "id",
            postgresql_where=text("state in ('waiting', 'sending')"),
        ),
        Index(None, "customer_id", "created_at"),
        Index(None, "about"),
    )

    id: Mapped[int] = identity()
    key: Mapped[str] = mapped_column(unique=True)
    notice: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="")
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    purpose: Mapped[str]
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    urgent: Mapped[bool] = mapped_column(server_default="false")
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="50")
    context: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str | None]
    not_before: Mapped[datetime]
    useful_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    claims: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    subject: Mapped[str | None]
    message_id: Mapped[str | None]


class MailboxMessage(Base):
    """The demo's mailbox: what would have gone into the world. It honours keys as a provider does:
    the same `message_id` again only counts up `deliveries`."""

    __tablename__ = "mailbox"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    deliveries: Mapped[int] = mapped_column(SmallInteger, server_default="1")
