"""A feed's days into the database, a part at a time, in the session's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from sqlalchemy.orm import Session

from meters.domain.blocks import Block
from meters.domain.problems import Problem
from meters.feeds.feed_days import FeedChannel, Part
from meters.feeds.feed_file import FeedFile, feed_file
from meters.feeds.problem_list import ProblemList
from meters.feeds.spool import Spool
from meters.store.channels import lock_channels, stored_channels
from meters.store.comparing import compared
from meters.store.decided import undecided
from meters.store.digests import digests_agree
from meters.store.far_future import last_day, without_far_future
from meters.store.placing import RemarkAt, placed
from meters.store.refusals import other_grids, too_many_months
from meters.store.rows import DayTable
from meters.store.writing import (
    MOST_NEW_MONTHS,
    Judge,
    add_days,
    add_remarks,
    change_days,
    make_room,
    months_without_room,
)
from utility_crm.kit.errors import Invalid

Watch = Callable[[int], None]
"""Told how many days of the feed have been stored."""

_FARTHEST = 2
"""Days by which a day may move when it is cut to another standard time (UTC-12 to UTC+14)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a feed's days. `readings` counts those taken, whether new or known already."""

    readings: int
    added: int
    changed: int
    unchanged: int
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Count:
    by_digest: bool
    decides: bool
    readings: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: ProblemList = field(default_factory=ProblemList)


def store_blocks(
    session: Session,
    feed_id: int,
    received_at: datetime,
    blocks: Sequence[Block],
    judge: Judge | None = None,
    decides: bool = False,
) -> Stored:
    """`lock_feed` and `store_feed` of blocks, at most one a channel's day. `decides`: see `store_feed`."""
    spool = Spool()
    for block in blocks:
        spool.add(block)
    file = feed_file("", None, spool, ProblemList())
    refusing = lock_feed(session, file, received_at)
    if refusing is not None:
        raise Invalid(refusing.code, refusing.message)
    stored = store_feed(session, feed_id, received_at, file, judge, decides=decides)
    return Stored(
        stored.readings,
        stored.added,
        stored.changed,
        stored.unchanged,
        (*file.problems, *stored.problems),
    )


def lock_feed(session: Session, file: FeedFile, entered_at: datetime) -> Problem | None:
    """Make room for a feed's days, make its service points and channels where nobody knows them, and lock
    all its channels, before any of it is stored. Waits for feeds of the same channels. Returns None, or why
    none of the feed can be stored; then nothing was made or locked."""
    ordinals = np.array(file.days, dtype=np.int64)
    ordinals = ordinals[ordinals <= last_day(entered_at)]
    touched = np.unique(ordinals[:, None] + np.arange(-_FARTHEST, _FARTHEST + 1))
    months = {date.fromordinal(day).replace(day=1) for day in touched[touched > 0].tolist()}
    lacking = months_without_room(session, months)
    if lacking > MOST_NEW_MONTHS:
        return too_many_months(lacking, MOST_NEW_MONTHS)
    make_room(session, months)
    lock_channels(session, _stored_units(file.channels()), _points(file))
    make_room(session, months)  # of chunks that came to be while this waited, too
    return None


def store_feed(
    session: Session,
    feed_id: int,
    received_at: datetime,
    file: FeedFile,
    judge: Judge | None = None,
    watch: Watch | None = None,
    *,
    decides: bool = False,
) -> Stored:
    """Take a feed's days in. `lock_feed` must have gone before, in the same transaction.

    A channel that exists keeps its unit, its direction and its standard time: days that come in another time
    are cut anew. A day that speaks for some of its intervals is laid over the day known. A day that is known
    in the same words is left alone, and so is what a person or a rule put in place of these very words (see
    `meters.store.decided`), unless this feed is itself one that `decides`. What cannot be stored is left out
    and named in the problems.
    `received_at` comes from `meters.usage.enter_readings`, called in the same transaction.
    """
    count, done = _Count(digests_agree(session), decides), 0
    for whole in file.parts():
        part, late = without_far_future(whole, received_at, file.members)
        count.problems.extend(late)
        for table in _stored(session, feed_id, received_at, part, file.members, count):
            if judge is not None:
                judge(session, feed_id, table)
        done += sum(table.day.size for table in whole.tables)
        if watch is not None:
            watch(done)
    problems = sorted(count.problems.listed(), key=_place)  # whatever the order of the parts
    return Stored(count.readings, count.added, count.changed, count.unchanged, tuple(problems))


def _place(problem: Problem) -> tuple[bool, str, int]:
    """Where in a feed it stands; what stands nowhere comes last."""
    return (problem.line is None, problem.member or "", problem.line or 0)


def _stored(
    session: Session,
    feed_id: int,
    received_at: datetime,
    part: Part,
    members: Sequence[str],
    count: _Count,
) -> Iterator[DayTable]:
    """Store a part; yields the days that are new or other than they were."""
    names = {channel.name: None for channel in part.channels if channel.unit.stored}
    stored = stored_channels(session, list(names))
    here = placed(part, stored, members)
    count.problems.extend(here.problems)
    found = compared(session, here.tables, count.by_digest)
    count.readings += sum(table.readings for table in here.tables)
    ids = {channel.id: name for name, channel in stored.items()} if found.misfits else {}
    for table, known_sizes in found.misfits:
        count.readings -= table.readings
        count.problems.extend(other_grids(table, known_sizes.tolist(), ids, members))
    other, repeated = (found.changed, 0) if count.decides else undecided(session, found.changed)
    add_days(session, feed_id, found.new)
    changed = change_days(session, feed_id, received_at, other)
    count.added += sum(table.day.size for table in found.new)
    count.changed += changed
    count.unchanged += found.same + repeated + sum(table.day.size for table in other) - changed
    add_remarks(session, feed_id, _of_written((*found.new, *other), here.remarks))
    yield from found.new
    yield from other


def _of_written(tables: Sequence[DayTable], remarks: Sequence[RemarkAt]) -> Iterator[RemarkAt]:
    if remarks:
        written = {
            key for table in tables for key in zip(table.channel_id.tolist(), table.day.tolist(), strict=True)
        }
        yield from (one for one in remarks if one[:2] in written)


def _stored_units(channels: Iterable[Sequence[FeedChannel]]) -> Iterator[Sequence[FeedChannel]]:
    return ([channel for channel in some if channel.unit.stored] for some in channels)


def _points(file: FeedFile) -> Iterator[str]:
    """The service points of what was accumulated: made here with the others, in one order."""
    seen: set[str] = set()
    for items in file.accumulated_parts():
        seen.clear()  # a point's are all together
        for _order, _member, item in items:
            if item.service_point not in seen and item.unit.stored:
                seen.add(item.service_point)
                yield item.service_point
