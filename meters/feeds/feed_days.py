"""Days of many channels as a file says them, in arrays: what is spooled, summarised and stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, Remark
from meters.domain.decimals import MISSING, IntArray
from meters.domain.units import Unit

Codes = npt.NDArray[np.uint8]
Small = npt.NDArray[np.int16]
BoolArray = npt.NDArray[np.bool_]

MIXED = -1
"""Stands for a day's one quality code where its intervals have different ones."""


@dataclass(frozen=True, slots=True)
class FeedChannel:
    """A channel as its first day in a file says it."""

    service_point: str
    channel: str
    unit: Unit
    direction: str
    offset_minutes: int

    @property
    def name(self) -> tuple[str, str]:
        return (self.service_point, self.channel)

    @property
    def kind(self) -> tuple[str | None, str]:
        """What all days of one channel share."""
        return (self.unit.base, self.direction)


@dataclass(frozen=True, slots=True, eq=False)
class FeedDays:
    """Days of n intervals, all of which `replace` or none does; a row is what a `Block` says.

    channel: int64 (r,), places in a list of FeedChannel; day: int64 (r,), ordinals; line, member: int64 (r,),
    0 for none; order: int64 (r,), rising as the file goes on. values: int64 (r, n), MISSING in holes;
    quality: int16 (r,), MIXED where `codes`, uint8 (k, n), has a row, in the order of the rows. `remarks` has
    the few rows that bear some.
    """

    channel: IntArray
    day: IntArray
    line: IntArray
    member: IntArray
    order: IntArray
    values: IntArray
    quality: Small
    codes: Codes
    replaces: bool
    remarks: Mapping[int, tuple[Remark, ...]]

    @property
    def size(self) -> int:
        """Intervals of a day."""
        return int(self.values.shape[1])

    def chosen(self, rows: IntArray) -> FeedDays:
        """Some of its rows, in the order of these places."""
        if rows.size == self.day.size and bool((np.diff(rows, prepend=-1) == 1).all()):
            return self
        mixed = self.quality == MIXED
        place = np.cumsum(mixed) - 1
        moved = {row: new for new, row in enumerate(rows.tolist())} if self.remarks else {}
        return FeedDays(
            self.channel[rows],
            self.day[rows],
            self.line[rows],
            self.member[rows],
            self.order[rows],
            self.values[rows],
            self.quality[rows],
            self.codes[place[rows][mixed[rows]]],
            self.replaces,
            {moved[row]: said for row, said in self.remarks.items() if row in moved},
        )

    def blocks(self, channels: Sequence[FeedChannel]) -> Iterator[Block]:
        """Its rows as blocks of these channels. A block knows no member."""
        codes = iter(self.codes)
        columns = (self.channel, self.day, self.line, self.quality)
        for row, (place, day, line, quality) in enumerate(
            zip(*(one.tolist() for one in columns), strict=True)
        ):
            channel = channels[place]
            yield Block(
                service_point=channel.service_point,
                channel=channel.channel,
                unit=channel.unit,
                direction=channel.direction,
                offset_minutes=channel.offset_minutes,
                day=date.fromordinal(day),
                interval_minutes=1440 // self.size,
                values=self.values[row],
                quality=next(codes) if quality == MIXED else quality,
                replaces=self.replaces,
                line=line or None,
                remarks=self.remarks.get(row, ()),
            )


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """All days of some channels of a file, one a channel and day; a few megabytes.

    `channels` are what the rows say, and perhaps more; a name stands there once for each standard time and
    spelling of its unit in which it comes.
    """

    channels: Sequence[FeedChannel]
    tables: Sequence[FeedDays]


def together(tables: Sequence[FeedDays]) -> Iterator[FeedDays]:
    """Tables of one shape joined into one."""
    shapes: dict[tuple[int, bool], list[FeedDays]] = {}
    for table in tables:
        if table.day.size:
            shapes.setdefault((table.size, table.replaces), []).append(table)
    for same in shapes.values():
        yield same[0] if len(same) == 1 else _joined(same)


def _joined(tables: Sequence[FeedDays]) -> FeedDays:
    remarks, before = dict[int, tuple[Remark, ...]](), 0
    for table in tables:
        remarks |= {row + before: said for row, said in table.remarks.items()}
        before += table.day.size
    return FeedDays(
        np.concatenate([table.channel for table in tables]),
        np.concatenate([table.day for table in tables]),
        np.concatenate([table.line for table in tables]),
        np.concatenate([table.member for table in tables]),
        np.concatenate([table.order for table in tables]),
        np.concatenate([table.values for table in tables]),
        np.concatenate([table.quality for table in tables]),
        np.concatenate([table.codes for table in tables]),
        tables[0].replaces,
        remarks,
    )


def days_of(blocks: Sequence[Block], channel: IntArray, order: IntArray, member: IntArray) -> FeedDays:
    """Blocks of one shape as a table; the arrays are columns of it."""
    mixed = [block.quality for block in blocks if isinstance(block.quality, np.ndarray)]
    size = blocks[0].values.size
    return FeedDays(
        channel,
        np.array([block.day.toordinal() for block in blocks], dtype=np.int64),
        np.array([block.line or 0 for block in blocks], dtype=np.int64),
        member,
        order,
        np.stack([block.values for block in blocks]),
        np.array(
            [MIXED if isinstance(block.quality, np.ndarray) else block.quality for block in blocks],
            dtype=np.int16,
        ),
        np.stack(mixed) if mixed else np.zeros((0, size), dtype=np.uint8),
        blocks[0].replaces,
        {row: block.remarks for row, block in enumerate(blocks) if block.remarks},
    )


def channel_of(block: Block) -> FeedChannel:
    """The channel a block says it is of."""
    return FeedChannel(block.service_point, block.channel, block.unit, block.direction, block.offset_minutes)


def part_of(blocks: Iterable[Block]) -> Part:
    """Blocks, one a channel and day, as a part."""
    channels: dict[FeedChannel, int] = {}
    shapes: dict[tuple[int, bool], list[tuple[int, int, Block]]] = {}
    for order, block in enumerate(blocks):
        number = channels.setdefault(channel_of(block), len(channels))
        shapes.setdefault((block.values.size, block.replaces), []).append((number, order, block))
    tables = []
    for rows in shapes.values():
        numbers, orders, same = zip(*rows, strict=True)
        none = np.zeros(len(rows), dtype=np.int64)
        tables.append(days_of(same, np.array(numbers), np.array(orders), none))
    return Part(tuple(channels), tables)


def renumbered(table: FeedDays, places: IntArray) -> FeedDays:
    """The table with `places[number]` for each channel's number."""
    return replace(table, channel=places[table.channel])


__all__ = [
    "MISSING",
    "MIXED",
    "FeedChannel",
    "FeedDays",
    "Part",
    "channel_of",
    "days_of",
    "part_of",
    "renumbered",
    "together",
]
