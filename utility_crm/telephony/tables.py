"""Calls, and what the telephone system told of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class Call(Base):
    """A call as its events say it is (`telephony.domain.calls`); written anew whenever one comes.

    provider_call: the telephone system's name of it, or ours until it told its own. number_said is the other
    side's number as told, `number` the same as E.164, or empty. `user_id` has the call, or had it last.
    `customer_id`: who it is, once that is known; `caller`: what was noted of one nobody knows. `contact_id`:
    what was logged of it. `relation_id`: whoever called was not the customer, but this one of theirs.
    """

    __tablename__ = "calls"
    __table_args__ = (
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        CheckConstraint("state in ('dialling', 'ringing', 'answered', 'held', 'ended')", name="state"),
        Index(None, "customer_id", "began_at"),
        Index(None, "began_at"),
        Index("ix_calls_open", "user_id", postgresql_where=text("ended_at is null")),
        Index(None, "contact_id"),
        Index(None, "relation_id"),
    )

    id: Mapped[int] = identity()
    provider_call: Mapped[str] = mapped_column(unique=True)
    direction: Mapped[str]
    state: Mapped[str]
    number_said: Mapped[str] = mapped_column(server_default="")
    number: Mapped[str] = mapped_column(server_default="")
    line: Mapped[str] = mapped_column(server_default="")
    extension: Mapped[str] = mapped_column(server_default="")
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    began_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    talked_seconds: Mapped[int] = mapped_column(server_default="0")
    held_seconds: Mapped[int] = mapped_column(server_default="0")
    recording: Mapped[str] = mapped_column(server_default="")
    customer_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="SET NULL")
    )
    contact_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("contacts.id", ondelete="SET NULL"))
    relation_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("relations.id", ondelete="SET NULL")
    )
    caller: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")


class CallEventRow(Base):
    """One event as it was told, once for its name; `at` is when it happened, `told_at` when we heard."""

    __tablename__ = "call_events"

    call_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    event: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    told_at: Mapped[datetime]
    extension: Mapped[str] = mapped_column(server_default="")
    number: Mapped[str] = mapped_column(server_default="")
    line: Mapped[str] = mapped_column(server_default="")
    recording: Mapped[str] = mapped_column(server_default="")
