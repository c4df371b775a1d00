"""Notices on their way, and the demo's mailbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class OutboxNotice(Base):
    """A notice on its way. `key` is deterministic: asking twice queues once.

    `about` is what it is about ("bill:F-000123", "outage:7"), so that all of it can be counted or taken
    back. `priority` orders what is due, lowest first. After `useful_before` it is not worth sending.
    `reason` names why it is withheld, or what a waiting one waits for. `claims` counts how often a worker
    took it up, `attempts` how often a try ended; they differ by the workers that died.

    `channels` are the ways it may go, best first; `channel` is the one it goes now. When that one refuses it,
    or `fall_back_at` comes without a receipt, the next is tried. A `parked` one may have arrived and may not:
    a person decides. A `gathered` one lies in a batch of letters that nobody has handed over yet. `receipt`
    is the newest that the provider told of it. One that was joined with others into one letter names that
    letter: `digest_id`. `version`: of the words it was written with, 0 for the files of its kind. An
    `addressed` one answers somebody where they wrote from: it goes there alone, and of them we may know no
    more than that.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'sending', 'sent', 'dead', 'withheld', 'parked', 'gathered')", name="state"
        ),
        CheckConstraint("state <> 'withheld' or reason is not null", name="withheld_has_a_reason"),
        CheckConstraint("(state = 'sending') = (lease_until is not null)", name="sending_has_a_lease"),
        CheckConstraint("(state = 'sent') = (sent_at is not null)", name="sent_has_a_time"),
        CheckConstraint("customer_id is not null or addressed", name="to_somebody"),
        Index(
            "ix_outbox_due",
            "channel",
            "priority",
            "not_before",
            "id",
            postgresql_where=text("state in ('waiting', 'sending')"),
        ),
        Index(
            "ix_outbox_fall_back",
            "fall_back_at",
            postgresql_where=text("state = 'sent' and fall_back_at is not null"),
        ),
        Index("ix_outbox_digest_id", "digest_id", postgresql_where=text("digest_id is not null")),
        Index("ix_outbox_for_a_person", "id", postgresql_where=text("state in ('dead', 'parked')")),
        Index(
            "ix_outbox_put_off",
            "customer_id",
            postgresql_where=text("state = 'waiting' and reason = 'daily_cap'"),
        ),
        Index(None, "message_id"),
        Index(None, "customer_id", "created_at"),
        Index(None, "about"),
    )

    id: Mapped[int] = identity()
    key: Mapped[str] = mapped_column(unique=True)
    notice: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="")
    customer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE")
    )
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("accounts.id"))
    addressed: Mapped[bool] = mapped_column(server_default="false")
    purpose: Mapped[str]
    channel: Mapped[str]
    channels: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default="{email}")
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
    fall_back_at: Mapped[datetime | None]
    receipt: Mapped[str | None]
    receipt_at: Mapped[datetime | None]
    subject: Mapped[str | None]
    message_id: Mapped[str | None]
    digest_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("outbox.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(Integer, server_default="0")


class NoticeEvent(Base):
    """What was decided about a notice on its way, and by whom where it was a person; tries and receipts have
    tables of their own."""

    __tablename__ = "notice_events"
    __table_args__ = (
        CheckConstraint(
            "kind in ('put_off', 'withheld', 'another_way', 'parked', 'given_up', 'again', "
            "'considered_sent', 'dropped', 'taken_back', 'joined', 'left_out')",
            name="kind",
        ),
        Index(None, "notice_id"),
    )

    id: Mapped[int] = identity()
    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outbox.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    kind: Mapped[str]
    reason: Mapped[str | None]
    detail: Mapped[str] = mapped_column(server_default="")
    by_user: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))


class DeliveryAttempt(Base):
    """One try to hand a notice to a channel. Where the other side knows no keys it is written before the try,
    so that a worker's death in the middle can be told from one before it: `ended_at` is null then."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        CheckConstraint("outcome in ('taken', 'later', 'refused', 'unknown')", name="outcome"),
        CheckConstraint("(outcome is null) = (ended_at is null)", name="ended_with_an_outcome"),
        Index(None, "notice_id"),
        Index(None, "message_id"),
    )

    id: Mapped[int] = identity()
    notice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outbox.id", ondelete="CASCADE"))
    channel: Mapped[str]
    address: Mapped[str]
    message_id: Mapped[str]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    detail: Mapped[str] = mapped_column(server_default="")
    provider_id: Mapped[str] = mapped_column(server_default="")


class Receipt(Base):
    """What a provider told of a notice afterwards, once for its event. `early`: it was still being sent here;
    that is acted on when it is settled."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("provider", "event"),
        CheckConstraint("kind in ('delivered', 'read', 'bounced', 'failed', 'complained')", name="kind"),
        Index(None, "notice_id"),
        Index(None, "received_at"),
        Index("ix_receipts_early", "message_id", postgresql_where=text("early")),
    )

    id: Mapped[int] = identity()
    provider: Mapped[str]
    event: Mapped[str]
    notice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("outbox.id", ondelete="CASCADE"))
    message_id: Mapped[str]
    kind: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    early: Mapped[bool] = mapped_column(server_default="false")


class Suppression(Base):
    """An address that nothing is sent to, whoever has it, until it is lifted."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("reason in ('bounced', 'complained', 'asked')", name="reason"),
        Index(
            "ix_suppressions_standing",
            "channel",
            "address",
            unique=True,
            postgresql_where=text("lifted_at is null"),
        ),
    )

    id: Mapped[int] = identity()
    channel: Mapped[str]
    address: Mapped[str]
    reason: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    lifted_because: Mapped[str] = mapped_column(server_default="")


class MailboxMessage(Base):
    """The demo's mailbox: what would have gone into the world. It honours keys as a provider does:
    the same `message_id` again only counts up `deliveries`."""

    __tablename__ = "mailbox"

    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    channel: Mapped[str] = mapped_column(server_default="email")
    recipient: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    deliveries: Mapped[int] = mapped_column(SmallInteger, server_default="1")
