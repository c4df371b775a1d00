"""Whole days of many channels at once: a binary COPY straight into one array.

For whoever prices or scores the whole base. `usage` gives any span of any grids, as known at any instant,
with every reading's mask; this gives whole days as they are known now, of the channels that share the
commonest grid. Rows without a hole and of one interval are one structured array: nothing is done a reading.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from psycopg.sql import SQL, Literal
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.block_stream import BoolArray, IntArray
from utility_crm.kit.driver import driver_cursor

_HEAD = 19  # signature, flags, length of the extension: nothing of ours
_EPOCH_2000 = date(2000, 1, 1)
_ARRAY_HEAD = 20
_SELECT = SQL(
    "copy (select channel_id, day, micro from blocks where channel_id = any({channels}::bigint[]) "
    "and day between {first} and {last}) to stdout (format binary)"
)


@dataclass(frozen=True, slots=True, eq=False)
class BulkUsage:
    """micro: int64 (channels, days * intervals of a day), millionths, zero where missing. missing: bool of
    that shape, None where nothing is. starts_at: UTC, the first day's start. others: channels on another
    grid, or on several."""

    channel_ids: tuple[int, ...]
    starts_at: datetime
    interval_minutes: int
    micro: IntArray
    missing: BoolArray | None
    others: tuple[int, ...]


def bulk_usage(
    session: Session, channel_ids: Sequence[int], first_day: date, last_day: date
) -> BulkUsage | None:
    """Days [first_day, last_day] of the channels' standard time. None where none has a reading in them."""
    if not channel_ids or last_day < first_day:
        return None
    statement = _SELECT.format(
        channels=Literal(list(channel_ids)), first=Literal(first_day), last=Literal(last_day)
    )
    with driver_cursor(session) as cursor, cursor.copy(statement) as copy:
        messages = [bytes(message) for message in copy]
    offsets = _offsets(session, channel_ids)
    rows = _rows(messages)
    if not rows:
        return None
    return _table(rows, channel_ids, offsets, first_day, (last_day - first_day).days + 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of one interval length. day: int64, days since 2000. present: None where all readings are
    there."""

    channel_id: IntArray
    day: IntArray
    micro: IntArray
    present: BoolArray | None


def _offsets(session: Session, channel_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        text("select id, offset_minutes from channels where id = any(:ids)"), {"ids": list(channel_ids)}
    )
    return {row[0]: row[1] for row in rows}


def _rows(messages: list[bytes]) -> list[_Rows]:
    """PostgreSQL sends a row a message, the head with the first, and two bytes to end with."""
    if not messages:
        return []
    messages[0] = messages[0][_HEAD:]
    by_length: dict[int, list[bytes]] = {}
    for message in messages:
        by_length.setdefault(len(message), []).append(message)
    found = []
    for length, group in by_length.items():
        if length <= 2:
            continue  # the end
        whole = _whole(group, length)
        found += [whole] if whole is not None else _one_by_one(group)
    return found


def _whole(group: list[bytes], length: int) -> _Rows | None:
    """Rows of one length without a hole; None if any of them has one, or another shape."""
    size, rest = divmod(length - 2 - 12 - 8 - 4 - _ARRAY_HEAD, 12)
    if size < 1 or rest:
        return None
    fields = np.dtype(
        [
            ("fields", ">i2"), ("l1", ">i4"), ("channel", ">i8"), ("l2", ">i4"), ("day", ">i4"),
            ("l3", ">i4"), ("dims", ">i4"), ("holes", ">i4"), ("oid", ">i4"), ("size", ">i4"),
            ("lower", ">i4"),
            ("pairs", [("n", ">i4"), ("value", ">i8")], (size,)),
        ]
    )  # fmt: skip
    rows = np.frombuffer(b"".join(group), dtype=fields)
    if (rows["size"] != size).any() or rows["holes"].any():
        return None
    return _Rows(rows["channel"].astype(np.int64), rows["day"].astype(np.int64), rows["pairs"]["value"], None)


def _one_by_one(group: list[bytes]) -> list[_Rows]:
    """Rows with holes: by their size, each parsed by itself; they are few."""
    by_size: dict[int, list[bytes]] = {}
    for message in group:
        (size,) = struct.unpack_from(">i", message, 2 + 12 + 8 + 4 + 12)
        by_size.setdefault(size, []).append(message)
    found = []
    for size, rows in by_size.items():
        micro = np.zeros((len(rows), size), dtype=np.int64)
        present = np.zeros((len(rows), size), dtype=bool)
        channel, day = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
        for number, message in enumerate(rows):
            channel[number], day[number] = struct.unpack_from(">qxxxxi", message, 6)
            at = 2 + 12 + 8 + 4 + _ARRAY_HEAD
            for place in range(size):
                (length,) = struct.unpack_from(">i", message, at)
                at += 4
                if length == 8:
                    (micro[number, place],) = struct.unpack_from(">q", message, at)
                    present[number, place] = True
                    at += 8
        found.append(_Rows(channel, day, micro, present))
    return found


def _table(
    rows: list[_Rows], channel_ids: Sequence[int], offsets: dict[int, int], first_day: date, days: int
) -> BulkUsage:
    """The channels of the commonest (readings a day, offset), one row each, in the order asked for."""
    sizes: dict[int, set[int]] = {}
    for part in rows:
        for channel in np.unique(part.channel_id).tolist():
            sizes.setdefault(channel, set()).add(part.micro.shape[1])
    grids: dict[tuple[int, int], list[int]] = {}
    for channel in dict.fromkeys(channel_ids):
        if len(found := sizes.get(channel, set())) == 1:
            grids.setdefault((next(iter(found)), offsets[channel]), []).append(channel)
    empty: tuple[tuple[int, int], list[int]] = ((1, 0), [])
    (size, offset), chosen = max(grids.items(), key=lambda pair: len(pair[1]), default=empty)
    order = np.argsort(chosen)
    ordered = np.array(chosen, dtype=np.int64)[order]
    micro = np.empty((len(chosen), days, size), dtype=np.int64)
    there = np.zeros((len(chosen), days), dtype=bool)
    holes: list[tuple[IntArray, IntArray, BoolArray]] = []
    first = (first_day - _EPOCH_2000).days
    for part in rows:
        if part.micro.shape[1] != size or not chosen:
            continue
        place = np.searchsorted(ordered, part.channel_id)
        place[place == ordered.size] = 0
        mine = ordered[place] == part.channel_id
        inside = slice(None) if mine.all() else mine
        row, day = order[place[inside]], part.day[inside] - first
        micro[row, day] = part.micro[inside]
        there[row, day] = True
        if part.present is not None:
            holes.append((row, day, part.present[inside]))
    missing: BoolArray | None = None
    if holes or not there.all():
        micro[~there] = 0
        missing = np.repeat(~there[:, :, None], size, axis=2)
        for row, day, present in holes:
            missing[row, day] = ~present
        missing = missing.reshape(len(chosen), -1)
    others = tuple(
        channel for channel in dict.fromkeys(channel_ids) if channel in sizes and channel not in chosen
    )
    start = datetime(first_day.year, first_day.month, first_day.day, tzinfo=UTC) - timedelta(minutes=offset)
    return BulkUsage(tuple(chosen), start, 1440 // size, micro.reshape(len(chosen), -1), missing, others)
