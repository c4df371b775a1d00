"""What is counted of the days of readings, so that nobody has to open their arrays to see what is missing.

Channels are named without a foreign key: its check would wait for feeds under way, which lock theirs.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from utility_crm.kit.database import Base, identity


class ChannelSpan(Base):
    """The days between which a channel has readings, and how many a day it sends (on its last day)."""

    __tablename__ = "channel_spans"
    __table_args__ = (
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint("1440 % readings = 0", name="whole_day"),
    )

    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    readings: Mapped[int] = mapped_column(SmallInteger)
    first_day: Mapped[date]
    last_day: Mapped[date]


class OddDay(Base):
    """A day inside a channel's span that is not plain: whole, measured, in time, and of the usual length.

    `expected` is how many readings the day has places for; NULL where no reading came, so that it owes as
    many as the channel's last day. `received` of them are there, `estimated` of those were not measured, and
    `late` were measured but came after the day's deadline.
    """

    __tablename__ = "odd_days"
    __table_args__ = (
        CheckConstraint("received >= estimated + late and received <= coalesce(expected, 0)", name="adds_up"),
        Index(None, "day"),
    )

    channel_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    expected: Mapped[int | None] = mapped_column(SmallInteger)
    received: Mapped[int] = mapped_column(SmallInteger)
    estimated: Mapped[int] = mapped_column(SmallInteger)
    late: Mapped[int] = mapped_column(SmallInteger)


class CompletenessDay(Base):
    """Readings due and received of an area's meters of one segment on a day; `area_id` is NULL without one.

    `meters` are the service points due, `meters_short` those that lack a reading.
    """

    __tablename__ = "completeness_days"
    __table_args__ = (
        UniqueConstraint("day", "area_id", "segment", postgresql_nulls_not_distinct=True),
        CheckConstraint("received >= estimated + late and received <= expected", name="adds_up"),
        CheckConstraint("meters_short between 0 and meters", name="meters"),
    )

    id: Mapped[int] = identity()
    area_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("network_nodes.id", ondelete="CASCADE")
    )
    segment: Mapped[str]
    day: Mapped[date]
    expected: Mapped[int]
    received: Mapped[int]
    late: Mapped[int]
    estimated: Mapped[int]
    meters: Mapped[int] = mapped_column(Integer)
    meters_short: Mapped[int] = mapped_column(Integer)
    computed_at: Mapped[datetime]


class FeedSource(Base):
    """Files of one name but for its digits, which come again and again; how often, and whether one is late.

    `pattern` is a feed's name with every run of digits folded to `#`. It comes every `every_hours`: learned
    from when it came, or set by hand, in which case it is not learned anew. NULL: too few have come to say.
    `expected_by` is when the next should be there at the latest. `told_at`: ops was told that it is not.
    """

    __tablename__ = "feed_sources"
    __table_args__ = (
        UniqueConstraint("pattern"),
        CheckConstraint("every_hours > 0", name="forward"),
        CheckConstraint("every_hours is not null or expected_by is null", name="expected_if_regular"),
        Index("ix_feed_sources_expected_by", "expected_by"),
    )

    id: Mapped[int] = identity()
    pattern: Mapped[str]
    format: Mapped[str | None]
    every_hours: Mapped[int | None] = mapped_column(Integer)
    set_by_hand: Mapped[bool] = mapped_column(server_default="false")
    last_feed_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feeds.id"))
    last_received_at: Mapped[datetime]
    expected_by: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    muted: Mapped[bool] = mapped_column(server_default="false")
