"""Readings of many channels on one axis, now or as they were known at an instant.

For whoever prices, explains or scores readings: one statement, arrays out. What was known at T is what a
feed received at or before T had brought and none received at or before T had replaced; the blocks and their
history say both. A run that fixes its instant calls `settle_readings`; an ingest must call `enter_readings`
first in its transaction and stamp its feed with what that returns. So no feed can slip in behind an instant
already used.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from psycopg.sql import SQL
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.block_stream import (
    COLUMNS,
    BlockRows,
    BoolArray,
    IntArray,
    stream_blocks,
    stream_versions,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_DOOR = 7_302_001  # advisory lock of the readings' door
_LOOK_SECONDS = 0.02

# Transactions that hold the door now. Waiting in its queue instead would make every later feed wait behind.
_INSIDE = """
select virtualtransaction from pg_locks
where locktype = 'advisory' and classid = 0 and objid = :door and objsubid = 1 and granted
  and database = (select oid from pg_database where datname = current_database())
  and pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True, eq=False)
class UsageTable:
    """Channels that share interval and phase. micro: int64 (channels, intervals), millionths of the channel's
    unit, zero where missing. missing, estimated: bool of that shape; estimated is all that was not measured.

    starts_at: the first interval's start, UTC, the first at or after the instant asked for.
    """

    channel_ids: tuple[int, ...]
    starts_at: datetime
    interval_minutes: int
    micro: IntArray
    missing: BoolArray
    estimated: BoolArray


def usage(
    session: Session,
    channel_ids: Sequence[int],
    starts_at: datetime,
    ends_before: datetime,
    known_at: datetime | None = None,
) -> tuple[UsageTable, ...]:
    """The intervals that begin in [starts_at, ends_before), a table for each interval length and phase.

    A channel without a block in the span is in no table. A channel whose interval changes inside the span is
    given at the shortest length that all of its intervals divide; there, an interval with any part missing is
    missing.
    """
    if not channel_ids or ends_before <= starts_at:
        return ()
    start, end = _minute(starts_at), _minute(ends_before)
    span = {**_span(channel_ids, starts_at, ends_before), "start": start, "end": end}
    rows = stream_blocks(session, _NOW if known_at is None else _THEN, {**span, "known_at": known_at})
    return _tables(channel_ids, rows, start, end)


def usage_at_instants(
    session: Session,
    channel_ids: Sequence[int],
    starts_at: datetime,
    ends_before: datetime,
    instants: Sequence[datetime | None],
) -> list[tuple[UsageTable, ...]]:
    """`usage` as known at each of several instants (None: now), in one statement."""
    if not channel_ids or ends_before <= starts_at:
        return [() for _ in instants]
    values = {
        **_span(channel_ids, starts_at, ends_before),
        "instants": [instant or _FOREVER for instant in instants],
    }
    versions = stream_versions(session, _VERSIONS, values)
    start, end = _minute(starts_at), _minute(ends_before)
    return [
        _tables(channel_ids, versions.get(number, []), start, end) for number in range(1, len(instants) + 1)
    ]


def settle_readings(session: Session) -> datetime:
    """An instant at which everything received is visible and after which every feed will be stamped.

    Waits for the ingests that are under way at that instant, and for no other; none waits for it. Call it
    before the first read of a run. Who enters later is stamped later: the stamp is taken behind the door.
    """
    instant = session.scalar(text("select clock_timestamp()"))
    assert isinstance(instant, datetime)
    inside = session.scalars(text(_INSIDE), {"door": _DOOR}).all()
    while inside:
        time.sleep(_LOOK_SECONDS)
        inside = [one for one in session.scalars(text(_INSIDE), {"door": _DOOR}) if one in inside]
    return instant


def enter_readings(session: Session) -> datetime:
    """Called first by whoever writes blocks: holds the door until the transaction ends, and returns the
    instant to stamp its feed with (`feeds.received_at`)."""
    session.execute(text("select pg_advisory_xact_lock_shared(:door)"), {"door": _DOOR})
    instant = session.scalar(text("select clock_timestamp()"))
    assert isinstance(instant, datetime)
    return instant


def _select(table: str, more: str) -> SQL:
    return SQL(
        f"select {COLUMNS} from {table} b join channels c on c.id = b.channel_id {more} "
        "where b.channel_id = any(%(channels)s::bigint[]) and b.day between %(first)s and %(last)s "
        "and (b.day - date '1970-01-01') * 1440 - c.offset_minutes between %(start)s - 1439 and %(end)s - 1"
    )


_NOW = _select("blocks", "")
_RECEIVED = "join feeds f on f.id = b.feed_id and f.received_at <= %(known_at)s"
_REPLACED_LATER = "join feeds r on r.id = b.replaced_by and r.received_at > %(known_at)s"
_THEN = SQL(" union all ").join(
    [_select("blocks", _RECEIVED), _select("block_history", f"{_RECEIVED} {_REPLACED_LATER}")]
)


_VERSIONS = SQL(
    f"select {COLUMNS}, i.number from ("
    "  select channel_id, day, quality, micro, qualities, feed_id, null::bigint as replaced_by from blocks"
    "  where channel_id = any(%(channels)s::bigint[]) and day between %(first)s and %(last)s"
    "  union all"
    "  select channel_id, day, quality, micro, qualities, feed_id, replaced_by from block_history"
    "  where channel_id = any(%(channels)s::bigint[]) and day between %(first)s and %(last)s"
    ") b join channels c on c.id = b.channel_id join feeds f on f.id = b.feed_id "
    "left join feeds r on r.id = b.replaced_by "
    "join unnest(%(instants)s::timestamptz[]) with ordinality as i(instant, number) "
    "on f.received_at <= i.instant and (b.replaced_by is null or r.received_at > i.instant)"
)


def _span(channel_ids: Sequence[int], starts_at: datetime, ends_before: datetime) -> dict[str, Any]:
    """What every select is asked with. A day of standard time is at most 14 hours ahead of UTC, or 12
    behind."""
    return {
        "channels": list(channel_ids),
        "first": _utc_date(starts_at - timedelta(hours=26)),
        "last": _utc_date(ends_before + timedelta(hours=14)),
    }


def _utc_date(instant: datetime) -> date:
    return instant.astimezone(UTC).date()


def _minute(instant: datetime) -> int:
    """Epoch minutes, rounded up."""
    return -((_EPOCH - instant) // timedelta(minutes=1))


def _tables(
    channel_ids: Sequence[int], groups: Iterable[BlockRows], start: int, end: int
) -> tuple[UsageTable, ...]:
    """start, end: epoch minutes of the span."""
    found = [rows for group in groups if (rows := _inside(group, start, end)) is not None]
    grids: dict[tuple[int, int], list[int]] = {}
    by_channel = _grid_of_channels(found)
    for channel in dict.fromkeys(channel_ids):
        if channel in by_channel:
            grids.setdefault(by_channel[channel], []).append(channel)
    return tuple(
        _table(interval, phase, channels, found, start, end)
        for (interval, phase), channels in sorted(grids.items())
    )


def _inside(rows: BlockRows, start: int, end: int) -> BlockRows | None:
    """The rows whose day meets the span."""
    meets = (rows.first_minute + 1440 > start) & (rows.first_minute < end)
    if meets.all():
        return rows if meets.size else None
    if not meets.any():
        return None
    return BlockRows(
        rows.channel_id[meets],
        rows.first_minute[meets],
        rows.micro[meets],
        rows.present[meets],
        rows.estimated[meets],
    )


def _grid_of_channels(groups: Sequence[BlockRows]) -> dict[int, tuple[int, int]]:
    """Each channel's interval length and phase in minutes."""
    grids: dict[int, tuple[int, int]] = {}
    for rows in groups:
        channels, firsts = np.unique(rows.channel_id, return_index=True)
        for channel, minute in zip(channels.tolist(), rows.first_minute[firsts].tolist(), strict=True):
            interval = rows.interval_minutes
            if channel in grids:
                interval = int(np.lcm(grids[channel][0], interval))
            grids[channel] = (interval, minute % interval)
    return grids


def _table(
    interval: int, phase: int, channels: list[int], groups: Sequence[BlockRows], start: int, end: int
) -> UsageTable:
    first = -((phase - start) // interval) * interval + phase
    size = max(0, -((first - end) // interval))
    whole = _of_whole_days(interval, channels, groups, first, size)
    if whole is not None:
        return UsageTable(tuple(channels), _EPOCH + timedelta(minutes=first), interval, *whole)
    micro = np.zeros((len(channels), size), dtype=np.int64)
    missing = np.ones((len(channels), size), dtype=bool)
    estimated = np.zeros((len(channels), size), dtype=bool)
    order = np.argsort(channels)
    ordered = np.array(channels, dtype=np.int64)[order]
    for rows in groups:
        place = np.searchsorted(ordered, rows.channel_id)
        place[place == ordered.size] = 0
        mine = ordered[place] == rows.channel_id
        if not mine.any():
            continue
        factor = interval // rows.interval_minutes
        values, present, guessed = _coarser(
            rows.micro[mine], rows.present[mine], rows.estimated[mine], factor
        )
        at = (rows.first_minute[mine] - first) // interval
        columns = at[:, None] + np.arange(values.shape[1], dtype=np.int64)
        flat = (order[place[mine]] * size)[:, None] + columns
        keep = present & (columns >= 0) & (columns < size)
        chosen = flat[keep]
        micro.reshape(-1)[chosen] = values[keep]
        missing.reshape(-1)[chosen] = False
        estimated.reshape(-1)[chosen] = guessed[keep]
    return UsageTable(tuple(channels), _EPOCH + timedelta(minutes=first), interval, micro, missing, estimated)


def _of_whole_days(
    interval: int, channels: list[int], groups: Sequence[BlockRows], first: int, size: int
) -> tuple[IntArray, BoolArray, BoolArray] | None:
    """The arrays of a table, laid down a day at a time, which is ten times as fast as interval by interval.
    None where days are of several lengths or begin at several times of UTC."""
    order = np.argsort(channels)
    ordered = np.array(channels, dtype=np.int64)[order]
    mine: list[tuple[BlockRows, IntArray, BoolArray]] = []
    for rows in groups:
        place = np.minimum(np.searchsorted(ordered, rows.channel_id), ordered.size - 1)
        known = ordered[place] == rows.channel_id
        if known.any():
            mine.append((rows, order[place], known))
    starts = {int(minute) for rows, _, known in mine for minute in np.unique(rows.first_minute[known] % 1440)}
    if len(starts) != 1 or any(rows.interval_minutes != interval for rows, _, _ in mine):
        return None
    begins = first - (first - starts.pop()) % 1440
    skipped = (first - begins) // interval
    days = -(-(skipped + size) * interval // 1440)
    shape = (len(channels), days, 1440 // interval)
    micro, missing = np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=bool)
    estimated = np.zeros(shape, dtype=bool)
    for rows, place, known in mine:
        day = (rows.first_minute - begins) // 1440
        inside = known & (day >= 0) & (day < days)
        at = (place, day) if inside.all() else (place[inside], day[inside])
        chosen = slice(None) if inside.all() else inside
        micro[at], missing[at] = rows.micro[chosen], ~rows.present[chosen]
        if rows.estimated.any():
            estimated[at] = rows.estimated[chosen]
    span = slice(skipped, skipped + size)
    flat = (len(channels), -1)
    return micro.reshape(flat)[:, span], missing.reshape(flat)[:, span], estimated.reshape(flat)[:, span]


def _coarser(
    micro: IntArray, present: BoolArray, estimated: BoolArray, factor: int
) -> tuple[IntArray, BoolArray, BoolArray]:
    """`factor` neighbours as one: summed; present only where all are."""
    if factor == 1:
        return micro, present, estimated
    days, size = micro.shape
    shape = (days, size // factor, factor)
    sums = micro.reshape(shape).sum(axis=2, dtype=np.int64)
    whole: BoolArray = np.logical_and.reduce(present.reshape(shape), axis=2)
    guessed: BoolArray = np.logical_or.reduce(estimated.reshape(shape), axis=2)
    return sums, whole, guessed
