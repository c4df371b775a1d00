"""Which of the days that a file says stand in the end: the last word on each, parts laid over each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from meters.domain.blocks import Block, overlay
from meters.domain.decimals import IntArray
from meters.domain.problems import Problem
from meters.feeds.feed_days import BoolArray, FeedChannel, FeedDays, Part, channel_of, days_of, together
from meters.feeds.spool import Segment

PART_BYTES = 2**24
"""Of values in one part. A channel is never divided."""

_DAYS = 2**20  # more than there are days
_BLOCKS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Days of a bucket without their values. channel: a place in its channels; name: the number of that
    channel's name; size: intervals; segment, table, row: where the rest of it lies (table -1: a day taken
    back)."""

    channel: IntArray
    name: IntArray
    day: IntArray
    order: IntArray
    replaces: BoolArray
    size: IntArray
    segment: IntArray
    table: IntArray
    row: IntArray

    def chosen(self, rows: IntArray | BoolArray) -> _Rows:
        return _Rows(*(getattr(self, column)[rows] for column in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """One bucket, settled. `problems` are those of days in another unit or direction than their channel began
    with."""

    problems: Sequence[Problem]
    _channels: Sequence[FeedChannel]
    _segments: Sequence[Segment]
    _alone: _Rows
    _laid: _Rows

    def any(self) -> bool:
        """Whether a day stands."""
        return bool(self._alone.day.size or self._laid.day.size)

    def days(self) -> IntArray:
        """Ordinals of all days that stand, each once."""
        return np.unique(np.concatenate([self._alone.day, self._laid.day]))

    def channels(self) -> list[FeedChannel]:
        """Every name that has a day left, as its first day says it."""
        rows = [np.concatenate([getattr(self._alone, one), getattr(self._laid, one)]) for one in _PLACED]
        name, order, channel = rows
        first = np.lexsort((order, name))
        begins = np.flatnonzero(np.diff(name[first], prepend=-1))
        return [self._channels[place] for place in channel[first[begins]].tolist()]

    def parts(self) -> Iterator[Part]:
        """The days that stand, some channels at a time."""
        alone, laid = self._alone, self._laid
        if not self.any():
            return
        count = 1 + int(max(alone.name.max(initial=-1), laid.name.max(initial=-1)))
        cost = np.bincount(alone.name, alone.size * 8, count) + np.bincount(laid.name, laid.size * 8, count)
        part_of_name = (np.cumsum(cost) - cost).astype(np.int64) // PART_BYTES
        for number in np.unique(part_of_name[np.concatenate([alone.name, laid.name])]).tolist():
            channels = dict[FeedChannel, int](zip(self._channels, range(len(self._channels)), strict=True))
            tables = [
                table for table, _rows in self._tables(alone.chosen(part_of_name[alone.name] == number))
            ]
            tables += self._overlaid(laid.chosen(part_of_name[laid.name] == number), channels)
            yield Part(tuple(channels), tuple(together(tables)))

    def _tables(self, rows: _Rows) -> Iterator[tuple[FeedDays, IntArray]]:
        """The rows with their values, a stored table at a time, and which of `rows` they are."""
        for number in np.unique(rows.segment).tolist():
            segment = self._segments[number]
            values = segment.values()
            for place in np.unique(rows.table[rows.segment == number]).tolist():
                mine = np.flatnonzero((rows.segment == number) & (rows.table == place))
                mine = mine[np.argsort(rows.row[mine])]
                whole = replace(segment.tables[place], values=values[place])
                yield replace(whole.chosen(rows.row[mine]), channel=rows.channel[mine]), mine

    def _overlaid(self, rows: _Rows, channels: dict[FeedChannel, int]) -> Iterator[FeedDays]:
        """Days said in parts, the parts of each laid over each other in their order."""
        made: dict[tuple[int, int], tuple[Block, int, int]] = {}
        rows = rows.chosen(np.argsort(rows.order))
        for start in range(0, rows.day.size, _BLOCKS_AT_ONCE):
            some = rows.chosen(np.arange(start, min(start + _BLOCKS_AT_ONCE, rows.day.size)))
            blocks: dict[int, tuple[Block, int]] = {}
            for table, mine in self._tables(some):
                said = zip(table.blocks(self._channels), table.member.tolist(), strict=True)
                blocks |= zip(mine.tolist(), said, strict=True)
            for row, (name, day) in enumerate(zip(some.name.tolist(), some.day.tolist(), strict=True)):
                block, member = blocks[row]
                earlier = made.get((name, day))
                made[name, day] = (
                    _laid_over(*earlier, block, member) if earlier else (block, member, int(some.order[row]))
                )
        shapes: dict[tuple[int, bool], list[tuple[Block, int, int]]] = {}
        for one in made.values():
            shapes.setdefault((one[0].values.size, one[0].replaces), []).append(one)
        for same in shapes.values():
            whole, members, orders = zip(*same, strict=True)
            numbers = [channels.setdefault(channel_of(block), len(channels)) for block in whole]
            yield days_of(whole, *(np.array(column, dtype=np.int64) for column in (numbers, orders, members)))


_PLACED = ("name", "order", "channel")


def settle(segments: Sequence[Segment], refused: Set[int], members: Sequence[str]) -> Settled:
    """A bucket's segments in the order of the file, without what members of these numbers (from 1) said.

    The unit and direction in which a channel begins are its own: a day in another is left out, with what was
    said of it before. A day taken back forgets what was said of it so far. A day that replaces stands over
    all before it, a part of a day is laid over them.
    """
    channels, names = dict[FeedChannel, int](), dict[tuple[str, str], int]()
    rows = _rows_of(segments, channels, names, refused)
    rows, strangers, own = _without_strangers(rows, tuple(channels))
    problems = _changed(strangers, own, tuple(channels), segments, members)
    count = strangers.day.size
    strangers = replace(strangers, table=np.full(count, -1), replaces=np.ones(count, dtype=np.bool_))
    said = _joined([rows, strangers, _taken_back(segments, names, refused)])
    key = said.name * _DAYS + said.day
    if said.day.size == rows.day.size and bool(np.diff(np.sort(key)).all()):
        alone, laid = rows, rows.chosen(np.zeros(0, dtype=np.int64))
    else:
        alone, laid = _last_words(said.chosen(np.lexsort((said.order, key))))
    return Settled(problems, tuple(channels), segments, alone, laid)


def _rows_of(
    segments: Sequence[Segment],
    channels: dict[FeedChannel, int],
    names: dict[tuple[str, str], int],
    refused: Set[int],
) -> _Rows:
    found = [_no_rows()]
    for number, segment in enumerate(segments):
        places = [channels.setdefault(channel, len(channels)) for channel in segment.channels]
        for table_number, table in enumerate(segment.tables):
            row = np.arange(table.day.size)
            if refused:
                row = row[~np.isin(table.member, list(refused))]
            channel = np.array(places, dtype=np.int64)[table.channel[row]]
            found.append(
                _Rows(
                    channel,
                    channel,
                    table.day[row],
                    table.order[row],
                    np.full(row.size, table.replaces),
                    np.full(row.size, table.size),
                    np.full(row.size, number),
                    np.full(row.size, table_number),
                    row,
                )
            )
    name_of = np.array([names.setdefault(one.name, len(names)) for one in channels], dtype=np.int64)
    rows = _joined(found)
    return replace(rows, name=name_of[rows.channel])


def _without_strangers(rows: _Rows, channels: Sequence[FeedChannel]) -> tuple[_Rows, _Rows, IntArray]:
    """The rows of their channel's kind; the others; and for each name the channel that says its kind."""
    kinds: dict[tuple[str | None, str], int] = {}
    kind_of = np.array([kinds.setdefault(one.kind, len(kinds)) for one in channels], dtype=np.int64)
    first = np.lexsort((rows.order, rows.name))
    begins = np.flatnonzero(np.diff(rows.name[first], prepend=-1))
    own = np.zeros(1 + int(rows.name.max(initial=-1)), dtype=np.int64)
    own[rows.name[first[begins]]] = rows.channel[first[begins]]
    strange = kind_of[rows.channel] != kind_of[own[rows.name]]
    return rows.chosen(~strange), rows.chosen(strange), own


def _changed(
    strangers: _Rows,
    own: IntArray,
    channels: Sequence[FeedChannel],
    segments: Sequence[Segment],
    members: Sequence[str],
) -> list[Problem]:
    """What is said of days in another unit or direction, in the order of the file."""
    problems = []
    for at in np.argsort(strangers.order).tolist():
        channel, before = channels[strangers.channel[at]], channels[own[strangers.name[at]]]
        day = date.fromordinal(int(strangers.day[at]))
        table, row = segments[strangers.segment[at]].tables[strangers.table[at]], strangers.row[at]
        line, member = int(table.line[row]) or None, int(table.member[row])
        message = (
            f"Channel {channel.channel} of {channel.service_point} was {_spoken(before.kind)} before and is "
            f"{_spoken(channel.kind)} here. The day {day} is left out."
        )
        where = members[member - 1] if member else None
        problems.append(Problem("channel_changed", message, line, where, dropped=(*channel.name, day)))
    return problems


def _spoken(kind: tuple[str | None, str]) -> str:
    return f"{kind[1]} in {kind[0] or 'no unit'}"


def _taken_back(segments: Sequence[Segment], names: dict[tuple[str, str], int], refused: Set[int]) -> _Rows:
    """Days taken back, of channels that have any."""
    found = [
        (names[key[0], key[1]], key[2].toordinal(), order)
        for segment in segments
        for key, order, member in segment.taken_back
        if key[:2] in names and member not in refused
    ]
    if not found:
        return _no_rows()
    name, day, order = np.array(found, dtype=np.int64).T
    none = np.full(len(found), -1)
    return _Rows(none, name, day, order, np.ones(len(found), dtype=np.bool_), none, none, none, none)


def _last_words(said: _Rows) -> tuple[_Rows, _Rows]:
    """Of rows by day and order: those that stand alone, and those that are to be laid over each other."""
    begins = np.flatnonzero(np.diff(said.name * _DAYS + said.day, prepend=-1))
    ends = np.append(begins[1:], said.day.size)
    last = ends - 1
    final = said.replaces[last] | (ends - begins == 1)  # nothing before it counts
    alone = last[final & (said.table[last] >= 0)].tolist()
    laid: list[int] = []
    for begin, end in zip(begins[~final].tolist(), ends[~final].tolist(), strict=True):
        resets = np.flatnonzero(said.replaces[begin:end])  # a day taken back is one, too
        rows = range(begin + (int(resets[-1]) if resets.size else 0), end)
        rows = rows[1:] if said.table[rows[0]] < 0 else rows
        (alone if len(rows) == 1 else laid).extend(rows)
    return said.chosen(np.array(alone, dtype=np.int64)), said.chosen(np.array(laid, dtype=np.int64))


def _laid_over(
    earlier: Block, member: int, order: int, later: Block, later_member: int
) -> tuple[Block, int, int]:
    """The day once `later` came over it, with the member its line is of, and its order."""
    merged = overlay(earlier, later)
    if merged is later:
        return later, later_member, order
    return replace(merged, remarks=(*earlier.remarks, *later.remarks)), member, order


def _no_rows() -> _Rows:
    none = np.zeros(0, dtype=np.int64)
    return _Rows(none, none, none, none, np.zeros(0, dtype=np.bool_), none, none, none, none)


def _joined(rows: Sequence[_Rows]) -> _Rows:
    return _Rows(*(np.concatenate([getattr(one, column) for one in rows]) for column in _Rows.__slots__))
