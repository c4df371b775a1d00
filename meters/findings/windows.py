"""Channels with the days before today, as matrices: what the clock looks over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray
from meters.usage import usage

DAYS = 90
RECENT = 14
"""The days that are judged again; all of DAYS are where a channel was never looked over."""
AT_ONCE = 250
"""Channels of one matrix: nine million readings' worth of memory is 70 MB."""

# Channels that an ingest holds are left for the next call: who judges a channel's days holds its lock.
_DUE = """
select c.id, c.offset_minutes, coalesce(r.timezone, 'UTC') as zone, p.channel_id is null as new
from channels c
join service_points s on s.id = c.service_point_id
left join premises r on r.id = s.premise_id
left join channel_profiles p on p.channel_id = c.id
where p.channel_id is null or p.as_of < :today
order by c.id limit :limit for no key update of c skip locked
"""


@dataclass(frozen=True, slots=True)
class DueChannel:
    """A channel that was not looked over today; `new` if it never was."""

    id: int
    offset_minutes: int
    zone: str
    new: bool


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """c channels of one standard time, zone and interval over d days. micro: int64 (c, d, n), zero in holes;
    missing, measured: bool (c, d, n); new: bool (c,). days: ordinals, int64 (d,)."""

    channel_id: IntArray
    new: BoolArray
    offset_minutes: int
    zone: str
    days: IntArray
    micro: IntArray
    missing: BoolArray
    measured: BoolArray

    @property
    def size(self) -> int:
        """Intervals of a day."""
        return int(self.micro.shape[2])

    @property
    def interval_minutes(self) -> int:
        return 1440 // self.size


def due_channels(session: Session, today: date, limit: int) -> list[DueChannel]:
    """Channels to look over today, locked."""
    rows = session.execute(text(_DUE), {"today": today, "limit": limit})
    return [DueChannel(*row) for row in rows]


def windows(session: Session, channels: Sequence[DueChannel], today: date) -> Iterator[Window]:
    """Their last DAYS days before today, a few hundred channels at a time. A channel without a reading in
    these days is in none."""
    groups: dict[tuple[int, str], list[DueChannel]] = {}
    for channel in channels:
        groups.setdefault((channel.offset_minutes, channel.zone), []).append(channel)
    first = today - timedelta(days=DAYS)
    for (offset, zone), group in sorted(groups.items()):
        for start in range(0, len(group), AT_ONCE):
            part = group[start : start + AT_ONCE]
            new = {channel.id for channel in part if channel.new}
            begins, ends = (
                datetime.combine(day, time(), UTC) - timedelta(minutes=offset) for day in (first, today)
            )
            for table in usage(session, [channel.id for channel in part], begins, ends):
                shape = (len(table.channel_ids), DAYS, -1)
                yield Window(
                    np.array(table.channel_ids, dtype=np.int64),
                    np.array([one in new for one in table.channel_ids]),
                    offset,
                    zone,
                    np.arange(first.toordinal(), today.toordinal(), dtype=np.int64),
                    table.micro.reshape(shape),
                    table.missing.reshape(shape),
                    ~(table.missing | table.estimated).reshape(shape),
                )
