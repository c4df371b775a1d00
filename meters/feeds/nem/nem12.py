"""NEM12, the interval meter file of the Australian market (Meter Data File Format Specification NEM12 &
NEM13).

    100  header            one, first
    200  a channel         NMI, suffix, unit, interval; holds for the 300s below
    300  a day             its values, one quality and method, reason, update times
    400  part of a day     which intervals have which quality, method and reason, where the 300 says V
    500  a visit           why the meter was read (a remark on its day), and what its register showed
    900  end               one, last

Times are UTC+10 all the year. A later 300 replaces the day. The suffix tells the direction as the market sees
it; turned to the customer's, E is import and B export. Plain days are read many at a time (`nem_runs`), all
others here, record by record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from meters.domain.decimals import IntArray
from meters.domain.problems import Problem
from meters.feeds.format import Format, Item, ReadOptions
from meters.feeds.lines import Unreadable, line_chunks
from meters.feeds.nem.days import Day
from meters.feeds.nem.records import Order, at, day_of, fields_of, first_record, quality_method, refuse
from meters.feeds.nem.runs import Line, pieces
from meters.feeds.nem.streams import Stream, stream_of
from meters.feeds.nem.visits import index_read

_KINDS = frozenset({"100", "200", "300", "400", "500", "900"})
_CHUNK_BYTES = 2**19


def recognises(head: str) -> bool:
    """Whether the first record that is not blank bears a record indicator, and no header of another
    version."""
    found = first_record(head)
    return found is not None and found[0] in _KINDS and found[1] != "NEM13"


def read(stream: BinaryIO, stem: str, options: ReadOptions) -> Iterator[Item]:  # noqa: ARG001
    """Blocks, runs of blocks, register reads and problems in the order of the file."""
    try:
        yield from _Reader().items(stream)
    except Unreadable as unreadable:
        yield unreadable.problem


FORMAT = Format("nem12", recognises, read)


class _Reader:
    """Walks the records of one file, holding the channel and the day they belong to."""

    def __init__(self) -> None:
        self.order = Order("NEM12")
        self.channel: Stream | None = None
        self.day: Day | None = None
        self.after_bad_day = False

    def items(self, stream: BinaryIO) -> Iterator[Item]:
        last = 0
        for first, data in line_chunks(stream, _CHUNK_BYTES):
            for number, piece in pieces(first, data, self.channel):
                if isinstance(piece, Line):
                    yield from self._record(piece, number)
                    continue
                if not self.order.open:
                    self.order.check("200" if isinstance(piece, Stream) else "300", number)
                if self.day is not None:
                    yield self._finished(self.day)
                self.after_bad_day = False
                if isinstance(piece, Stream):
                    self.channel = piece
                else:
                    yield piece
            last = first + data.count(b"\n") - data.endswith(b"\n")
        self.order.check_end(last)

    def _record(self, line: Line, number: int) -> Iterator[Item]:
        fields = fields_of(line.raw, number) if line.values is None else []
        if not fields and line.values is None:
            return
        kind = fields[0].strip() if fields else "300"
        self.order.check(kind, number)
        if kind in ("300", "400", "500") and self.channel is None:
            message = f"A {kind} record stands before any 200 record names its channel."
            raise refuse("no_channel", message, number)
        if kind in ("200", "300", "900") and self.day is not None:
            yield self._finished(self.day)
        if kind == "300":
            yield from self._begin_day(line, fields, number)
        elif kind == "400":
            self._tell_quality(fields, number)
        elif kind == "500":
            yield from self._transaction(fields, number)
        elif kind == "200":
            self.after_bad_day = False
            self.channel = stream_of(line.raw, number)
        elif kind == "900":
            self.channel, self.order.ended = None, True
        elif kind == "100":
            self.order.begin(fields, number)
        else:
            raise refuse("unknown_record", f"A NEM12 file has no {kind[:20]!r} record.", number)

    def _begin_day(self, line: Line, fields: list[str], number: int) -> Iterator[Problem]:
        """Open a day, or say why its record cannot even be placed."""
        assert self.channel is not None, "records are in order"
        count, tail = self.channel.count, line.tail.decode("ascii").strip().split(",")
        values: Sequence[str] | IntArray | None = line.values
        if values is None or quality_method(tail[0]) is None:
            fields = fields_of(line.raw, number)
            values, tail = fields[2 : 2 + count], fields[2 + count :]
        stamp = at(fields, 1) if fields else line.raw.split(b",", 2)[1].decode("ascii").strip()
        day = day_of(stamp)
        self.after_bad_day = day is None
        if day is None:
            message = f"{stamp[:20]!r} is not a date like 20240131; the record is left out."
            yield Problem("bad_date", message, number)
            return
        self.day = Day(number, self.channel, day, values)
        self.day.flagged(tail, fields)

    def _tell_quality(self, fields: list[str], number: int) -> None:
        if self.day is not None:
            self.day.tell_quality(fields, number)
        elif not self.after_bad_day:
            raise refuse("no_day", "A 400 record stands before any 300 record names its day.", number)

    def _transaction(self, fields: list[str], number: int) -> Iterator[Item]:
        assert self.channel is not None, "records are in order"
        if self.day is not None:
            self.day.tell_transaction(fields)
        elif not self.after_bad_day:
            message = "A 500 record stands before any 300 record names its day; why it was read is left out."
            yield Problem("no_day", message, number)
        read = index_read(self.channel, fields, number)
        if read is not None:
            yield read

    def _finished(self, day: Day) -> Item:
        """The block of the day that has ended, or its problem."""
        self.day = None
        return day.finished()
