"""Channels, feeds, and readings kept as blocks: one row is one channel's day."""

from __future__ import annotations

from datetime import date, datetime
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


class Channel(Base):
    """One stream of readings of a service point, in one unit and direction (the customer's: import, export).

    `offset_minutes` is its standard time, a fixed offset from UTC that never moves; a block's day is a day of
    it.
    """

    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("service_point_id", "name"),
        CheckConstraint("direction in ('import', 'export')", name="direction"),
        CheckConstraint("unit in ('kWh', 'kVArh', 'm3')", name="unit"),
    )

    id: Mapped[int] = identity()
    service_point_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service_points.id"))
    name: Mapped[str]
    unit: Mapped[str]
    direction: Mapped[str]
    offset_minutes: Mapped[int] = mapped_column(SmallInteger)


class Feed(Base):
    """One file or batch that arrived, or an edit or estimate made here, and what became of it.

    `received_at` is when its readings came to be known (see `meters.usage.enter_readings`). `repeat_of` is
    the feed that took the same file before. `options` say how it was read; the same file read otherwise is
    another feed. `members` names the files inside its zip, which its blocks count from 1. `rule` and `reason`
    say how and why an edit or estimate was made, `user_id` by whom.
    """

    __tablename__ = "feeds"
    __table_args__ = (
        CheckConstraint("status in ('ok', 'partial', 'rejected', 'unchanged')", name="status"),
        CheckConstraint("source in ('file', 'push', 'edit', 'estimate')", name="source"),
        Index(None, "sha256"),
        Index(None, "received_at"),
        Index("ix_feeds_uncounted", "id", postgresql_where=text("counted_at is null")),
    )

    id: Mapped[int] = identity()
    name: Mapped[str]
    sha256: Mapped[str]
    format: Mapped[str | None]
    status: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    readings: Mapped[int] = mapped_column(server_default="0")
    blocks_added: Mapped[int] = mapped_column(server_default="0")
    blocks_changed: Mapped[int] = mapped_column(server_default="0")
    blocks_unchanged: Mapped[int] = mapped_column(server_default="0")
    problems: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    user_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    repeat_of: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("feeds.id"))
    source: Mapped[str] = mapped_column(server_default="file")
    rule: Mapped[str | None]
    reason: Mapped[str | None]
    members: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    counted_at: Mapped[datetime | None]
    """When `meters.completeness` counted its days."""


class Block(Base):
    """One channel's day. `micro` holds 1440 / interval readings in millionths of the channel's unit, NULL
    missing.

    `quality` is one code for the whole day, or NULL when `qualities` carries one for each interval. `line` is
    where in its feed the day begins, `member` (from 1) in which of `feeds.members`, NULL for a plain file.
    Partitioned by month of `day`, or a TimescaleDB hypertable where the server has it. No foreign key stands
    here: the ingest makes its channels in the same transaction, and a check a row would cost it a third of
    its speed.
    """

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("1440 % cardinality(micro) = 0", name="whole_day"),
        CheckConstraint("(quality is null) <> (qualities is null)", name="one_quality"),
        Index(None, "feed_id"),
        {"postgresql_partition_by": "RANGE (day)"},
    )

    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    micro: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    quality: Mapped[int | None] = mapped_column(SmallInteger)
    qualities: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    feed_id: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[int | None] = mapped_column(Integer)
    member: Mapped[int | None] = mapped_column(SmallInteger)


class BlockHistory(Base):
    """What a block held before a feed replaced it: with it, usage as known at any instant is a query."""

    __tablename__ = "block_history"
    __table_args__ = (Index(None, "channel_id", "day"), Index(None, "replaced_by"))

    id: Mapped[int] = identity()
    channel_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    micro: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger))
    quality: Mapped[int | None] = mapped_column(SmallInteger)
    qualities: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    feed_id: Mapped[int]
    replaced_by: Mapped[int]
    replaced_at: Mapped[datetime] = mapped_column(server_default=func.now())
    line: Mapped[int | None] = mapped_column(Integer)
    member: Mapped[int | None] = mapped_column(SmallInteger)


class BlockRemark(Base):
    """What the feed that brought a day says of its intervals [first, end) beside their values: how they were
    found (`method`, a code of the format) and why (`reason_code`, `reason`)."""

    __tablename__ = "block_remarks"
    __table_args__ = (
        CheckConstraint('0 <= first and first < "end" and "end" <= 1440', name="span"),
        Index(None, "channel_id", "day"),
    )

    id: Mapped[int] = identity()
    channel_id: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    feed_id: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[int] = mapped_column(SmallInteger)
    end: Mapped[int] = mapped_column(SmallInteger)
    method: Mapped[str | None]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
