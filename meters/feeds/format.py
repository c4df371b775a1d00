"""What a format is, and what a reader is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO
from zoneinfo import ZoneInfo

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import Block, BlockRun
from meters.domain.problems import Problem

Item = Block | BlockRun | RegisterRead | Consumption | Problem
"""What a reader yields. A run is its blocks, only faster."""

NOT_UTF8 = "This line is not UTF-8 text; save the file as UTF-8 and send it again."


def _nowhere(service_point: str) -> int | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person or a stored profile says about files that do not say it themselves.

    `columns` maps a field (service_point, starts_at, ends_at, value, unit, channel, quality, direction) to
    the file's own title. `zone` is the local clock of stamps without an offset.
    `offset_minutes_of(service_point)` is the standard time of its premise, None while it is unassigned (then
    UTC). `sheet` names one of a workbook.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    zone: ZoneInfo | None = None
    offset_minutes_of: Callable[[str], int | None] = _nowhere
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """`recognises(head)` looks at the first characters of a text, decoded as `meters.feeds.heads` says, where
    a spreadsheet's is the word `heads.WORKBOOK` and its stream can seek; `read(stream, stem, options)` yields
    items in the order of the file, where a problem that `refuses` is the last item and takes back all before
    it. `stem` is the file's name without its ending, the name of a service point where a file does not say
    one.

    A reader holds a bounded part of its stream at a time, whatever the file: a line, a batch of lines
    (`meters.feeds.lines`), an element. It may raise `lines.Unreadable` in place of a refusing problem.

    `turn(head)` is the number a message gives itself, where a format has such: the files of one zip are read
    in its order, whatever their names.
    """

    name: str
    recognises: Callable[[str], bool]
    read: Callable[[BinaryIO, str, ReadOptions], Iterator[Item]]
    turn: Callable[[str], int] | None = None
