"""A path read to the end: its days spooled, its problems listed, and whether it was taken."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from meters.domain.accumulated import Consumption, RegisterRead
from meters.domain.blocks import Block, BlockRun
from meters.domain.names import name_fault, shown_name
from meters.domain.problems import Problem, refusal
from meters.feeds.feed_file import FeedFile, Status, feed_file
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.formats import formats, recognised
from meters.feeds.heads import WORKBOOK, head_of, text_head
from meters.feeds.lines import Unreadable, line_ends_told
from meters.feeds.members import Member, Watch, damaged, opened
from meters.feeds.problem_list import ProblemList
from meters.feeds.spool import Spool
from meters.file_names import readable

__all__ = ["FeedFile", "Status", "read_feed", "read_items"]


_Said = Block | BlockRun | RegisterRead | Consumption
_MOST_BAD_NAMES = 10_000
"""Names that are known to have been told of; those beyond are past the end of the list of problems."""


@dataclass(slots=True)
class _Whole:
    """A path so far. Members are counted from 1 where they have a name; 0 is the path itself."""

    spool: Spool = field(default_factory=lambda: Spool())  # by its name: tests give it little memory
    problems: ProblemList = field(default_factory=ProblemList)
    members: list[str] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    format: str | None = None
    named_by_path: bool = False
    _bad_names: set[tuple[int, int]] = field(default_factory=set)

    def number_of(self, member: Member) -> int:
        if member.name is None:
            return 0
        self.members.append(member.name)
        return len(self.members)

    def keep(self, item: _Said, number: int, member: Member | None) -> None:
        bad = _bad_name(item)
        if bad is not None:
            self._leave_out(item, bad, number, member)
        elif isinstance(item, RegisterRead | Consumption):
            self.spool.add_accumulated(item, number)
        else:
            self.spool.add(item, number)
        if member is not None and member.name is None and item.service_point == member.stem:
            self.named_by_path = True

    def _leave_out(self, item: _Said, bad: tuple[str, str], number: int, member: Member | None) -> None:
        """Keep nothing under a name that is none, and say so once a member."""
        name, fault = bad
        if (number, hash(name)) in self._bad_names:
            return
        if len(self._bad_names) < _MOST_BAD_NAMES:
            self._bad_names.add((number, hash(name)))
        words = f"The name {shown_name(name)} {fault}. All that is said under it is left out."
        line = int(item.lines[0]) if isinstance(item, BlockRun) and item.lines.size else None
        line = line if isinstance(item, BlockRun) else item.line
        self.problems.add(Problem("bad_name", words, line or None, member.name if member else None))


def _bad_name(item: _Said) -> tuple[str, str] | None:
    """The name of an item under which nothing can be kept, and why."""
    own = item.register if isinstance(item, RegisterRead) else item.channel
    for name in (item.service_point, own):
        if (fault := name_fault(name)) is not None:
            return name, fault
    return None


def read_feed(
    path: Path, format_name: str = "auto", options: ReadOptions | None = None, watch: Watch | None = None
) -> FeedFile:
    """Read one path, a file, a gzip or a zip of files, whose formats are told by content unless `format_name`
    names one. Memory is bounded, whatever the path holds.

    A refused file inside a zip leaves its fellows. A later member adds to, corrects or replaces days of an
    earlier one, as its format says. Raises OSError where the path cannot be read.
    """
    try:
        whole = _read(path, format_name, options or ReadOptions(), watch)
    except Unreadable as unreadable:  # nothing of the path can be kept
        whole = _Whole()
        whole.problems.add(unreadable.problem)
    asked = format_name if format_name != "auto" else None
    return feed_file(
        readable(path),
        whole.format or asked,
        whole.spool,
        whole.problems,
        whole.members,
        whole.refused,
        whole.named_by_path,
    )


def read_items(name: str, format_name: str, items: Iterable[Item]) -> FeedFile:
    """What a reader yielded, without a path behind it."""
    whole = _Whole()
    _keep_all(items, 0, None, whole)
    return feed_file(name, format_name, whole.spool, whole.problems, refused=whole.refused)


def _read(path: Path, format_name: str, options: ReadOptions, watch: Watch | None) -> _Whole:
    whole = _Whole()
    with opened(path, _turn_in(format_name), watch) as members:
        for member in members:
            if isinstance(member, Problem):
                whole.problems.add(member)
                continue
            reader = _format_of(member, format_name)
            if isinstance(reader, Problem):
                whole.problems.add(replace(reader, member=member.name))
                continue
            whole.format = whole.format or reader.name
            _take(member, reader, options, whole)
    return whole


def _turn_in(format_name: str) -> Callable[[bytes], int]:
    """What tells the number that a message gives itself, 0 for what has none."""

    def turn(head: bytes) -> int:
        text = text_head(head)
        if isinstance(text, Problem):
            return 0
        found = formats()[format_name] if format_name != "auto" else recognised(text)
        return found.turn(text) if found is not None and found.turn is not None else 0

    return turn


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


def _take(member: Member, reader: Format, options: ReadOptions, whole: _Whole) -> None:
    """One file's items; of one that is refused nothing stays but the problem."""
    said = _keep_all(_items(member, reader, options), whole.number_of(member), member, whole)
    if not said:
        whole.problems.add(replace(refusal("no_readings", "The file holds no reading."), member=member.name))


def _keep_all(items: Iterable[Item], number: int, member: Member | None, whole: _Whole) -> bool:
    """Whether there were any."""
    mark, said = whole.problems.mark(), False
    for item in items:
        said = True
        if not isinstance(item, Problem):
            whole.keep(item, number, member)
            continue
        if item.dropped is not None:
            whole.spool.take_back(item.dropped, number)
        if item.refuses:
            whole.refused.add(number)
            whole.problems.rewind(mark)
        whole.problems.add(item if member is None else replace(item, member=member.name))
    return said


def _items(member: Member, reader: Format, options: ReadOptions) -> Iterator[Item]:
    try:
        yield from reader.read(line_ends_told(member.stream, member.head), member.stem, options)
    except Unreadable as unreadable:
        yield unreadable.problem
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError):
        if member.packing is None:
            raise  # the disk, not the file
        yield damaged(member.packing)
