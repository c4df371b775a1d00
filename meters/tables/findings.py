"""What validation found, who decided what about it, each channel's own history in short, and the rules."""

from __future__ import annotations

from datetime import date, datetime
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
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity

_SEGMENTS = "segment in ('household', 'small_business', 'industry', 'default')"


class Finding(Base):
    """Days in a row of one channel that one rule doubts. `detail` tells each day's intervals and figures.

    Of open findings no two of a rule and channel share a day. `feed_id` brought the readings (no foreign key:
    a feed's row is written after its readings); None where a job found it. `superseded`: the readings changed
    and the rule doubts them no more.
    """

    __tablename__ = "findings"
    __table_args__ = (
        CheckConstraint("state in ('open', 'accepted', 'estimated', 'edited', 'superseded')", name="state"),
        CheckConstraint("severity in ('warn', 'bad')", name="severity"),
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint("(state = 'open') = (decided_at is null)", name="decided"),
        CheckConstraint(
            "state not in ('accepted', 'estimated', 'edited') or reason is not null", name="reasoned"
        ),
        ExcludeConstraint(
            ("rule", "="),
            ("channel_id", "="),
            (text("daterange(first_day, last_day, '[]')"), "&&"),
            name="ex_findings_once",
            using="gist",
            where=text("state = 'open'"),
        ),
        Index(None, "channel_id", "last_day"),
        Index("ix_findings_open", "severity", "id", postgresql_where=text("state = 'open'")),
        Index(None, "decided_at"),
    )

    id: Mapped[int] = identity()
    rule: Mapped[str]
    channel_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("channels.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    severity: Mapped[str]
    detail: Mapped[dict[str, Any]]
    found_at: Mapped[datetime] = mapped_column(server_default=func.now())
    feed_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(server_default="open")
    decided_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    decided_feed_id: Mapped[int | None]
    """The feed by which an estimate or an edit was written."""


class ChannelProfile(Base):
    """A channel's own history in short, of the `days` whole measured days before `as_of`, the day on which
    the clock last looked it over. Few days make no history: the rules say how many they want.

    In millionths of its unit: `shape` the mean of each interval of its standard day, `most` its highest
    interval, `median_day` the middle of its days' sums. `longest_run` is the longest run of one value other
    than zero, in intervals; `zero_days` the most days of nothing in a row.
    """

    __tablename__ = "channel_profiles"
    __table_args__ = (
        CheckConstraint("1440 % cardinality(shape) = 0", name="whole_day"),
        Index(None, "as_of"),
    )

    channel_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    as_of: Mapped[date]
    days: Mapped[int] = mapped_column(SmallInteger)
    shape: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    most: Mapped[int]
    median_day: Mapped[int]
    longest_run: Mapped[int] = mapped_column(SmallInteger)
    zero_days: Mapped[int] = mapped_column(SmallInteger)


class ChannelLimit(Base):
    """The most that a meter can count in an hour, in millionths of the channel's unit."""

    __tablename__ = "channel_limits"
    __table_args__ = (CheckConstraint("micro_an_hour > 0", name="positive"),)

    channel_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    micro_an_hour: Mapped[int]


class ValidationRule(Base):
    """A rule as one segment has it; what stands here goes before the defaults in code."""

    __tablename__ = "validation_rules"
    __table_args__ = (CheckConstraint(_SEGMENTS, name="segment"),)

    segment: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool] = mapped_column(server_default="true")
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
