"""UN/EDIFACT interchanges as a stream of segments (ISO 9735:1988, syntax versions 1 to 4).

    UNA  which characters separate; may be left out    UNH  a message begins
    UNB  the interchange begins, names its characters  UNT  it ends: how many segments, its reference
    UNG, UNE  a group of messages, seldom used         UNZ  the end: how many messages, the reference

Segments are numbered from 1, UNA among them: the line each has where a file is shown a segment a line. Line
breaks mean nothing, inside segments too. A chunk of the file and the segment that runs over its end are all
that is held.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from meters.domain.problems import refusal
from meters.feeds.lines import Unreadable

CHUNK_BYTES = 1 << 18
MOST_SEGMENT = 1 << 16
"""Characters a segment may have; the longest of the message types read here stays below 2,000."""

CHARACTER_SETS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "latin-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOL": "iso8859-15",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}
"""The syntax identifier of UNB (code list 0001) and the encoding it stands for."""

_BINARY = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_BREAKS = str.maketrans("", "", "\r\n\f")
_HELD = "\x01\x02\x03\x04\x05"
"""Stand in for released characters while a text is cut; no text may hold them itself."""


class Refused(Unreadable):
    """Carries a refusing problem out of the walk over segments."""

    def __init__(self, code: str, message: str, number: int | None) -> None:
        super().__init__(refusal(code, message, number))


@dataclass(frozen=True, slots=True)
class Syntax:
    """The separators in force and the encoding. `release` is empty where none is used, `decimal` where comma
    and point both serve."""

    component: str = ":"
    element: str = "+"
    decimal: str = ""
    release: str = "?"
    terminator: str = "'"
    encoding: str = "latin-1"


@dataclass(frozen=True, slots=True)
class Segment:
    """`elements[i][j]` is component j of element i, whose element 0 is the tag; released characters are as
    they were meant."""

    number: int
    elements: list[list[str]]

    @property
    def tag(self) -> str:
        return self.elements[0][0]

    def text(self, element: int, component: int = 0) -> str:
        """A component without its outer blanks; empty where the segment ends before it."""
        try:
            return self.elements[element][component].strip()
        except IndexError:
            return ""

    @property
    def shown(self) -> str:
        """The segment for messages, cut where it is long."""
        text = "+".join(":".join(parts) for parts in self.elements)
        return text if len(text) <= 60 else f"{text[:57]}..."


def segments(stream: BinaryIO) -> tuple[Syntax, Iterator[Segment]]:
    """The syntax of an interchange, and its segments from UNB on.

    Raises Refused where the file does not begin as an interchange, and while iterating where bytes are no
    text of its character set, binary data stands in it, or a segment does not end.
    """
    head = stream.read(CHUNK_BYTES)
    syntax, start, first = _syntax(head)
    return syntax, _segments(stream, head[start:], syntax, first)


def _syntax(head: bytes) -> tuple[Syntax, int, int]:
    """What UNA and UNB say, the byte at which UNB stands, and its number."""
    start = 3 if head.startswith(codecs.BOM_UTF8) else 0
    start += len(head[start:]) - len(head[start:].lstrip())
    marks, first = Syntax(), 1
    if head[start : start + 3] == b"UNA":
        marks = _marks(head[start + 3 : start + 9])
        start, first = start + 9, 2
        start += len(head[start:]) - len(head[start:].lstrip())
    plain = head[start : start + 200].translate(None, b"\r\n").decode("latin-1")
    if not plain.startswith("UNB" + marks.element):
        message = f"The file starts with {plain[:20]!r}; an EDIFACT interchange starts with UNA or UNB."
        raise Refused("no_header", message, first)
    name = plain[4:8]
    encoding = CHARACTER_SETS.get(name)
    if encoding is None:
        known = ", ".join(CHARACTER_SETS)
        raise Refused("unknown_encoding", f"UNB names the character set {name!r}; known are {known}.", first)
    # From syntax version 4 on comma and point are both decimal marks, whatever UNA says.
    decimal = "" if plain[9:10] == "4" else marks.decimal
    return replace(marks, decimal=decimal, encoding=encoding), start, first


def _marks(text: bytes) -> Syntax:
    """The six characters of UNA: component, element, decimal mark, release, reserved, terminator."""
    marks = text.decode("latin-1")
    release = marks[3:4].strip()
    separators = [marks[0:1], marks[1:2], marks[5:6], *release]
    fit = len(marks) == 6 and marks.isascii() and marks.isprintable() and marks[2] in ".,"
    if not fit or len(set(separators)) != len(separators) or any(mark.isalnum() for mark in separators):
        message = f"UNA says {marks!r}, which is not six separators like {':+.? ' + chr(39)!r}."
        raise Refused("bad_una", message, 1)
    return Syntax(marks[0], marks[1], marks[2], release, marks[5])


def _segments(stream: BinaryIO, head: bytes, syntax: Syntax, first: int) -> Iterator[Segment]:
    decoder = codecs.getincrementaldecoder(syntax.encoding)()
    number, rest, held, data = first, "", "", head
    marks = _Marks(syntax)
    while True:
        text = held + _decoded(decoder, data, number, syntax)
        held, text = marks.split_release(text) if data else ("", text)
        pieces = (rest + marks.hold(text)).split(syntax.terminator)
        rest = pieces.pop()
        for piece in pieces:
            if piece and not piece.isspace():
                yield Segment(number, marks.cut(piece))
            number += 1
        if len(rest) > MOST_SEGMENT:
            message = f"Segment {number} does not end within {MOST_SEGMENT:,} characters."
            raise Refused("no_segments", message, number)
        if not data:
            break
        data = stream.read(CHUNK_BYTES)
    if rest.strip():
        message = f"The file was cut off: segment {number} ({rest[:40]!r}) does not end."
        raise Refused("no_end", message, number)


def _decoded(decoder: codecs.IncrementalDecoder, data: bytes, number: int, syntax: Syntax) -> str:
    """The text of a chunk, the last of which is empty, without line breaks."""
    try:
        text = decoder.decode(data, not data)
    except UnicodeDecodeError as error:
        before = data[: error.start].count(syntax.terminator.encode())
        message = f"UNB says the text is {syntax.encoding}, and segment {number + before} is not."
        raise Refused("encoding", message, number + before) from error
    found = _BINARY.search(text)
    if found:
        at = number + text.count(syntax.terminator, 0, found.start())
        raise Refused("binary", f"Segment {at} holds binary data.", at)
    return text.translate(_BREAKS)


class _Marks:
    """Cuts text at separators that are not released."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._released: list[tuple[str, str]] = []
        if syntax.release:
            meant = (syntax.release, syntax.component, syntax.element, syntax.terminator)
            self._released = [(syntax.release + mark, _HELD[place]) for place, mark in enumerate(meant)]
        self._meant = str.maketrans({stand_in: pair[1] for pair, stand_in in self._released})
        self._other = re.compile(re.escape(syntax.release) + "(.)") if syntax.release else None

    def split_release(self, text: str) -> tuple[str, str]:
        """A release character at the end, whose partner is still to come, apart from the text before it."""
        release = self._syntax.release
        if not release:
            return "", text
        odd = (len(text) - len(text.rstrip(release))) % 2
        return (release, text[:-1]) if odd else ("", text)

    def hold(self, text: str) -> str:
        """Released characters replaced by their stand-ins."""
        if self._syntax.release and self._syntax.release in text:
            for pair, stand_in in self._released:
                text = text.replace(pair, stand_in)
        return text

    def cut(self, piece: str) -> list[list[str]]:
        component = self._syntax.component
        elements = [element.split(component) for element in piece.strip().split(self._syntax.element)]
        if piece.isprintable() and (self._other is None or self._syntax.release not in piece):
            return elements
        return [[part if part.isalnum() else self._as_meant(part) for part in parts] for parts in elements]

    def _as_meant(self, part: str) -> str:
        if self._other is not None and self._syntax.release in part:
            part = self._other.sub(r"\1", part)
        return part.translate(self._meant)
