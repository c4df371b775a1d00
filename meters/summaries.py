"""A channel of a file in one entry: how many readings, of what sum and quality, and from when to when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt

from meters.domain.accumulated import Consumption
from meters.domain.blocks import MISSING
from meters.domain.decimals import IntArray, decimal_text
from meters.domain.quality import ORDER, Quality
from meters.domain.units import Unit
from meters.feeds.feed_days import MIXED, FeedChannel, FeedDays, Part
from meters.feeds.spool import SaidItem


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """One channel of a file. `interval_minutes` is empty where consumption was accumulated. `total` counts
    millionths of the unit's base; `missing` the holes between first and last reading; the two instants bound
    the readings present, None where there are none."""

    service_point: str
    channel: str
    unit: Unit
    direction: str
    interval_minutes: tuple[int, ...]
    readings: int
    missing: int
    total: int
    starts_at: datetime | None
    ends_before: datetime | None
    quality: dict[str, int]

    def document(self) -> dict[str, Any]:
        """The promised shape."""
        intervals = list(self.interval_minutes)
        return {
            "service_point": self.service_point,
            "channel": self.channel,
            "unit": self.unit.declared,
            "interval_minutes": intervals[0] if len(intervals) == 1 else intervals or None,
            "readings": self.readings,
            "missing": self.missing,
            "total": decimal_text(self.total, self.unit.decimals),
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "ends_before": self.ends_before.isoformat() if self.ends_before else None,
            "quality": self.quality,
        }


def consumption_summaries(items: Iterable[SaidItem]) -> list[tuple[int, ChannelSummary]]:
    """Each channel of what was accumulated, with its place in the order of the file."""
    channels: dict[tuple[str, str], _Accumulated] = {}
    for order, _member, item in items:
        if isinstance(item, Consumption):
            name = (item.service_point, item.channel)
            if name not in channels:
                channels[name] = _Accumulated(order, item, item.starts_at, item.ends_before)
            channels[name].add(item)
    return [(found.order, found.summary()) for found in channels.values()]


def day_summaries(part: Part) -> Iterator[tuple[int, ChannelSummary]]:
    """Each channel of a part, with its place in the order of the file."""
    if not part.tables:
        return
    names: dict[tuple[str, str], int] = {}
    name_of = np.array([names.setdefault(one.name, len(names)) for one in part.channels], dtype=np.int64)
    counts, days = np.zeros((len(names), len(Quality)), dtype=np.int64), list[_Days]()
    for table in part.tables:
        name = name_of[table.channel]
        present = table.values != MISSING
        _count(counts, table, name, present)
        days.append(_days(table, name, present))
    all_days = _Days(*(np.concatenate(column) for column in zip(*map(_columns, days), strict=True)))
    order = np.lexsort((all_days.day, all_days.name))
    begins = np.flatnonzero(np.diff(all_days.name[order], prepend=-1))
    for rows in np.split(order, begins[1:]):
        own = all_days.chosen(rows)
        yield int(own.order.min()), _summary(part.channels, own, counts[own.name[0]])


@dataclass(frozen=True, slots=True, eq=False)
class _Days:
    """Days of any size, an int64 array each: the number of the channel's name, its place in the part's
    channels, the ordinal, the place in the file, intervals, readings, their sum, holes before the first and
    behind the last reading (no meaning without one)."""

    name: IntArray
    channel: IntArray
    day: IntArray
    order: IntArray
    size: IntArray
    held: IntArray
    total: IntArray
    lead: IntArray
    trail: IntArray

    def chosen(self, rows: IntArray) -> _Days:
        return _Days(*(column[rows] for column in _columns(self)))


def _columns(days: _Days) -> tuple[IntArray, ...]:
    """The columns."""
    return tuple(getattr(days, column) for column in _Days.__slots__)


def _days(table: FeedDays, name: IntArray, present: npt.NDArray[np.bool_]) -> _Days:
    return _Days(
        name,
        table.channel,
        table.day,
        table.order,
        np.full(name.size, table.size, dtype=np.int64),
        present.sum(axis=1),
        np.where(present, table.values, 0).sum(axis=1),
        present.argmax(axis=1),
        present[:, ::-1].argmax(axis=1),
    )


def _count(counts: IntArray, table: FeedDays, name: IntArray, present: npt.NDArray[np.bool_]) -> None:
    """Add a table's readings by quality; of days that replace, the holes too."""
    held, mixed = present.sum(axis=1), table.quality == MIXED
    np.add.at(counts, (name[~mixed], table.quality[~mixed]), held[~mixed])
    if mixed.any():
        of_reading = np.broadcast_to(name[mixed][:, None], table.codes.shape)
        shown = present[mixed]
        np.add.at(counts, (of_reading[shown], table.codes[shown]), 1)
    if table.replaces:
        np.add.at(counts[:, Quality.MISSING], name, table.size - held)


def _summary(channels: Sequence[FeedChannel], days: _Days, counts: IntArray) -> ChannelSummary:
    """Of one channel's days in order."""
    first = channels[days.channel[0]]
    starts_at, ends_before, span = _span(channels, days)
    readings = int(counts.sum() - counts[Quality.MISSING])
    return ChannelSummary(
        service_point=first.service_point,
        channel=first.channel,
        unit=first.unit,
        direction=first.direction,
        interval_minutes=tuple(dict.fromkeys((1440 // days.size).tolist())),
        readings=readings,
        missing=span - readings,
        # A day always sums in int64, a channel's years need not.
        total=sum(days.total.tolist()),
        starts_at=starts_at,
        ends_before=ends_before,
        quality={quality.word: int(counts[quality]) for quality in ORDER if counts[quality]},
    )


def _span(channels: Sequence[FeedChannel], days: _Days) -> tuple[datetime | None, datetime | None, int]:
    """First and last bound of the readings, and how many intervals lie between; an absent day has as many as
    the day before it."""
    held = np.flatnonzero(days.held)
    if not held.size:
        return None, None, 0
    first, last = int(held[0]), int(held[-1])
    lead, trail = int(days.lead[first]), int(days.trail[last])
    size, gaps = days.size[first : last + 1], np.diff(days.day[first : last + 1]) - 1
    span = int(size.sum()) - lead - trail + int((gaps * size[:-1]).sum())
    begun = _midnight(channels, days, first) + timedelta(minutes=lead * 1440 // int(days.size[first]))
    ended = _midnight(channels, days, last) + timedelta(minutes=1440 - trail * (1440 // int(days.size[last])))
    return begun, ended, span


def _midnight(channels: Sequence[FeedChannel], days: _Days, row: int) -> datetime:
    offset = timezone(timedelta(minutes=channels[days.channel[row]].offset_minutes))
    return datetime.combine(date.fromordinal(int(days.day[row])), time(), offset)


@dataclass(slots=True)
class _Accumulated:
    """One channel's periods so far."""

    order: int
    first: Consumption
    starts_at: datetime
    ends_before: datetime
    readings: int = 0
    total: int = 0
    counts: Counter[int] = field(default_factory=Counter)

    def add(self, period: Consumption) -> None:
        self.starts_at = min(self.starts_at, period.starts_at)
        self.ends_before = max(self.ends_before, period.ends_before)
        self.readings += 1
        self.total += period.micro
        self.counts[period.quality] += 1

    def summary(self) -> ChannelSummary:
        return ChannelSummary(
            service_point=self.first.service_point,
            channel=self.first.channel,
            unit=self.first.unit,
            direction=self.first.direction,
            interval_minutes=(),
            readings=self.readings,
            missing=0,
            total=self.total,
            starts_at=self.starts_at,
            ends_before=self.ends_before,
            quality={quality.word: self.counts[quality] for quality in ORDER if self.counts[quality]},
        )
