"""What is taken of a feed's blocks, and the days they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter

import numpy as np
from sqlalchemy.orm import Session

from meters.domain.blocks import Block
from meters.domain.problems import Problem
from meters.domain.recut import Misfit, recut
from meters.store.channels import ChannelName, StoredChannel, channels_for
from meters.store.merging import merged
from meters.store.refusals import misfit, not_stored, other_grids, other_kind
from meters.store.rows import DayRow, DayTable, tables
from meters.store.writing import Judge, make_room, write_days


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a feed's blocks. `readings` counts those taken, whether new or known already."""

    readings: int
    added: int
    changed: int
    unchanged: int
    problems: tuple[Problem, ...]


def store_blocks(
    session: Session,
    feed_id: int,
    received_at: datetime,
    blocks: Sequence[Block],
    judge: Judge | None = None,
) -> Stored:
    """Take blocks in, at most one for a channel's day, in the session's transaction.

    Unknown service points are made, unassigned. A channel that exists keeps its unit, its direction and its
    standard time: days that come in another time are cut anew. A day that speaks for some of its intervals is
    laid over the day known. What cannot be stored is left out and named in the problems. `received_at` comes
    from `meters.usage.enter_readings`, called in the same transaction before this.
    """
    problems: list[Problem] = []
    by_channel = _storable(blocks, problems)
    if not by_channel:
        return Stored(0, 0, 0, 0, tuple(problems))
    make_room(session, _days_touched(blocks))
    channels = channels_for(session, {name: days[0] for name, days in by_channel.items()})
    whole, partial, readings = list[DayTable](), list[DayTable](), 0
    for table in tables(_rows(by_channel, channels, problems)):
        readings += table.readings
        complete = np.logical_and.reduce(table.spoken, axis=1)
        whole += [table.chosen(complete)] if complete.any() else []
        partial += [table.chosen(~complete)] if not complete.all() else []
    made = merged(session, partial)
    names = {channel.id: name for name, channel in channels.items()}
    for table, known_sizes in made.misfits:
        readings -= table.readings
        problems.extend(other_grids(table, known_sizes.tolist(), names))
    written = write_days(session, feed_id, received_at, (*whole, *made.tables), judge)
    return Stored(readings, written.added, written.changed, written.unchanged, tuple(problems))


def _storable(blocks: Sequence[Block], problems: list[Problem]) -> dict[ChannelName, list[Block]]:
    """Blocks by channel, without channels whose unit is none of those stored."""
    channels: dict[ChannelName, list[Block]] = {}
    for block in blocks:
        channels.setdefault((block.service_point, block.channel), []).append(block)
    for name in [name for name, days in channels.items() if not days[0].unit.stored]:
        problems.append(not_stored(channels.pop(name)))
    return channels


def _days_touched(blocks: Sequence[Block]) -> set[date]:
    """In another standard time a day reaches into its neighbours."""
    days = {block.day for block in blocks}
    one = timedelta(days=1)
    return days | {day - one for day in days} | {day + one for day in days}


def _rows(
    by_channel: Mapping[ChannelName, Sequence[Block]],
    channels: Mapping[ChannelName, StoredChannel],
    problems: list[Problem],
) -> Iterator[DayRow]:
    """Blocks as days of their channels' standard time, by channel and day."""
    for name, days in sorted(by_channel.items(), key=lambda item: channels[item[0]].id):
        channel = channels[name]
        if (channel.unit, channel.direction) != (days[0].unit.base, days[0].direction):
            problems.append(other_kind(days, channel.unit, channel.direction))
        elif all(block.offset_minutes == channel.offset_minutes for block in days):
            for block in sorted(days, key=attrgetter("day")):
                yield DayRow(
                    channel.id, block.day, block.values, block.quality, block.replaces, None, block.line
                )
        else:
            yield from _recut_rows(channel, days, problems)


def _recut_rows(channel: StoredChannel, days: Sequence[Block], problems: list[Problem]) -> Iterator[DayRow]:
    misfits: dict[str, list[Block]] = {}
    for said in recut(days, channel.offset_minutes):
        if isinstance(said, Misfit):
            misfits.setdefault(said.reason, []).append(said.block)
        else:
            yield DayRow(channel.id, said.day, said.values, said.quality, False, said.spoken, said.line)
    problems.extend(misfit(reason, blocks, channel.offset_minutes) for reason, blocks in misfits.items())
