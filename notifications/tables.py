"""Consent, the outbox, the local mailbox, and outages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Consent(Base):
    """What a customer allowed or withdrew, by purpose and channel; the newest row holds. `proof` says how we know."""

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("purpose in ('service', 'marketing')", name="purpose"),
        CheckConstraint("channel in ('email', 'sms', 'letter')", name="channel"),
        Index(None, "customer_id", "purpose", "channel", "at"),
    )

    id: Mapped[int] = identity()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    channel: Mapped[str]
    granted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    proof: Mapped[str] = mapped_column(server_default="")


class OutboxNotice(Base):
    """A notice on its way. `key` is deterministic: asking twice queues once. A notice that may not be sent is kept
    as `withheld` with its named reason."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'sending', 'sent', 'dead', 'withheld')", name="state"),
        CheckConstraint("(state = 'withheld') = (reason is not null)", name="withheld_has_a_reason"),
        Index("ix_outbox_due", "not_before", postgresql_where=text("state in ('waiting', 'sending')")),
        Index(None, "customer_id", "created_at"),
    )

    id: Mapped[int] = identity()
    key: Mapped[str] = mapped_column(unique=True)
    notice: Mapped[str]
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    purpose: Mapped[str]
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    urgent: Mapped[bool] = mapped_column(server_default="false")
    context: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    reason: Mapped[str | None]
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
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


class Outage(Base):
    """A time without supply at a node of the network and everything below it."""

    __tablename__ = "outages"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="half_open"),
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
