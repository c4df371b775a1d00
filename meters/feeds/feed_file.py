"""What a path held, once it is read to the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Literal

import numpy as np

from meters.domain.blocks import Block
from meters.domain.problems import Problem
from meters.feeds.feed_days import FeedChannel, Part
from meters.feeds.problem_list import ProblemList
from meters.feeds.settling import Settled, settle
from meters.feeds.spool import Accumulated, SaidItem, Spool

_MOST_CHANNELS = 50_000
"""Kept with a file; those of a larger one are found again when they are asked for."""

Status = Literal["ok", "partial", "rejected"]


@dataclass(frozen=True)
class FeedFile:
    """What a path held: one day a channel and day. `format` is None where nothing was recognised; `members`
    are the files inside a zip, which days count from 1. `named_by_path`: a service point is named by the
    path's own name, which is then a part of what it says.

    Small files are in memory, the others on disk: `parts` brings their days a few megabytes at a time,
    `blocks` all of them at once, for files that are known to be small.
    """

    path: str
    format: str | None
    status: Status
    problems: tuple[Problem, ...]
    members: tuple[str, ...]
    named_by_path: bool
    days: Sequence[int]
    """The ordinals of all days that any channel has, in order."""
    _spool: Spool = field(repr=False)
    _refused: Set[int] = frozenset()
    _channels: Sequence[FeedChannel] | None = None
    """Where they are few enough to be kept."""

    @property
    def rows(self) -> int:
        """Days said; those that stand are no more."""
        return self._spool.rows

    @property
    def rows_and_items(self) -> int:
        """More than any place in the order of the file."""
        return self._spool.said

    def parts(self) -> Iterator[Part]:
        """All days, some channels at a time."""
        for settled in self._settled():
            yield from settled.parts()

    def channels(self) -> Iterator[Sequence[FeedChannel]]:
        """All channels that have a day, some at a time, each as its first day says it."""
        if self._channels is not None:
            yield self._channels
            return
        for settled in self._settled():
            if settled.any():
                yield settled.channels()

    def accumulated_parts(self) -> Iterator[Sequence[SaidItem]]:
        """Reads and consumptions, all of a service point together, in the order of the file within each."""
        for items in self._spool.item_buckets():
            kept = [said for said in items if said[1] not in self._refused]
            if kept:
                yield kept

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All days, by channel in the order in which channels first come, and by day."""
        first: dict[tuple[str, str], int] = {}
        blocks = []
        for part in self.parts():
            for table in part.tables:
                for order, block in zip(table.order.tolist(), table.blocks(part.channels), strict=True):
                    name = (block.service_point, block.channel)
                    first[name] = min(order, first.get(name, order))
                    blocks.append(block)
        return tuple(sorted(blocks, key=lambda block: (first[block.service_point, block.channel], block.day)))

    @cached_property
    def accumulated(self) -> tuple[Accumulated, ...]:
        """Reads and consumptions, all at once, in the order of the file."""
        said = (one for items in self.accumulated_parts() for one in items)
        return tuple(item for _order, _member, item in sorted(said, key=itemgetter(0)))

    def _settled(self) -> Iterator[Settled]:
        return settled_buckets(self._spool, self._refused, self.members)


def settled_buckets(spool: Spool, refused: Set[int], members: Sequence[str]) -> Iterator[Settled]:
    """A spool, bucket by bucket, without what these of its members said."""
    return (settle(segments, refused, members) for segments in spool.buckets() if segments)


def feed_file(
    path: str,
    format_name: str | None,
    spool: Spool,
    problems: ProblemList,
    members: Sequence[str] = (),
    refused: Set[int] = frozenset(),
    named_by_path: bool = False,
) -> FeedFile:
    """What was spooled, judged: what it has problems with and what is left of it."""
    anything = any(member not in refused for items in spool.item_buckets() for _order, member, _item in items)
    days, channels = np.zeros(0, dtype=np.int64), list[FeedChannel]()
    for settled in settled_buckets(spool, refused, members):
        problems.extend(settled.problems)
        anything = anything or settled.any()
        days = np.union1d(days, settled.days())
        if len(channels) <= _MOST_CHANNELS:
            channels += settled.channels()
    status: Status = "ok"
    if problems:
        status = "partial" if anything else "rejected"
    return FeedFile(
        path,
        format_name,
        status,
        problems.listed(),
        tuple(members),
        named_by_path,
        days.tolist(),
        spool,
        refused,
        channels if len(channels) <= _MOST_CHANNELS else None,
    )
