"""Interval readings found in the bytes of a feed before the XML parser sees them, many at a time.

A year of half-hours is 17,520 times the same seven elements around a few numbers. Where the bytes of a run
are exactly that (`greenbutton_tokens`), the numbers are read by numpy, and the parser gets one empty
`IntervalReading` in their place, as long in lines, whose attribute names the run. Whatever is not exactly so
passes on untouched and is read as XML. So this file decides how fast a file is read, never what is in it.

A run is balanced elements, so it may stand wherever the one in its place may; in a comment or a CDATA section
that one says as little as the run did.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from meters.feeds.greenbutton.tokens import NUMBER_BYTES, ReadRows, Rows, read_rows

RUN = "run"
"""The attribute that names a run."""

_NAME = b"IntervalReading>"
_START = re.compile(rb"[ \t\r\n]*<((?:[A-Za-z_][\w.-]*:)?)IntervalReading>", re.ASCII)
_COMMENT = re.compile(rb"(<!--[^\r\n<>-]*(?:-[^\r\n<>-]+)*-->)(?=[ \t\r\n]*<)")
"""One that another tag follows: so it does not stand in a tag itself."""
_HELD_BACK = 1 << 16
_STAND_IN = b"\x01:"
"""In place of a prefix with digits; no XML holds this byte."""


@dataclass(frozen=True, slots=True)
class _Region:
    """Bytes [start, end) of a chunk that end with a reading, and where after blanks the first one opens."""

    start: int
    opens: int
    end: int
    prefix: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Rows [first, end) of those of a chunk, and how many line ends their bytes have."""

    rows: Rows
    first: int
    end: int
    line_ends: int
    comments: bytes


@dataclass(frozen=True, slots=True)
class _Text:
    """What is read of a region: its bytes without the comments, and with a prefix that cannot be taken for
    numbers; the comments, which go on to the parser, since it may object to them."""

    data: bytes
    prefix: bytes
    comments: bytes


@dataclass(slots=True)
class Runs:
    """The runs of one feed. `spliced` rewrites; `taken` gives the rows of an element in their place."""

    _line: int = 1
    _secret: str = field(default_factory=lambda: secrets.token_hex(16))
    _found: dict[str, _Run] = field(default_factory=dict)
    _count: int = 0

    def spliced(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The chunks with an empty element in place of every run."""
        rest = b""
        for chunk in chunks:
            data = rest + chunk
            cut = _whole(data)
            rest = data[cut:]
            if cut:
                yield self._without_runs(data[:cut])
        if rest:
            yield self._without_runs(rest)

    def taken(self, name: str | None) -> tuple[Rows, int, int] | None:
        """The rows [first, end) of the run of this name, once; None where it is none of ours. Runs before it
        that were never asked for stand in comments, and are forgotten."""
        if name is None or name not in self._found:
            return None
        while (earlier := next(iter(self._found))) != name:
            del self._found[earlier]
        run = self._found.pop(name)
        return run.rows, run.first, run.end

    def _without_runs(self, data: bytes) -> bytes:
        regions = [] if _STAND_IN[:1] in data else list(_regions(data))
        out, done = list[bytes](), 0
        for region, run in _runs(data, regions):
            before = data[done : region.start]
            self._line += before.count(b"\n")
            out.append(before)
            done = region.end
            if run is None:
                out.append(data[region.start : region.end])
                self._line += out[-1].count(b"\n")
                continue
            self._count += 1
            name = f"{self._secret}-{self._count}"
            run.rows["line"][run.first : run.end] += self._line
            self._line += run.line_ends
            self._found[name] = run
            before = data[region.start : region.opens]
            blank = b"\n" * (run.line_ends - before.count(b"\n"))
            attribute = f'{RUN}="{name}"'.encode()
            element = b"<%sIntervalReading %s%s/>" % (region.prefix, attribute, blank)
            out += [before, element, run.comments]
        out.append(data[done:])
        self._line += out[-1].count(b"\n")
        return b"".join(out)


def _whole(data: bytes) -> int:
    """Up to where a chunk is best cut: behind its last whole reading, which is not waited for long."""
    last = data.rfind(_NAME)
    if last < 0:
        return len(data)
    if data.rfind(b"</", 0, last) == data.rfind(b"<", 0, last):
        cut = last + len(_NAME)
    else:
        cut = data.rfind(b">", 0, last) + 1
    return cut if len(data) - cut <= _HELD_BACK else len(data)


def _regions(data: bytes) -> Iterator[_Region]:
    """From the first reading of a block to its last."""
    at = data.find(_NAME)
    while at >= 0:
        opens = data.rfind(b"<", 0, at)
        begins = data.rfind(b">", 0, max(opens, 0)) + 1
        found = _START.match(data, begins)
        if found is None or found.end() != at + len(_NAME):
            at = data.find(_NAME, at + 1)
            continue
        closing = b"</%sIntervalReading>" % found[1]
        block_ends = data.find(b"</%sIntervalBlock>" % found[1], found.end())
        last = data.rfind(closing, found.end(), block_ends if block_ends >= 0 else len(data))
        if last >= 0:
            end = last + len(closing)
            yield _Region(begins, opens, end, found[1])
        elif block_ends < 0:
            return
        else:
            end = block_ends
        at = data.find(_NAME, end)


def _runs(data: bytes, regions: Sequence[_Region]) -> Iterator[tuple[_Region, _Run | None]]:
    """Each region with its rows, None for one that is to be read as XML. Read together where that goes."""
    if not regions:
        return
    commented = b"<!--" in data
    texts = [_text(data[region.start : region.end], region.prefix, commented) for region in regions]
    prefixes = {text.prefix for text in texts}
    if len(prefixes) == 1:
        together = read_rows(b"".join([text.data for text in texts]), prefixes.pop())
        if together is not None:
            yield from zip(regions, _parted(together, texts), strict=True)
            return
    for region, text in zip(regions, texts, strict=True):
        alone = read_rows(text.data, text.prefix)
        run = None if alone is None else _Run(alone.rows, 0, alone.rows.size, alone.line_ends, text.comments)
        yield region, run


def _parted(together: ReadRows, texts: Sequence[_Text]) -> Iterator[_Run]:
    """The runs of texts that were read as one, lines of each counted from 0."""
    ends = (np.searchsorted(together.ends, np.cumsum([len(text.data) for text in texts])) + 1).tolist()
    before = [*together.before.tolist(), together.line_ends]
    bases = [before[first] for first in (0, *ends[:-1])]
    counts = np.diff(ends, prepend=0)
    together.rows["line"] -= np.repeat(np.array(bases, dtype=np.int32), counts)
    first = 0
    for end, base, text in zip(ends, bases, texts, strict=True):
        yield _Run(together.rows, first, end, before[end] - base, text.comments)
        first = end


def _text(data: bytes, prefix: bytes, commented: bool) -> _Text:
    comments = b""
    if commented and b"<!--" in data:
        pieces = _COMMENT.split(data)
        data, comments = b"".join(pieces[0::2]), b"".join(pieces[1::2])
    if _holds_numbers(prefix):
        data = data.replace(b"<" + prefix, b"<" + _STAND_IN).replace(b"</" + prefix, b"</" + _STAND_IN)
        prefix = _STAND_IN
    return _Text(data, prefix, comments)


@lru_cache(maxsize=64)
def _holds_numbers(prefix: bytes) -> bool:
    return prefix.translate(None, NUMBER_BYTES) != prefix
