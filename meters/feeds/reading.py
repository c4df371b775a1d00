"""A path read to the end: its blocks merged, its problems listed, and whether it was taken."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import Block, BlockKey, BlockRun, overlay
from meters.domain.problems import Problem, refusal
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.formats import formats, recognised
from meters.feeds.heads import WORKBOOK, head_of
from meters.feeds.lines import Unreadable
from meters.feeds.members import Member, damaged, opened

Status = Literal["ok", "partial", "rejected"]


@dataclass(frozen=True, slots=True)
class FeedFile:
    """What a path held. One block a channel's day; `format` is None where nothing was recognised. What was
    accumulated is in the order of the file."""

    path: str
    format: str | None
    status: Status
    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...]
    accumulated: tuple[RegisterRead | Consumption, ...] = ()


@dataclass(slots=True)
class _Taken:
    """Blocks by day, in the order their days first came."""

    blocks: dict[BlockKey, Block] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    accumulated: list[RegisterRead | Consumption] = field(default_factory=list)
    _kinds: dict[tuple[str, str], tuple[str | None, str]] = field(default_factory=dict)

    def add(self, block: Block, member: str | None) -> None:
        """Merge a day in; one whose channel has had another unit or direction so far is left out."""
        kind = (block.unit.base, block.direction)
        known = self._kinds.setdefault((block.service_point, block.channel), kind)
        if known != kind:
            message = (
                f"Channel {block.channel} of {block.service_point} was {_spoken(known)} before and is "
                f"{_spoken(kind)} here. The day {block.day} is left out."
            )
            self.note(Problem("channel_changed", message, block.line, member, dropped=block.key))
            return
        earlier = self.blocks.get(block.key)
        self.blocks[block.key] = block if earlier is None else overlay(earlier, block)

    def note(self, problem: Problem) -> None:
        self.problems.append(problem)
        if problem.dropped is not None:
            self.blocks.pop(problem.dropped, None)


def read_feed(path: Path, format_name: str = "auto", options: ReadOptions | None = None) -> FeedFile:
    """Read one path, a file or a zip of files, whose formats are told by content unless `format_name` names
    one.

    A refused file inside a zip leaves its fellows. A later member adds to, corrects or replaces days of an
    earlier one, as its format says. Raises OSError where the path cannot be read.
    """
    told = options or ReadOptions()
    whole, names = _Taken(), list[str]()
    with opened(path) as members:
        for member in members:
            if isinstance(member, Problem):
                whole.note(member)
                continue
            reader = _format_of(member, format_name)
            if isinstance(reader, Problem):
                whole.note(replace(reader, member=member.name))
                continue
            names.append(reader.name)
            taken = _take(member, reader, told)
            for problem in taken.problems:
                whole.note(problem)
            for block in taken.blocks.values():
                whole.add(block, member.name)
            whole.accumulated += taken.accumulated
    format_used = names[0] if names else (format_name if format_name != "auto" else None)
    status: Status = "ok"
    if whole.problems:
        status = "partial" if whole.blocks or whole.accumulated else "rejected"
    blocks, problems = tuple(whole.blocks.values()), tuple(whole.problems)
    return FeedFile(str(path), format_used, status, blocks, problems, tuple(whole.accumulated))


def _format_of(member: Member, format_name: str) -> Format | Problem:
    head = head_of(member)
    if isinstance(head, Problem):
        return head
    if format_name != "auto":
        named = formats()[format_name]
        if member.workbook and not named.recognises(WORKBOOK):
            return refusal("binary", f"This is a spreadsheet, not a file of {format_name}.")
        return named
    found = recognised(head)
    if found is None:
        known = ", ".join(formats())
        return refusal("unknown_format", f"The content is in none of the formats read here ({known}).", 1)
    return found


def _take(member: Member, reader: Format, options: ReadOptions) -> _Taken:
    """One file's blocks and problems; nothing but the problems where it is refused."""
    taken = _Taken()
    for item in _items(member, reader, options):
        if isinstance(item, Block):
            taken.add(item, member.name)
            continue
        if isinstance(item, BlockRun):
            for block in item.blocks():
                taken.add(block, member.name)
            continue
        if isinstance(item, RegisterRead | Consumption):
            taken.accumulated.append(item)
            continue
        taken.note(replace(item, member=member.name))
        if item.refuses:
            taken.blocks.clear()
            taken.accumulated.clear()
            taken.problems = [taken.problems[-1]]
    if not (taken.blocks or taken.accumulated or taken.problems):
        taken.note(replace(refusal("no_readings", "The file holds no reading."), member=member.name))
    return taken


def _items(member: Member, reader: Format, options: ReadOptions) -> Iterator[Item]:
    try:
        yield from reader.read(member.stream, member.stem, options)
    except Unreadable as unreadable:
        yield unreadable.problem
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        if member.packing is None:
            raise  # the disk, not the file
        yield damaged(member.packing)


def _spoken(kind: tuple[str | None, str]) -> str:
    return f"{kind[1]} in {kind[0] or 'no unit'}"
