"""One day of a service point by the clock on its wall, interval by interval: 46, 48 or 50 half-hours.

A local day lies in one or two days of a channel's standard time, so one query fetches at most two blocks a
channel by their key, whatever else is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.quality import Quality
from meters.service_points.channels import PointChannel

USUAL_MINUTES = 30
"""How long the intervals of a day without a reading are taken to be, of a channel that never sent any."""
CHANNELS_DRAWN = 8
"""Of one service point, at most."""
_MEASURED = (Quality.MISSING, Quality.ACTUAL)


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval. `micro`: millionths of the channel's unit, None where it is missing. `day` and `place`
    (from 0) say where it stands in its channel's standard time; `kept`: there is a block of that day.
    `begins` and `ends` are what the clock on the wall says."""

    starts_at: datetime
    ends_before: datetime
    micro: int | None
    quality: Quality
    day: date
    place: int
    kept: bool
    begins: str
    ends: str

    @property
    def estimated(self) -> bool:
        """It is there, and was not measured."""
        return self.micro is not None and self.quality not in _MEASURED


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """A channel's intervals from local midnight to local midnight, without a gap."""

    channel: PointChannel
    intervals: tuple[Interval, ...]

    @property
    def total(self) -> int:
        """Of what is there."""
        return sum(one.micro for one in self.intervals if one.micro is not None)

    @property
    def missing(self) -> int:
        return sum(one.micro is None for one in self.intervals)

    @property
    def estimated(self) -> int:
        return sum(one.estimated for one in self.intervals)

    @property
    def most(self) -> Interval | None:
        """The interval in which most was used; None where nothing was."""
        used = [one for one in self.intervals if one.micro]
        return max(used, key=lambda one: one.micro or 0, default=None)


@dataclass(frozen=True, slots=True)
class PointDay:
    """A service point's channels on one local day, which lasts from `starts_at` to `ends_before` (UTC)."""

    code: str
    zone: str
    day: date
    starts_at: datetime
    ends_before: datetime
    channels: tuple[ChannelDay, ...]

    @property
    def hours(self) -> int:
        """23, 24 or 25, in Europe."""
        return round((self.ends_before - self.starts_at) / timedelta(hours=1))


_BLOCKS = text("""
select b.channel_id, b.day, b.micro, b.quality, b.qualities
from blocks b
where b.channel_id = any(:channels) and b.day between :first and :last
order by b.channel_id, b.day
""")


def day_of(session: Session, channels: Sequence[PointChannel], day: date) -> PointDay:
    """The channels of one service point (at least one) on a day of its zone, in one query."""
    point = channels[0]
    starts_at, ends_before = local_day(day, point.zone)
    asked = {
        "channels": [one.id for one in channels],
        "first": min(_standard(starts_at, one) for one in channels).date(),
        "last": max(_standard(ends_before - timedelta(minutes=1), one) for one in channels).date(),
    }
    blocks: dict[tuple[int, date], Any] = {
        (row.channel_id, row.day): row for row in session.execute(_BLOCKS, asked)
    }
    zone = ZoneInfo(point.zone)
    days = tuple(
        ChannelDay(one, tuple(channel_intervals(one, blocks, starts_at, ends_before, zone)))
        for one in channels
    )
    return PointDay(point.code, point.zone, day, starts_at, ends_before, days)


def chosen_day(said: str, last_day: date | None, today: date) -> date:
    """The day that was said, if it is one until today; else the last one known, else yesterday."""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        day = None
    if day is not None and date(1990, 1, 1) <= day <= today:
        return day
    return min(last_day or today - timedelta(days=1), today)


def local_day(day: date, zone: str) -> tuple[datetime, datetime]:
    """When a day of the clock on the wall begins and ends, in UTC."""
    place = ZoneInfo(zone)
    first, last = (datetime.combine(one, time(), place) for one in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), last.astimezone(UTC)


def _standard(instant: datetime, channel: PointChannel) -> datetime:
    """The wall time of the channel's standard time, said as UTC."""
    return instant + timedelta(minutes=channel.offset_minutes)


def channel_intervals(
    channel: PointChannel,
    blocks: dict[tuple[int, date], Any],
    starts_at: datetime,
    ends_before: datetime,
    zone: ZoneInfo,
) -> Iterator[Interval]:
    """A channel's intervals that begin in [starts_at, ends_before). blocks: rows with micro, quality and
    qualities, by channel and day."""
    day, back = _standard(starts_at, channel).date(), timedelta(minutes=channel.offset_minutes)
    while (begins := datetime.combine(day, time(), UTC) - back) < ends_before:
        row = blocks.get((channel.id, day))
        size = len(row.micro) if row is not None else channel.readings or 1440 // USUAL_MINUTES
        length = timedelta(minutes=1440 // size)
        for place in range(size):
            at = begins + place * length
            if starts_at <= at < ends_before:
                yield _interval(row, day, place, at, at + length, zone)
        day += timedelta(days=1)


def _interval(row: Any, day: date, place: int, at: datetime, end: datetime, zone: ZoneInfo) -> Interval:
    walls = wall_clock(at, zone), wall_clock(end, zone)
    if row is None or row.micro[place] is None:
        return Interval(at, end, None, Quality.MISSING, day, place, row is not None, *walls)
    code = row.quality if row.qualities is None else row.qualities[place]
    return Interval(at, end, row.micro[place], Quality(code), day, place, True, *walls)


def wall_clock(at: datetime, zone: ZoneInfo) -> str:
    """What the clock on the wall says: 09:30; in an hour that comes twice with its name: 01:30 BST."""
    wall = at.astimezone(zone)
    other = wall.replace(fold=1 - wall.fold)
    twice = wall.utcoffset() != other.utcoffset()
    return f"{wall:%H:%M} {wall.tzname()}" if twice else f"{wall:%H:%M}"
