"""What a file says, kept until its end is known: in memory while it is little, on disk beyond that.

A reader finds out at the last line that a file is cut off, and a later line may replace or take back an
earlier one. So nothing can be stored before the end, and a gigabyte of file cannot stay in memory until
then. What is above a budget goes to a temporary file without a name, a bucket of channels apart, and comes
back a bucket at a time: memory is bounded by the budget and by a channel's own days, not by the file.

Nothing grows with the file but where its buckets lie (a few bytes a megabyte).
"""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, Any
from zlib import crc32

import numpy as np

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import MISSING, Block, BlockKey, BlockRun
from meters.domain.decimals import IntArray
from meters.domain.problems import refusal
from meters.domain.units import Unit
from meters.feeds.feed_days import FeedChannel, FeedDays, channel_of, days_of, renumbered, together
from meters.feeds.lines import Unreadable

BUDGET_BYTES = 2**25
"""Of days in memory; packing them for the disk takes about as much again."""
BUCKETS = 64

Accumulated = RegisterRead | Consumption
SaidItem = tuple[int, int, Accumulated]
"""A read or a consumption behind its place in the order of the file and its member."""

_BLOCK_COST = 500
"""Bytes that a block or a run takes beside its values."""
_ITEM_COST = 1_000
_HALF = np.iinfo(np.int32)


TakenBack = tuple[BlockKey, int, int]
"""A day, its place in the order of the file, the member."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """What came of a bucket's channels in a stretch of the file: days by shape, and days taken back.

    The tables come without their values; `values()` brings those, table by table.
    """

    channels: Sequence[FeedChannel]
    tables: Sequence[FeedDays]
    taken_back: Sequence[TakenBack]
    values: Callable[[], Sequence[IntArray]]


@dataclass(frozen=True, slots=True)
class _Place:
    """A pickle in the file, and where there is one the pickle of values behind it."""

    offset: int
    length: int
    values_length: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Packed:
    """A segment with its values in their tables."""

    channels: Sequence[FeedChannel]
    tables: Sequence[FeedDays]
    taken_back: Sequence[TakenBack]

    def opened(self) -> Segment:
        """For who reads it."""
        return Segment(
            self.channels, self.tables, self.taken_back, lambda: [table.values for table in self.tables]
        )


@dataclass(slots=True)
class Spool:
    """`add` and `take_back` in the order of the file, then `buckets`. Raises Unreadable where the disk has no
    room."""

    budget_bytes: int = BUDGET_BYTES
    rows: int = 0
    accumulated: int = 0
    _channels: dict[FeedChannel, int] = field(default_factory=dict)
    _blocks: dict[tuple[int, bool], list[tuple[int, int, int, Block]]] = field(default_factory=dict)
    _runs: list[FeedDays] = field(default_factory=list)
    _taken_back: list[TakenBack] = field(default_factory=list)
    _items: list[SaidItem] = field(default_factory=list)
    _held: int = 0
    _order: int = 0
    _file: IO[bytes] | None = None
    _end: int = 0
    _buckets: list[list[_Place]] = field(default_factory=lambda: [[] for _ in range(BUCKETS)])
    _item_places: list[list[_Place]] = field(default_factory=lambda: [[] for _ in range(BUCKETS)])

    def add(self, said: Block | BlockRun, member: int = 0) -> None:
        """Keep a day, or many, of the file's member of this number."""
        if isinstance(said, Block):
            number = self._channels.setdefault(channel_of(said), len(self._channels))
            shape = (said.values.size, said.replaces)
            self._blocks.setdefault(shape, []).append((number, self._order, member, said))
            rows = 1
        else:
            self._runs.append(self._days_of_run(said, member))
            rows = said.days.size
        self._order += rows
        self.rows += rows
        self._held += _BLOCK_COST + said.values.nbytes
        self._spill_if_full()

    def take_back(self, key: BlockKey, member: int = 0) -> None:
        """Forget what was said of a day so far."""
        self._taken_back.append((key, self._order, member))
        self._order += 1
        self._held += _BLOCK_COST
        self._spill_if_full()

    def add_accumulated(self, item: Accumulated, member: int = 0) -> None:
        """Keep a read or a consumption."""
        self._items.append((self._order, member, item))
        self._order += 1
        self.accumulated += 1
        self._held += _ITEM_COST
        self._spill_if_full()

    @property
    def said(self) -> int:
        """One more than the last place in the order of the file."""
        return self._order

    def buckets(self) -> Iterator[list[Segment]]:
        """All that was said, apart by channel: whatever speaks of one channel is in one bucket, in the order
        of the file."""
        rest = self._packed()
        if self._file is None:
            yield [rest.opened()] if rest else []
            return
        split = _split(rest) if rest else {}
        for number, places in enumerate(self._buckets):
            segments = [self._segment(place) for place in places]
            if number in split:
                segments.append(split[number].opened())
            yield segments

    def item_buckets(self) -> Iterator[list[SaidItem]]:
        """Reads and consumptions, apart by service point, each bucket in the order of the file."""
        if self._file is None:
            yield self._items
            return
        rest = _items_by_bucket(self._items)
        for number, places in enumerate(self._item_places):
            held = [item for place in places for item in self._read(place.offset, place.length)]
            yield held + rest.get(number, [])

    def clear(self) -> None:
        """Forget everything."""
        if self._file is not None:
            self._file.close()
        self.__init__(self.budget_bytes)  # type: ignore[misc]

    def _days_of_run(self, run: BlockRun, member: int) -> FeedDays:
        key = FeedChannel(run.service_point, run.channel, run.unit, run.direction, run.offset_minutes)
        number, count = self._channels.setdefault(key, len(self._channels)), run.days.size
        return FeedDays(
            np.full(count, number, dtype=np.int64),
            run.days,
            run.lines,
            np.full(count, member, dtype=np.int64),
            np.arange(self._order, self._order + count, dtype=np.int64),
            run.values,
            run.quality,
            np.zeros((0, run.values.shape[1]), dtype=np.uint8),
            run.replaces,
            {},
        )

    def _packed(self) -> _Packed | None:
        """What is held, as one segment; it is held as that from then on."""
        tables = self._runs
        for rows in self._blocks.values():
            numbers, orders, members, blocks = zip(*rows, strict=True)
            columns = (np.array(column, dtype=np.int64) for column in (numbers, orders, members))
            tables.append(days_of(blocks, *columns))
        self._blocks.clear()
        self._runs = list(together(tables))
        if not (self._runs or self._taken_back):
            return None
        return _Packed(tuple(self._channels), tuple(self._runs), tuple(self._taken_back))

    def _spill_if_full(self) -> None:
        if self._held < self.budget_bytes:
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="utility-crm-feed-")  # noqa: SIM115
            if self._items:
                for number, items in _items_by_bucket(self._items).items():
                    self._item_places[number].append(_Place(*self._write(items)))
                self._items = []
            packed = self._packed()
            for number, part in (_split(_last_said(packed)) if packed else {}).items():
                bare = [replace(table, values=table.values[:0]) for table in part.tables]
                head = self._write((_plain(part.channels), bare, part.taken_back))
                _offset, length = self._write([_narrow(table.values) for table in part.tables])
                self._buckets[number].append(_Place(*head, length))
        except OSError as error:
            message = f"The disk has no room for what this file holds: {error.strerror}."
            raise Unreadable(refusal("no_room", message)) from error
        self._runs, self._taken_back, self._held = [], [], 0
        self._channels.clear()

    def _write(self, what: object) -> tuple[int, int]:
        """Offset and length."""
        assert self._file is not None
        data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
        self._file.seek(self._end)
        self._file.write(data)
        self._end += len(data)
        return self._end - len(data), len(data)

    def _segment(self, place: _Place) -> Segment:
        plain, tables, taken_back = self._read(place.offset, place.length)

        def values() -> Sequence[IntArray]:
            return [_widened(held) for held in self._read(place.offset + place.length, place.values_length)]

        return Segment(_channels(plain), tables, taken_back, values)

    def _read(self, offset: int, length: int) -> Any:
        assert self._file is not None
        self._file.seek(offset)
        return pickle.loads(self._file.read(length))  # noqa: S301 - written by this object, without a name


def _plain(channels: Sequence[FeedChannel]) -> tuple[list[Unit], list[tuple[Any, ...]]]:
    """Channels without an object each: there may be more of them than days of any."""
    units: dict[Unit, int] = {}
    rows = [
        (*one.name, units.setdefault(one.unit, len(units)), one.direction, one.offset_minutes)
        for one in channels
    ]
    return list(units), rows


def _channels(plain: tuple[list[Unit], list[tuple[Any, ...]]]) -> list[FeedChannel]:
    units, rows = plain
    return [FeedChannel(point, name, units[unit], *more) for point, name, unit, *more in rows]


def _last_said(segment: _Packed) -> _Packed:
    """Without days that a later one of the same channel replaces: a day said again and again takes no room.

    Only where all days of a channel agree on what it is; else the first of them still counts. And only within
    a member of a zip: whether a later member is refused is not known yet, and then its fellow's day stands.
    """
    alike = Counter(channel.name for channel in segment.channels)
    single = np.array([alike[channel.name] == 1 for channel in segment.channels], dtype=np.bool_)
    tables = []
    for table in segment.tables:
        if table.replaces:
            key = np.where(single[table.channel], table.channel * 2**20 + table.day, -1 - table.order)
            last = np.lexsort((table.order, table.member, key))
            other = (np.diff(key[last]) != 0) | (np.diff(table.member[last]) != 0)
            last = last[np.append(other, True)]
            table = table if last.size == key.size else table.chosen(np.sort(last))
        tables.append(table)
    return replace(segment, tables=tables)


def _split(segment: _Packed) -> dict[int, _Packed]:
    """The segment by bucket, each with its own channels."""
    buckets = np.array([_bucket(*channel.name) for channel in segment.channels], dtype=np.int64)
    places = np.zeros(buckets.size, dtype=np.int64)
    channels: dict[int, list[FeedChannel]] = {}
    for number, (bucket, channel) in enumerate(zip(buckets.tolist(), segment.channels, strict=True)):
        mine = channels.setdefault(bucket, [])
        places[number] = len(mine)
        mine.append(channel)
    tables: dict[int, list[FeedDays]] = {}
    for table in segment.tables:
        of_row = buckets[table.channel]
        order = np.argsort(of_row, kind="stable")
        found, starts = np.unique(of_row[order], return_index=True)
        for bucket, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
            tables.setdefault(bucket, []).append(renumbered(table.chosen(rows), places))
    taken_back: dict[int, list[TakenBack]] = {}
    for key, order_of, member in segment.taken_back:
        taken_back.setdefault(_bucket(key[0], key[1]), []).append((key, order_of, member))
    return {
        bucket: _Packed(channels.get(bucket, []), tables.get(bucket, []), taken_back.get(bucket, []))
        for bucket in tables.keys() | taken_back.keys()
    }


def _items_by_bucket(items: Sequence[SaidItem]) -> dict[int, list[SaidItem]]:
    found: dict[int, list[SaidItem]] = {}
    for said in items:
        found.setdefault(_bucket(said[2].service_point, ""), []).append(said)
    return found


def _bucket(service_point: str, channel: str) -> int:
    return crc32(f"{service_point}\0{channel}".encode("utf-8", "surrogatepass")) % BUCKETS


def _narrow(values: IntArray) -> IntArray:
    """In four bytes where they fit, which is nearly everywhere."""
    missing = values == MISSING
    most = int(values.max(initial=0, where=~missing))
    if most > _HALF.max or int(values.min(initial=0, where=~missing)) <= _HALF.min:
        return values
    return np.where(missing, _HALF.min, values).astype(np.int32)


def _widened(values: IntArray) -> IntArray:
    """As they were before they were made narrow."""
    if values.dtype == np.int64:
        return values
    wide = values.astype(np.int64)
    wide[values == _HALF.min] = MISSING
    return wide
