"""Bytes that are nothing but interval readings, read by numpy: exactly, or not at all.

Why an equal sign is safe to draw: taken without the characters of its numbers, the bytes must be a sequence
of known pieces (a reading's elements without attributes, one number in each leaf, blanks between), and every
number must stand exactly where its piece has the place for one. Such bytes are balanced elements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.feeds.greenbutton.numbers import MICROS, MOST_DIGITS, decimal_parts, micros_of

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
NUMBER_BYTES = b"0123456789+-."

_PLUS, _COMMA, _MINUS, _SLASH, _ZERO, _NINE = (np.uint8(ord(sign)) for sign in "+,-/09")
_LONGEST_PIECE = 4096
_LEAVES = (b"duration", b"start", b"value", b"cost", b"quality", b"consumptionTier", b"tou", b"cpp")
_DURATION, _START, _VALUE, _COST, _QUALITY = range(5)
_NAMES = ("duration", "start")
_PIECE = re.compile(
    rb"""[ \t\r\n]*<(?P<p>[^<>]*)IntervalReading>
    (?:[ \t\r\n]*<(?P=p)(?:
        timePeriod>(?:[ \t\r\n]*<(?P=p)(?:duration></(?P=p)duration|start></(?P=p)start)>)*
        [ \t\r\n]*</(?P=p)timePeriod
      | ReadingQuality>[ \t\r\n]*<(?P=p)quality></(?P=p)quality>
        [ \t\r\n]*</(?P=p)ReadingQuality
      | value></(?P=p)value | cost></(?P=p)cost | tou></(?P=p)tou | cpp></(?P=p)cpp
      | consumptionTier></(?P=p)consumptionTier
    )>)*[ \t\r\n]*</(?P=p)IntervalReading>""",
    re.VERBOSE,
)
_LEAF = re.compile(rb"<(?:[^<>/]*:)?(%s)></" % b"|".join(_LEAVES))


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A reading without its numbers: which leaf each number stands in, and where; how many line ends it has,
    and how many of them before it begins."""

    leaves: IntArray
    places: IntArray
    line_ends: int
    lead: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """The pieces of some bytes without their numbers. places: int64 (numbers,), where each number stands in
    those bytes; `columns`: of each leaf, which numbers stand in it, a row at most once in each column, and
    in which rows (None: in all). ends, line_ends, lead: int64 (n,), where each piece ends, and as of
    `_Piece`; `counts`: int64 (n,), its numbers."""

    places: IntArray
    columns: Mapping[int, Sequence[tuple[slice | npt.NDArray[np.intp], IntArray | None]]]
    counts: IntArray
    ends: IntArray
    line_ends: IntArray
    lead: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ReadRows:
    """`rows` with lines counted from 0; int64 (n,) the byte behind each reading, and the line ends before
    it; how many line ends there are in all."""

    rows: Rows
    ends: IntArray
    before: IntArray
    line_ends: int


def empty_rows(count: int) -> Rows:
    """Rows that say nothing yet."""
    rows = np.zeros(count, dtype=ROW)
    rows["value"] = rows["cost"] = MISSING
    return rows


def read_rows(data: bytes, prefix: bytes) -> ReadRows | None:
    """The readings that the bytes are; None where they are anything else, or need a closer look. `prefix` is
    that of their elements, with its colon, and holds no byte of a number."""
    layout = _layout(data.translate(None, NUMBER_BYTES), b"</%sIntervalReading>" % prefix)
    if layout is None:
        return None
    octets = np.frombuffer(data, dtype=np.uint8)
    is_number = (octets - _PLUS <= _NINE - _PLUS) & (octets != _COMMA) & (octets != _SLASH)
    edges = np.flatnonzero(is_number[1:] != is_number[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    if starts.size != layout.places.size:
        return None
    grown = np.cumsum(ends - starts)
    if not np.array_equal(ends - grown, layout.places):
        return None
    rows = _filled(octets, starts, ends, layout)
    if rows is None:
        return None
    before = np.cumsum(layout.line_ends) - layout.line_ends
    rows["line"] = before + layout.lead
    row_ends = layout.ends + grown[np.cumsum(layout.counts) - 1]
    return ReadRows(rows, row_ends, before, int(layout.line_ends.sum()))


def _layout(bare: bytes, closing: bytes) -> _Layout | None:
    """What the pieces are; None where one is not known. Most often all are alike."""
    first = bare.find(closing) + len(closing)
    count, rest = divmod(len(bare), first)
    if not rest and bare == bare[:first] * count:
        kinds, kind = [_piece(bare[: first - len(closing)], closing)], np.zeros(count, dtype=np.intp)
    else:
        texts = bare.split(closing)
        if texts.pop():
            return None
        names = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        kinds = [_piece(text, closing) for text in names]
        kind = np.array([names[text] for text in texts])
    known = [one for one in kinds if one is not None]
    if len(known) < len(kinds):
        return None
    return _laid_out(known, kind)


def _laid_out(known: list[_Piece], kind: npt.NDArray[np.intp]) -> _Layout:
    sizes = np.array([one.size for one in known])[kind]
    ends = np.cumsum(sizes)
    counts = np.array([one.places.size for one in known])[kind]
    line_ends = np.array([one.line_ends for one in known])[kind]
    lead = np.array([one.lead for one in known])[kind]
    columns: dict[int, list[tuple[slice | npt.NDArray[np.intp], IntArray | None]]] = {}
    if len(known) == 1:
        own = known[0].leaves
        places = (known[0].places + (ends - sizes)[:, None]).reshape(-1)
        for place, leaf in enumerate(own.tolist()):
            columns.setdefault(leaf, []).append((slice(place, None, own.size), None))
    else:
        places = np.concatenate([known[one].places for one in kind.tolist()])
        places += np.repeat(ends - sizes, counts)
        begins = np.cumsum(counts) - counts
        for number, piece in enumerate(known):
            rows = np.flatnonzero(kind == number)
            for place, leaf in enumerate(piece.leaves.tolist()):
                columns.setdefault(leaf, []).append((begins[rows] + place, rows))
    return _Layout(places, columns, counts, ends, line_ends, lead)


@lru_cache(maxsize=4096)
def _piece(text: bytes, closing: bytes) -> _Piece | None:
    if len(text) > _LONGEST_PIECE or not _PIECE.fullmatch(text + closing):
        return None
    found = list(_LEAF.finditer(text))
    leaves = np.array([_LEAVES.index(leaf[1]) for leaf in found], dtype=np.int64)
    told = np.bincount(leaves, minlength=len(_LEAVES))
    if told[_START] != 1 or told[_DURATION] != 1 or told[_VALUE] > 1 or told[_COST] > 1:
        return None
    places = np.array([leaf.end() - 2 for leaf in found], dtype=np.int64)
    lead = len(text) - len(text.lstrip(b" \t\r\n"))
    size = len(text) + len(closing)
    return _Piece(leaves, places, text.count(b"\n"), text.count(b"\n", 0, lead), size)


def _filled(octets: npt.NDArray[np.uint8], starts: IntArray, ends: IntArray, layout: _Layout) -> Rows | None:
    """Rows of what stands in their leaves; None where a number needs a closer look."""
    rows = empty_rows(layout.counts.size)
    for leaf, columns in layout.columns.items():
        for chosen, where in columns:
            told = _numbers(octets, starts[chosen], ends[chosen])
            if told is None:
                return None
            numbers, places = told
            row: slice | IntArray = slice(None) if where is None else where
            if leaf in (_START, _DURATION):
                micros = _micros(numbers, places)
                if micros is None:
                    return None
                rows[_NAMES[leaf]][row] = micros if leaf == _START else np.maximum(micros, 0)
            elif leaf == _VALUE:
                rows["value"][row] = numbers
                rows["places"][row] = places
            elif leaf in (_COST, _QUALITY) and places.any():
                return None
            elif leaf == _COST:
                rows["cost"][row] = numbers
            elif leaf == _QUALITY:
                bits = np.where((numbers < 0) | (numbers > 30), 31, numbers).astype(np.uint32)
                rows["quality"][row] |= np.uint32(1) << bits
    return rows


def _numbers(
    octets: npt.NDArray[np.uint8], starts: IntArray, ends: IntArray
) -> tuple[IntArray, IntArray] | None:
    """n and places, where a number says n / 10**places; None where one is no number, or too long."""
    values, places = np.zeros(starts.size, dtype=np.int64), np.zeros(starts.size, dtype=np.int64)
    if not starts.size:
        return values, places
    minus = octets[starts] == _MINUS
    widths = ends - starts - minus
    longest, shortest = int(widths.max()), int(widths.min())
    if longest > MOST_DIGITS:
        return None
    odd = widths < 1
    for place in range(longest):
        if place < shortest:
            digits = octets[ends - 1 - place] - _ZERO
        else:
            there = widths > place
            digits = np.where(there, octets[np.where(there, ends - 1 - place, 0)] - _ZERO, np.uint8(0))
        odd |= digits > 9  # an octet less than "0" wraps round
        values += digits.astype(np.int64) * 10**place
    np.negative(values, where=minus, out=values)
    for token in np.flatnonzero(odd).tolist():
        parts = decimal_parts(octets[starts[token] : ends[token]].tobytes().decode("ascii"))
        if parts is None:
            return None
        values[token], places[token] = parts
    return values, places


def _micros(seconds: IntArray, places: IntArray) -> IntArray | None:
    whole = seconds if not places.any() else np.where(places == 0, seconds, 0)
    if whole.max(initial=0) >= 10**11 or whole.min(initial=0) <= -(10**11):
        return None
    micros = whole * MICROS
    for place in np.flatnonzero(places).tolist():
        exact = micros_of(int(seconds[place]), int(places[place]))
        if exact is None:
            return None
        micros[place] = exact
    return micros
