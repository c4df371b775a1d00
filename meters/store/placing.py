"""A part of a feed as days of stored channels: what cannot be kept is left out, days of another standard time
are cut anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from meters.domain.blocks import Block, Remark
from meters.domain.decimals import IntArray
from meters.domain.problems import Problem
from meters.domain.recut import Misfit, SpokenDay, recut
from meters.feeds.feed_days import FeedChannel, FeedDays, Part
from meters.store.channels import ChannelName, StoredChannel
from meters.store.refusals import LeftOut, misfit, not_stored, other_kind
from meters.store.rows import DayRow, DayTable, tables_of, tables_of_rows

RemarkAt = tuple[int, int, Remark]
"""Channel's id, ordinal of the day, remark."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Days of stored channels, by channel and day in each table."""

    tables: Sequence[DayTable]
    remarks: Sequence[RemarkAt]
    problems: Sequence[Problem]


def placed(part: Part, stored: Mapping[ChannelName, StoredChannel], members: Sequence[str]) -> Placed:
    """What of a part can be kept. `stored` has the channels of its names whose unit is kept."""
    fates = [_fate(channel, stored.get(channel.name)) for channel in part.channels]
    moved = {one.name for one, fate in zip(part.channels, fates, strict=True) if fate == "moved"}
    fates = [
        "moved" if fate == "kept" and one.name in moved else fate
        for one, fate in zip(part.channels, fates, strict=True)
    ]
    fate = np.array([_FATES.index(fate) for fate in fates], dtype=np.int64)
    own = [stored.get(channel.name) for channel in part.channels]
    ids = np.array([channel.id if channel else 0 for channel in own], dtype=np.int64)
    tables, remarks = list[DayTable](), list[RemarkAt]()
    for days in part.tables:
        kept = days.chosen(np.flatnonzero(fate[days.channel] == _FATES.index("kept")))
        tables += tables_of(kept, ids)
        remarks += [
            (int(ids[kept.channel[row]]), int(kept.day[row]), one)
            for row, said in kept.remarks.items()
            for one in said
        ]
    left = [
        (one.order, _refused(one, stored.get(one.channel.name))) for one in _left_out(part, fate, members)
    ]
    cut = _cut_anew(part, fate, stored, members)
    tables += cut.tables
    problems = [problem for _order, problem in sorted(left, key=lambda found: found[0])]
    return Placed(tables, [*remarks, *cut.remarks], [*problems, *cut.problems])


_FATES = ("kept", "moved", "refused")


def _fate(channel: FeedChannel, stored: StoredChannel | None) -> str:
    if stored is None or not channel.unit.stored or channel.kind != (stored.unit, stored.direction):
        return "refused"
    return "kept" if channel.offset_minutes == stored.offset_minutes else "moved"


def _refused(left: LeftOut, stored: StoredChannel | None) -> Problem:
    if stored is None or not left.channel.unit.stored:
        return not_stored(left)
    return other_kind(left, stored.unit, stored.direction)


def _left_out(part: Part, fate: IntArray, members: Sequence[str]) -> Iterator[LeftOut]:
    """Each name whose days are refused, with what is to be said of them."""
    names: dict[ChannelName, list[tuple[FeedDays, IntArray]]] = {}
    for days in part.tables:
        refused = np.flatnonzero(fate[days.channel] == _FATES.index("refused"))
        for number in np.unique(days.channel[refused]).tolist():
            rows = refused[days.channel[refused] == number]
            names.setdefault(part.channels[number].name, []).append((days, rows))
    for found in names.values():
        days, rows = min(found, key=lambda one: int(one[0].order[one[1]].min()))
        first = rows[days.order[rows].argmin()]
        member = int(days.member[first])
        yield LeftOut(
            part.channels[int(days.channel[first])],
            sum(some.size for _days, some in found),
            date.fromordinal(min(int(table.day[some].min()) for table, some in found)),
            1440 // days.size,
            int(days.line[first]) or None,
            members[member - 1] if member else None,
            int(days.order[first]),
        )


def _cut_anew(
    part: Part, fate: IntArray, stored: Mapping[ChannelName, StoredChannel], members: Sequence[str]
) -> Placed:
    """The days of channels that are kept in another standard time."""
    names: dict[ChannelName, list[tuple[int, Block, int]]] = {}
    for days in part.tables:
        some = days.chosen(np.flatnonzero(fate[days.channel] == _FATES.index("moved")))
        said_in_order = zip(
            some.order.tolist(), some.blocks(part.channels), some.member.tolist(), strict=True
        )
        for order, block, member in said_in_order:
            names.setdefault((block.service_point, block.channel), []).append((order, block, member))
    rows, remarks, problems = list[DayRow](), list[RemarkAt](), list[Problem]()
    for name, found in sorted(names.items(), key=lambda item: stored[item[0]].id):
        channel = stored[name]
        in_order = sorted(found, key=lambda one: one[0])
        member_of = {(block.line, block.day): member for _order, block, member in reversed(in_order)}
        misfits: dict[str, list[Block]] = {}
        for said in recut([block for _order, block, _member in in_order], channel.offset_minutes):
            if isinstance(said, Misfit):
                misfits.setdefault(said.reason, []).append(said.block)
            else:
                rows.append(_row(channel.id, said, _member(member_of, said)))
        for reason, blocks in misfits.items():
            problems.append(misfit(reason, _left(blocks, member_of, members), channel.offset_minutes))
        kept = [block for _order, block, _member in in_order if not _among(block, misfits)]
        remarks += [(channel.id, *at) for block in kept for at in _remarks(block, channel.offset_minutes)]
    return Placed(list(tables_of_rows(rows)), remarks, problems)


MemberOf = Mapping[tuple[int | None, date], int]


def _row(channel_id: int, said: SpokenDay, member: int) -> DayRow:
    return DayRow(channel_id, said.day, said.values, said.quality, said.spoken, said.line or 0, member)


def _member(member_of: MemberOf, said: SpokenDay) -> int:
    """Of the block that a cut day was said in first: one of those near it, with its line."""
    near: Callable[[int], date] = lambda days: said.day + timedelta(days=days)  # noqa: E731
    return next((found for days in (0, -1, 1, -2, 2) if (found := member_of.get((said.line, near(days))))), 0)


def _left(blocks: Sequence[Block], member_of: MemberOf, members: Sequence[str]) -> LeftOut:
    first = blocks[0]
    channel = FeedChannel(
        first.service_point, first.channel, first.unit, first.direction, first.offset_minutes
    )
    member = member_of.get((first.line, first.day), 0)
    return LeftOut(
        channel, len(blocks), min(block.day for block in blocks), first.interval_minutes, first.line,
        members[member - 1] if member else None, 0,
    )  # fmt: skip


def _among(block: Block, misfits: Mapping[str, Sequence[Block]]) -> bool:
    return any(block is one for blocks in misfits.values() for one in blocks)


def _remarks(block: Block, offset_minutes: int) -> Iterator[tuple[int, Remark]]:
    """A block's remarks where they come to lie on the days of another standard time."""
    moved, size = (offset_minutes - block.offset_minutes) // block.interval_minutes, block.values.size
    for remark in block.remarks:
        first, end = remark.first + moved, remark.end + moved
        for day in range(first // size, (end - 1) // size + 1):
            within = max(first, day * size) - day * size, min(end, (day + 1) * size) - day * size
            yield block.day.toordinal() + day, replace(remark, first=within[0], end=within[1])
