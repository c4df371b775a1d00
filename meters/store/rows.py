"""Days on their way into the database: arrays of one shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.quality import Quality
from meters.feeds.feed_days import MIXED, FeedDays

Codes = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]

_DAYS = 2**20  # more than there are days


@dataclass(frozen=True, slots=True, eq=False)
class DayRow:
    """What a feed says of one channel's day. values: int64 (n,), MISSING in holes; quality: a code, or uint8
    (n,); `spoken`, bool (n,), are the intervals it speaks for."""

    channel_id: int
    day: date
    values: IntArray
    quality: int | Codes
    spoken: BoolArray
    line: int
    member: int


@dataclass(frozen=True, slots=True, eq=False)
class DayTable:
    """Days of one length. channel_id, day (its ordinal), line, member (0: none): int64 (r,); micro: int64
    (r, n), MISSING in holes; spoken: bool (r, n).

    quality: int16 (r,), MIXED in all rows where `codes`, uint8 (r, n) with MISSING in holes, tells it.
    """

    channel_id: IntArray
    day: IntArray
    line: IntArray
    member: IntArray
    micro: IntArray
    spoken: BoolArray
    quality: npt.NDArray[np.int16]
    codes: Codes | None

    @property
    def size(self) -> int:
        """Intervals of a day."""
        return int(self.micro.shape[1])

    @property
    def readings(self) -> int:
        """Values present."""
        return int(np.count_nonzero(self.micro != MISSING))

    @property
    def key(self) -> IntArray:
        """A number a channel and day, in that order."""
        return keys(self.channel_id, self.day)

    def chosen(self, rows: BoolArray) -> DayTable:
        """Some of its rows."""
        return self if rows.all() else self.ordered(np.flatnonzero(rows))

    def ordered(self, rows: IntArray) -> DayTable:
        """The rows of these places, in their order."""
        return DayTable(
            self.channel_id[rows],
            self.day[rows],
            self.line[rows],
            self.member[rows],
            self.micro[rows],
            self.spoken[rows],
            self.quality[rows],
            None if self.codes is None else self.codes[rows],
        )

    def all_codes(self) -> Codes:
        """One code an interval, of no meaning in holes."""
        if self.codes is not None:
            return self.codes
        return np.broadcast_to(self.quality.astype(np.uint8)[:, None], self.micro.shape)


def keys(channel_id: IntArray, day: IntArray) -> IntArray:
    """A number a channel and day, in that order."""
    return channel_id * _DAYS + day


def tables_of(days: FeedDays, ids: IntArray) -> Iterator[DayTable]:
    """Days of a feed as tables, by channel and day, where `ids` are the channels' in the database."""
    channel_id = ids[days.channel]
    order = np.argsort(keys(channel_id, days.day), kind="stable")
    days, channel_id = days.chosen(order), channel_id[order]
    mixed = days.quality == MIXED
    all_of_it: BoolArray = np.ones((1, days.size), dtype=np.bool_)
    spoken = np.broadcast_to(all_of_it, days.values.shape) if days.replaces else days.values != MISSING
    for rows, codes in ((~mixed, None), (mixed, days.codes)):
        if rows.any():
            whole = DayTable(
                channel_id, days.day, days.line, days.member, days.values, spoken, days.quality, None
            )
            some = whole.chosen(rows)
            yield some if codes is None else _coded(some, some.quality, codes)


def tables_of_rows(rows: Iterable[DayRow]) -> Iterator[DayTable]:
    """Rows as tables of one shape each, in the order given within a shape."""
    shapes: dict[tuple[int, bool], list[DayRow]] = {}
    for row in rows:
        shapes.setdefault((row.values.size, isinstance(row.quality, np.ndarray)), []).append(row)
    for (_size, mixed), same in shapes.items():
        yield DayTable(
            np.array([row.channel_id for row in same], dtype=np.int64),
            np.array([row.day.toordinal() for row in same], dtype=np.int64),
            np.array([row.line for row in same], dtype=np.int64),
            np.array([row.member for row in same], dtype=np.int64),
            np.stack([row.values for row in same]),
            np.stack([row.spoken for row in same]),
            np.array([MIXED if mixed else row.quality for row in same], dtype=np.int16),
            np.stack([np.asarray(row.quality, dtype=np.uint8) for row in same]) if mixed else None,
        )


def with_one_code(table: DayTable, codes: Codes) -> Iterator[DayTable]:
    """The rows of a table under new codes, apart: those of one code, and those of several."""
    present = table.micro != MISSING
    least = np.where(present, codes, 255).min(axis=1)
    most = np.where(present, codes, 0).max(axis=1)
    empty = ~present.any(axis=1)
    quality = np.where(empty, int(Quality.MISSING), most).astype(np.int16)
    mixed = ~empty & (least != most)
    if not mixed.all():
        yield _coded(table, quality, None).chosen(~mixed)
    if mixed.any():
        held = np.where(present, codes, int(Quality.MISSING)).astype(np.uint8)
        yield _coded(table, np.full_like(quality, MIXED), held).chosen(mixed)


def _coded(table: DayTable, quality: npt.NDArray[np.int16], codes: Codes | None) -> DayTable:
    return DayTable(
        table.channel_id, table.day, table.line, table.member, table.micro, table.spoken, quality, codes
    )
