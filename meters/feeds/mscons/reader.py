"""MSCONS, the metered services consumption report of UN/EDIFACT (D.96A to D.04B), as EDI@Energy uses it in
Germany and SDAT in Switzerland.

    LOC+172  the metering point       QTY  a value and its status; DTM+163 and 164 its period, or
    RFF+MG   the meter                     DTM+7 and 9 when a register was read
    LIN PIA  a channel, its OBIS code STS  how a substitute was made, and why

Several points and channels a message, several messages an interchange. A value is the energy of its period,
not a mean power, wherever its OBIS code says so; its unit is QTY's or MEA's, else the OBIS code's. Days are
cut in the standard time of the premise, else of central Europe (UTC+1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from zoneinfo import ZoneInfo

from meters.domain.problems import Problem
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.mscons.codes import SEGMENTS
from meters.feeds.mscons.edifact import Refused, Segment
from meters.feeds.mscons.envelope import Envelope
from meters.feeds.mscons.place import Place
from meters.feeds.mscons.position import Open

GERMAN = ZoneInfo("Europe/Berlin")
_GERMAN_AGENCIES = frozenset({"500", "502", "293", "332"})
"""UNB 0007 and NAD 3055: codes given by BDEW and DVGW, whose rules have local legal time."""
_CANCELLATION = "1"


def recognises(head: str) -> bool:
    """Whether an interchange begins here that holds a MSCONS message."""
    return re.match(r"\s*UN[AB]", head) is not None and "MSCONS" in head


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG001
    """Blocks, register reads, consumptions and problems, position by position; `line` is a segment's
    number."""
    try:
        yield from _Reader(Envelope(stream, "MSCONS"), options).items()
    except Refused as refused:
        yield refused.problem


FORMAT = Format("mscons", recognises, read)


class _Reader:
    """Walks the segments of an interchange, holding the point and the position they belong to."""

    def __init__(self, envelope: Envelope, options: ReadOptions) -> None:
        self._envelope = envelope
        self._place = Place(options, envelope.syntax.decimal, options.zone)
        self._open: Open | None = None
        self._cancels: Segment | None = None
        self._quantities = 0

    def items(self) -> Iterator[Item]:
        for segment in self._envelope:
            tag = segment.tag
            if tag not in SEGMENTS:
                words = f"Segment {segment.number} ({segment.shown}) is none that MSCONS has."
                raise Refused("unknown_segment", words, segment.number)
            if tag == "UNH":
                self._begin_message()
            elif tag in ("NAD", "LOC", "LIN", "UNS", "UNT"):
                yield from self._close()
                if tag == "LIN":
                    self._open = Open(self._place, segment)
                elif tag == "UNT":
                    yield from self._end_message()
                else:
                    self._place.take(segment)
                    self._hear_agency(segment)
            elif tag == "QTY":
                self._quantities += 1
                self._position(segment).begin_value(segment)
            elif tag == "BGM":
                self._cancels = segment if segment.text(3) == _CANCELLATION else None
            elif self._open is not None:
                self._open.take(segment)
            else:
                self._place.take(segment)

    def _begin_message(self) -> None:
        self._place.clear()
        self._cancels, self._quantities = None, 0
        unb = self._envelope.interchange
        assert unb is not None, "UNB comes before UNH"
        if {unb.text(2, 1), unb.text(3, 1)} & _GERMAN_AGENCIES:
            self._place.zone = self._place.options.zone or GERMAN

    def _hear_agency(self, segment: Segment) -> None:
        if segment.tag == "NAD" and segment.text(2, 2) in _GERMAN_AGENCIES:
            self._place.zone = self._place.options.zone or GERMAN

    def _position(self, segment: Segment) -> Open:
        if self._open is None:
            words = f"Segment {segment.number} ({segment.shown}) stands before any LIN names its channel."
            raise Refused("no_channel", words, segment.number)
        return self._open

    def _close(self) -> Iterator[Item]:
        """What the position that ends here holds; nothing of a message that cancels."""
        ended, self._open = self._open, None
        if ended is not None and self._cancels is None:
            yield from ended.items()

    def _end_message(self) -> Iterator[Problem]:
        if self._cancels is not None:
            words = (
                f"Message {self._cancels.text(2)!r} cancels {self._quantities} values sent before. What was "
                "taken is kept: send corrected values, or edit the days."
            )
            yield Problem("cancellation", words, self._cancels.number)
