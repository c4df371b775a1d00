"""Interval readings found in the bytes of a feed before the XML parser sees them, many at a time.

A year of half-hours is 17,520 times the same seven elements around a few numbers. Where the bytes of a run
are exactly that (known elements without attributes, one number in each leaf, blanks between), the numbers
are read by numpy, and the parser gets one empty `IntervalReading` in their place, as long in lines, whose
attribute names the run. Whatever is not exactly so passes on untouched and is read as XML. So this file
decides how fast a file is read, never what is in it.

Why an equal sign is safe to draw: taken without the characters of its numbers, a run must be a sequence of
known pieces, and every number must stand exactly where its piece has the place for one. Such bytes are
balanced elements wherever elements may stand, and in a comment or a CDATA section the one left in their place
says as little as they did.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.feeds.greenbutton_numbers import MICROS, MOST_DIGITS, decimal_parts, micros_of

ROW = np.dtype(
    [
        ("key", "<i4"),
        ("line", "<i4"),
        ("start", "<i8"),
        ("duration", "<i8"),
        ("value", "<i8"),
        ("cost", "<i8"),
        ("quality", "<u4"),
        ("places", "<i4"),
    ]
)
"""A reading: start and duration in microseconds; the value is value / 10**places, the cost whole; MISSING
where the feed says none. quality: a bit for each code. `key` is for whoever keeps rows."""

Rows = npt.NDArray[np.void]

_HELD_BACK = 1 << 16
_LONGEST_PIECE = 4096
_START = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)IntervalReading>", re.ASCII)
_NUMBER_BYTES = b"0123456789+-."
_AS_BLANKS = bytes(byte if byte in _NUMBER_BYTES else 32 for byte in range(256))
_BLANK, _MINUS, _ZERO = (np.uint8(ord(sign)) for sign in " -0")
_STAND_IN = b"\x01:"
"""In place of a prefix with digits; no XML holds this byte."""

_LEAVES = (b"duration", b"start", b"value", b"cost", b"quality", b"consumptionTier", b"tou", b"cpp")
_DURATION, _START_LEAF, _VALUE, _COST, _QUALITY = range(5)
_PIECE = re.compile(
    rb"""\s*<(?P<p>[^<>\s]*)IntervalReading>
    (?:\s*<(?P=p)(?:
        timePeriod>(?:\s*<(?P=p)(?:duration></(?P=p)duration|start></(?P=p)start)>)*\s*</(?P=p)timePeriod
      | ReadingQuality>\s*<(?P=p)quality></(?P=p)quality>\s*</(?P=p)ReadingQuality
      | value></(?P=p)value | cost></(?P=p)cost | tou></(?P=p)tou | cpp></(?P=p)cpp
      | consumptionTier></(?P=p)consumptionTier
    )>)*\s*</(?P=p)IntervalReading>""",
    re.VERBOSE,
)
_LEAF = re.compile(rb"<[^<>/]*?([A-Za-z]+)></")


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A reading without its numbers: which leaf each number stands in, and where; how many line ends it has,
    and how many of them before it begins."""

    leaves: IntArray
    places: IntArray
    line_ends: int
    lead: int


@dataclass(frozen=True, slots=True)
class _Region:
    """Bytes [start, end) of a chunk that begin and end with a reading."""

    start: int
    end: int
    prefix: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Readings, lines counted from 0. `ends`: int64 (n,), the byte behind each; `before`: int64 (n,), line
    ends before it; `line_ends` of all."""

    readings: Rows
    ends: IntArray
    before: IntArray
    line_ends: int

    def parted(self, bounds: Sequence[int]) -> Iterator[_Read]:
        """The same cut before these places, each part with lines of its own."""
        first = 0
        for end in bounds:
            rows = self.readings[first:end]
            start = int(rows["line"][0])
            behind = int(self.before[end]) if end < self.before.size else self.line_ends
            rows["line"] -= start
            yield _Read(rows, self.ends[first:end], self.before[first:end], behind - start)
            first = end


@dataclass(frozen=True, slots=True, eq=False)
class _Tokens:
    """The numbers of a text whose other bytes are blank: [start, end) of each, and its leaf."""

    octets: npt.NDArray[np.uint8]
    starts: IntArray
    ends: IntArray
    leaves: IntArray

    def numbers(self) -> tuple[IntArray, npt.NDArray[np.int32]] | None:
        """n and places, where a token says n / 10**places; None where one is no number, or too long."""
        widths = self.ends - self.starts
        longest = int(widths.max())
        if longest > MOST_DIGITS:
            return None
        minus = self.octets[self.starts] == _MINUS
        widths = widths - minus
        values = np.zeros(widths.size, dtype=np.int64)
        odd = widths < 1
        for place in range(longest):
            there = widths > place
            digits = np.where(there, self.octets[np.where(there, self.ends - 1 - place, 0)] - _ZERO, 0)
            odd |= digits > 9  # an octet less than "0" wraps round
            values += digits.astype(np.int64) * 10**place
        places = np.zeros(widths.size, dtype=np.int32)
        values[minus] *= -1
        for token in np.flatnonzero(odd).tolist():
            text = self.octets[self.starts[token] : self.ends[token]].tobytes().decode("ascii")
            parts = decimal_parts(text)
            if parts is None:
                return None
            values[token], places[token] = parts
        return values, places


@dataclass(slots=True)
class Runs:
    """The runs of one feed. `spliced` rewrites; `taken` gives the rows of an element in their place."""

    _line: int = 1
    _secret: str = field(default_factory=lambda: secrets.token_hex(16))
    _found: dict[str, Rows] = field(default_factory=dict)
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

    def taken(self, name: str | None) -> Rows | None:
        """The rows of the run of this name, once; None where it is none of ours. Those of runs before it that
        were never asked for stand in comments, and are forgotten."""
        rows = self._found.pop(name, None) if name else None
        if rows is None or name is None:
            return None
        for earlier in list(self._found):
            if _number(earlier) > _number(name):
                break
            del self._found[earlier]
        return rows

    def _without_runs(self, data: bytes) -> bytes:
        out, done = list[bytes](), 0
        regions = [] if _STAND_IN[:1] in data else list(_regions(data))
        for region, rows in _read_all(data, regions):
            before = data[done : region.start]
            self._line += before.count(b"\n")
            out.append(before)
            done = region.end
            if rows is None:
                out.append(data[region.start : region.end])
                self._line += out[-1].count(b"\n")
                continue
            self._count += 1
            name = f"{self._secret}-{self._count}"
            rows.readings["line"] += self._line
            self._line += rows.line_ends
            self._found[name] = rows.readings
            blank = b"\n" * rows.line_ends
            out.append(b'<%sIntervalReading run="%s"%s/>' % (region.prefix, name.encode(), blank))
        out.append(data[done:])
        self._line += out[-1].count(b"\n")
        return b"".join(out)


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _whole(data: bytes) -> int:
    """Up to where a chunk is best cut: behind its last whole reading, which is not waited for long."""
    last = data.rfind(b"IntervalReading>")
    if last < 0:
        return len(data)
    begins = data.rfind(b"<", 0, last)
    cut = last + len(b"IntervalReading>") if data[begins + 1 : begins + 2] == b"/" else max(begins, 0)
    return cut if len(data) - cut <= _HELD_BACK else len(data)


def _regions(data: bytes) -> Iterator[_Region]:
    """From the first reading of a block to its last."""
    found = _START.search(data)
    while found is not None:
        prefix = found[1]
        closing = b"</%sIntervalReading>" % prefix
        block_ends = data.find(b"</%sIntervalBlock>" % prefix, found.end())
        last = data.rfind(closing, found.end(), block_ends if block_ends >= 0 else len(data))
        if last >= 0:
            end = last + len(closing)
            yield _Region(found.start(), end, prefix)
        elif block_ends < 0:
            return
        else:
            end = block_ends
        found = _START.search(data, end)


def _read_all(data: bytes, regions: Sequence[_Region]) -> Iterator[tuple[_Region, _Read | None]]:
    """Each region with its rows, None for one that is to be read as XML. Read together where that goes."""
    texts = [_named(data[region.start : region.end], region.prefix) for region in regions]
    prefixes = {prefix for _, prefix in texts}
    if len(prefixes) == 1:
        together = _read(b"".join(text for text, _ in texts), prefixes.pop())
        if together is not None:
            bounds = np.searchsorted(together.ends, np.cumsum([len(text) for text, _ in texts])) + 1
            yield from zip(regions, together.parted(bounds.tolist()), strict=True)
            return
    for region, (text, prefix) in zip(regions, texts, strict=True):
        yield region, _read(text, prefix)


def _named(text: bytes, prefix: bytes) -> tuple[bytes, bytes]:
    """The text with a prefix that cannot be taken for numbers."""
    if prefix.translate(None, _NUMBER_BYTES) == prefix:
        return text, prefix
    return text.replace(b"<" + prefix, b"<" + _STAND_IN).replace(b"</" + prefix, b"</" + _STAND_IN), _STAND_IN


def _read(data: bytes, prefix: bytes) -> _Read | None:
    """The readings that the bytes are, lines counted from 0; None where they are anything else."""
    bare = data.translate(None, _NUMBER_BYTES)
    closing = b"</%sIntervalReading>" % prefix
    texts = bare.split(closing)
    if texts.pop():
        return None
    pieces = []
    for text in texts:
        piece = _piece(text, closing)
        if piece is None:
            return None
        pieces.append(piece)
    expected = np.concatenate([piece.places for piece in pieces])
    counts = np.array([piece.places.size for piece in pieces])
    bare_ends = np.cumsum([len(text) for text in texts]) + np.arange(1, len(texts) + 1) * len(closing)
    expected += np.repeat(np.concatenate(([0], bare_ends[:-1])), counts)
    blanked = data.translate(_AS_BLANKS)
    octets = np.frombuffer(blanked, dtype=np.uint8)
    is_number = octets != _BLANK
    edges = np.flatnonzero(is_number[1:] != is_number[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    widths = ends - starts
    grown = np.cumsum(widths)
    if starts.size != expected.size or not np.array_equal(starts - grown + widths, expected):
        return None
    tokens = _Tokens(octets, starts, ends, np.concatenate([piece.leaves for piece in pieces]))
    rows = _filled(tokens, np.repeat(np.arange(len(pieces)), counts), len(pieces))
    if rows is None:
        return None
    line_ends = np.array([piece.line_ends for piece in pieces])
    before = np.cumsum(line_ends) - line_ends
    rows["line"] = before + [piece.lead for piece in pieces]
    return _Read(rows, bare_ends + grown[np.cumsum(counts) - 1], before, int(line_ends.sum()))


@lru_cache(maxsize=4096)
def _piece(text: bytes, closing: bytes) -> _Piece | None:
    if len(text) > _LONGEST_PIECE or not _PIECE.fullmatch(text + closing):
        return None
    found = list(_LEAF.finditer(text))
    leaves = np.array([_LEAVES.index(leaf[1]) for leaf in found], dtype=np.int64)
    if (np.bincount(leaves, minlength=_QUALITY)[:_QUALITY] > 1).any():
        return None
    places = np.array([leaf.end() - 2 for leaf in found], dtype=np.int64)
    lead = len(text) - len(text.lstrip())
    return _Piece(leaves, places, text.count(b"\n"), text.count(b"\n", 0, lead))


def _filled(tokens: _Tokens, row: IntArray, count: int) -> Rows | None:
    """Rows of what stands in their leaves; None where a number needs a closer look."""
    numbers = tokens.numbers()
    if numbers is None:
        return None
    values, places = numbers
    rows = empty_rows(count)
    for leaf, name in ((_START_LEAF, "start"), (_DURATION, "duration"), (_VALUE, "value"), (_COST, "cost")):
        chosen = tokens.leaves == leaf
        found, digits = values[chosen], places[chosen]
        if leaf in (_START_LEAF, _DURATION):
            micros = _micros(found, digits)
            if micros is None or micros.size != count:
                return None
            rows[name] = micros
        elif leaf == _VALUE:
            rows[name][row[chosen]] = found
            rows["places"][row[chosen]] = digits
        elif digits.any():
            return None
        else:
            rows[name][row[chosen]] = found
    chosen = tokens.leaves == _QUALITY
    codes = values[chosen]
    if places[chosen].any():
        return None
    bits = np.where((codes < 0) | (codes > 30), 31, codes).astype(np.uint32)
    np.bitwise_or.at(rows["quality"], row[chosen], np.uint32(1) << bits)
    return rows


def _micros(seconds: IntArray, places: npt.NDArray[np.int32]) -> IntArray | None:
    odd = np.flatnonzero(places)
    if np.abs(np.where(places == 0, seconds, 0)).max(initial=0) >= 10**11:
        return None
    micros = seconds * MICROS
    for place in odd.tolist():
        exact = micros_of(int(seconds[place]), int(places[place]))
        if exact is None:
            return None
        micros[place] = exact
    return micros


def empty_rows(count: int) -> Rows:
    """Rows that say nothing yet."""
    rows = np.zeros(count, dtype=ROW)
    rows["value"] = rows["cost"] = MISSING
    return rows
