"""Who listens, what they are to hear, and what came of telling them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class WebhookSubscription(Base):
    """An address of another system, and the kinds of event it hears of.

    state: on; paused (events wait until it is on again); off (nothing is kept for it). `off_because`: gone
    (it answered 410), failing (nothing arrived for days) or person. `personal`: payloads carry names,
    addresses and words. `secret` and `old_secret` are sealed; both sign until `old_secret_until`.
    `failures`: tries that failed one after another since `failing_since`; `rests_until`: nothing is tried
    before.
    """

    __tablename__ = "webhook_subscriptions"
    __table_args__ = (
        CheckConstraint("state in ('on', 'paused', 'off')", name="state"),
        CheckConstraint("off_because in ('', 'gone', 'failing', 'person')", name="off_because"),
        CheckConstraint("cardinality(events) > 0", name="events"),
        CheckConstraint("(old_secret is null) = (old_secret_until is null)", name="old_secret"),
    )

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    personal: Mapped[bool] = mapped_column(server_default="false")
    secret: Mapped[str]
    old_secret: Mapped[str | None]
    old_secret_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(server_default="on")
    off_because: Mapped[str] = mapped_column(server_default="")
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class WebhookEvent(Base):
    """Something that happened and somebody listens to. `name` is its webhook-id, the same however often and
    to however many it is sent; `data` names no person but by number, `personal` is the rest, kept only where
    a listener may have it."""

    __tablename__ = "webhook_events"
    __table_args__ = (Index(None, "made_at"), Index(None, "customer_id"))

    id: Mapped[int] = identity()
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    customer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="SET NULL")
    )
    data: Mapped[dict[str, Any]]
    personal: Mapped[dict[str, Any] | None]
    made_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class WebhookDelivery(Base):
    """An event on its way to one listener. A try is counted before it begins; who holds the lease tries."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("subscription_id", "event_id"),
        CheckConstraint("state in ('waiting', 'arrived', 'dead')", name="state"),
        Index(None, "event_id"),
        Index(
            "ix_webhook_deliveries_waiting",
            "subscription_id",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = identity()
    subscription_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhook_subscriptions.id", ondelete="CASCADE")
    )
    event_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("webhook_events.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    first_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One try: what was answered (status 0: nothing), how long it took, and how the words began."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index(None, "delivery_id"),)

    id: Mapped[int] = identity()
    delivery_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhook_deliveries.id", ondelete="CASCADE")
    )
    at: Mapped[datetime]
    status: Mapped[int]
    millis: Mapped[int]
    detail: Mapped[str] = mapped_column(server_default="")
