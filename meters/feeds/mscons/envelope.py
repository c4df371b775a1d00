"""Whether an interchange is whole: its service segments in order, their counts and references checked
(ISO 9735:1988, part 1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from meters.feeds.mscons.edifact import Refused, Segment, Syntax, segments

_TEST = "1"


class Envelope:
    """Walks an interchange of one message type and gives the segments between UNH and UNT, both included.

    Fewer segments than UNT counts, a missing UNT or UNZ, or a reference that is not the one the message began
    with: something was lost, and Refused is raised. More segments than UNT counts are no loss, and senders
    are about who count wrongly: the number is not held against them.
    """

    def __init__(self, stream: BinaryIO, message_type: str) -> None:
        self.syntax: Syntax
        self.syntax, self._segments = segments(stream)
        self._type = message_type
        self.interchange: Segment | None = None
        self._group: Segment | None = None
        self._message: Segment | None = None
        self._ended = False
        self._inside = self._messages = self._groups = self._in_group = 0

    def __iter__(self) -> Iterator[Segment]:
        number = 0
        for segment in self._segments:
            number = segment.number
            tag = segment.tag
            if self._ended:
                words = f"There is a segment ({segment.shown}) after UNZ, which ends the interchange."
                raise Refused("after_end", f"{words} Send each interchange as a file.", number)
            if tag == "UNB" or self.interchange is None:
                self._begin(segment)
            elif tag in ("UNG", "UNE", "UNZ"):
                self._outside(segment)
            elif tag == "UNH":
                self._begin_message(segment)
                yield segment
            elif self._message is None:
                words = f"Segment {number} ({segment.shown}) stands outside of any message."
                raise Refused("no_message", words, number)
            else:
                self._inside += 1
                if tag == "UNT":
                    self._end_message(segment, self._message)
                yield segment
        if not self._ended:
            words = f"The file was cut off: it stops after segment {number} without UNZ."
            raise Refused("no_end", words, number)

    def _begin(self, segment: Segment) -> None:
        if self.interchange is not None:
            raise Refused("second_header", "A second UNB; send each interchange as a file.", segment.number)
        if segment.text(11) == _TEST:
            words = "UNB says that this interchange is a test; nothing of it is taken."
            raise Refused("test_file", words, segment.number)
        self.interchange = segment

    def _begin_message(self, segment: Segment) -> None:
        if self._message is not None:
            raise _unended(self._message, segment)
        kind = segment.text(2)
        if kind != self._type:
            words = f"Message {segment.text(1)!r} is of type {kind[:20]!r}; only {self._type} is read."
            raise Refused("unsupported_message", words, segment.number)
        self._message, self._inside = segment, 1
        self._messages += 1
        self._in_group += 1

    def _end_message(self, segment: Segment, message: Segment) -> None:
        counted = _count(segment)
        if self._inside < counted:
            words = (
                f"Message {message.text(1)!r} has {self._inside} segments where UNT counts {counted}: some "
                "were lost on the way."
            )
            raise Refused("wrong_count", words, segment.number)
        _same_reference(segment, message.text(1), "UNH")
        self._message = None

    def _outside(self, segment: Segment) -> None:
        """UNG, UNE and UNZ, none of which may stand inside a message."""
        if self._message is not None:
            raise _unended(self._message, segment)
        assert self.interchange is not None, "UNB comes first"
        if segment.tag == "UNG":
            self._group, self._in_group = segment, 0
            self._groups += 1
            return
        begun = self._group if segment.tag == "UNE" else self.interchange
        if begun is None or (segment.tag == "UNZ" and self._group is not None):
            raise Refused("bad_order", f"{segment.tag} stands where no group ends.", segment.number)
        found = self._in_group if segment.tag == "UNE" else self._groups or self._messages
        if found != _count(segment):
            words = f"There are {found} messages or groups where {segment.shown} counts otherwise."
            raise Refused("wrong_count", words, segment.number)
        _same_reference(segment, begun.text(5), begun.tag)
        if segment.tag == "UNE":
            self._group = None
        else:
            self._ended = True


def _unended(message: Segment, segment: Segment) -> Refused:
    words = f"Message {message.text(1)!r} was cut off: {segment.tag} stands before its UNT."
    return Refused("no_end", words, segment.number)


def _count(segment: Segment) -> int:
    text = segment.text(1)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("wrong_count", f"{segment.shown} counts nothing: {text!r}.", segment.number)
    return int(text)


def _same_reference(segment: Segment, reference: str, tag: str) -> None:
    if segment.text(2) != reference:
        words = f"{segment.shown} ends another message than {tag} began, whose reference is {reference!r}."
        raise Refused("wrong_reference", words, segment.number)
