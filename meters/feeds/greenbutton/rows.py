"""The readings of a Green Button feed, gathered by the meter reading they belong to, on disk where many.

Rows wait for their block's links, which may stand behind them, and then, by the meter reading and the time of
year (`SPAN`), in a spool: reading types may come last, and a second value for an interval anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from meters.domain.decimals import MISSING, IntArray
from meters.feeds.greenbutton.entries import Links
from meters.feeds.greenbutton.numbers import MICROS, decimal_parts, micros_of
from meters.feeds.greenbutton.tokens import ROW, Rows
from meters.feeds.row_spool import KeyRange, RowSpool
from meters.feeds.xml_stream import Element, line_of, local_name

SPAN = 64 * 86_400 * MICROS
MOST_SPANS = 1 << 12
UNTOLD = MISSING
"""A duration that the reading does not say."""
BY_PLACE = -(1 << 40)
"""A duration of BY_PLACE - n says: no time at all; the reading is the block's (n + 1)-th."""
DAY_MICROS = 86_400 * MICROS
LONG = 82_800 * MICROS
"""A day of 23 hours is the shortest that is spoken of as a day."""
_FLUSH_ROWS = 1 << 15
_TIED_ROWS = 1 << 12
_MOST_WINDOWS = 32
"""Each of a megabyte and a half; as many spans as five years have."""
_MOST_PHASES = 64


Slice = tuple[Rows, int, int]
"""Rows [first, end) of an array."""
LooseRow = tuple[int, int, int, int, int, int, int, int]
"""A row of ROW by itself."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """A reading that cannot be taken. `start` in microseconds, None where it cannot be told."""

    line: int
    code: str
    message: str
    start: int | None


@dataclass(slots=True)
class Source:
    """What is gathered of one meter reading, told apart by the links of its blocks. `lengths` counts readings
    by duration; `phases` are where in a day of UTC its days begin, a few."""

    links: Links
    line: int
    lengths: dict[int, int] = field(default_factory=dict)
    phases: set[int] = field(default_factory=set)
    faults: list[RowFault] = field(default_factory=list)
    keys: dict[int, int] = field(default_factory=dict)
    rows: int = 0


class _Untaken(Exception):
    """Carries a fault out of a reading."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_row(element: Element, block_start: int | None, place: int) -> LooseRow | RowFault:
    """One IntervalReading read as XML: a row, or why it is none. Where it says no time it is the `place`-th
    of its block, from 0."""
    line, start = line_of(element), None
    texts, qualities = _texts(element)
    try:
        start = _seconds(texts, "start")
        if start is None:
            start, duration = block_start, BY_PLACE - place
        else:
            length = _seconds(texts, "duration")
            duration = UNTOLD if length is None else max(length, 0)
        if start is None:
            raise _Untaken("no_time", "The reading says no time, and neither does its block.")
        value, places = _number(texts, "value")
        cost, fraction = _number(texts, "cost")
    except _Untaken as fault:
        return RowFault(line, fault.code, str(fault), start)
    mask = 0
    for text in qualities:
        code, digits = decimal_parts(text) or (-1, 0)
        mask |= 1 << (code if 0 <= code <= 30 and not digits else 31)
    return (0, line, start, duration, value, cost // 10**fraction if fraction else cost, mask, places)


def _texts(element: Element) -> tuple[dict[str, str], list[str]]:
    """The texts of a reading's leaves, and of its qualities."""
    texts, qualities = dict[str, str](), list[str]()
    for child in element:
        name = local_name(child)
        if name == "timePeriod":
            for leaf in child:
                texts.setdefault(local_name(leaf), _text(leaf))
        elif name == "ReadingQuality":
            qualities += [_text(leaf) for leaf in child if local_name(leaf) == "quality"]
        else:
            texts.setdefault(name, _text(child))
    return texts, [one for one in qualities if one]


def _text(element: Element) -> str:
    if len(element):
        return "".join(str(text) for text in element.itertext()).strip()
    return (element.text or "").strip()


def _seconds(texts: dict[str, str], name: str) -> int | None:
    text = texts.get(name)
    if not text:
        return None
    micros = seconds_in(text)
    if micros is None:
        words = f"The {name} {text[:40]!r} is not a number of seconds since 1970."
        raise _Untaken("unreadable_time", words)
    return micros


def _number(texts: dict[str, str], name: str) -> tuple[int, int]:
    text = texts.get(name)
    if not text:
        return MISSING, 0
    parts = decimal_parts(text)
    if parts is None:
        raise _Untaken("not_a_number", f"The {name} {text[:40]!r} is not a number.")
    return parts


def seconds_in(text: str) -> int | None:
    """A text of seconds as microseconds; None where it is none."""
    parts = decimal_parts(text)
    return micros_of(*parts) if parts is not None else None


def _joined(pieces: list[Slice]) -> Rows:
    """Slices as one array. Most follow each other in one, and numpy is slow to join many records."""
    longer = [pieces[0]]
    for array, first, end in pieces[1:]:
        before, begin, stop = longer[-1]
        if array is before and first == stop:
            longer[-1] = (array, begin, end)
        else:
            longer.append((array, first, end))
    rows = np.empty(sum(end - first for _, first, end in pieces), dtype=ROW)
    at = 0
    for array, first, end in longer:
        rows[at : at + end - first] = array[first:end]
        at += end - first
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """The rows of a range of keys, and how many stand before them."""

    keys: KeyRange
    before: int
    rows: Rows


@dataclass(slots=True)
class Gathered:
    """Readings by source. What was added since the last `belong` waits for its links."""

    spool: RowSpool
    sources: list[Source] = field(default_factory=list)
    keys: int = 0
    faults: int = 0
    _by_links: dict[tuple[str, str], int] = field(default_factory=dict)
    _waiting: list[Slice] = field(default_factory=list)
    _waiting_faults: list[RowFault] = field(default_factory=list)
    _loose: list[LooseRow] = field(default_factory=list)
    _waiting_rows: int = 0
    _early: int | None = None
    _placed: list[tuple[int, Slice]] = field(default_factory=list)
    _placed_rows: int = 0
    _counts: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _ends: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _windows: deque[_Window] = field(default_factory=lambda: deque(maxlen=_MOST_WINDOWS))

    def add(self, rows: Slice) -> None:
        """Readings of the entry that is being read."""
        if self._loose:
            self._tie()
        self._waiting.append(rows)
        self._waiting_rows += rows[2] - rows[1]
        if self._waiting_rows >= _FLUSH_ROWS:
            if self._early is None:
                self._early = self._source(Links(), int(rows[0]["line"][rows[1]]))
            self._place(self._early)

    def add_loose(self, row: LooseRow) -> None:
        """One such reading."""
        self._loose.append(row)
        if len(self._loose) >= _TIED_ROWS:
            self._tie()

    def _tie(self) -> None:
        """Loose rows become an array."""
        rows, self._loose = np.array(self._loose, dtype=ROW), []
        self.add((rows, 0, rows.size))

    def add_fault(self, fault: RowFault) -> None:
        """A reading of that entry which cannot be taken."""
        self._waiting_faults.append(fault)
        self.faults += 1

    def belong(self, links: Links, line: int) -> None:
        """The entry has ended, and its readings belong to what its links say."""
        if self._loose:
            self._tie()
        if self._early is not None:
            self.sources[self._early].links = links
            source, self._early = self._early, None
        elif self._waiting or self._waiting_faults:
            head = links.own.rpartition("/")[0]
            key = (head if head.endswith("/IntervalBlock") else links.own, links.up)
            source = self._by_links.get(key, -1)
            if source < 0:
                source = self._by_links[key] = self._source(links, line)
        else:
            return
        self.sources[source].faults += self._waiting_faults
        self._waiting_faults.clear()
        self._place(source)

    @property
    def waiting(self) -> int:
        """Readings that stand in no entry."""
        return self._waiting_rows + len(self._loose) + len(self._waiting_faults)

    def finish(self) -> None:
        """All is read."""
        self._flush()
        self._ends = np.cumsum(self._counts)

    def rows_of(self, sources: list[Source]) -> Iterator[tuple[int, Rows]]:
        """All rows of some sources: for each span of time its end (microseconds) and its rows. Spans that lie
        side by side come together, up to a bounded number of rows."""
        keys = sorted((span, key) for source in sources for span, key in source.keys.items())
        at = 0
        while at < len(keys):
            taken, rows, end = list[Rows](), 0, at
            while end < len(keys) and (
                end == at or keys[end][0] == keys[end - 1][0] or rows < _FLUSH_ROWS * 2
            ):
                taken.append(self._rows_of_key(keys[end][1]))
                rows += taken[-1].size
                end += 1
            yield (keys[end - 1][0] + 1) * SPAN, np.concatenate(taken) if len(taken) > 1 else taken[0]
            at = end

    def _rows_of_key(self, key: int) -> Rows:
        """Out of one of some windows upon many keys: channels follow each other, in each span of time."""
        window = next((one for one in self._windows if one.keys.first <= key < one.keys.end), None)
        before = int(self._ends[key - 1]) if key else 0
        if window is None:
            end = max(key + 1, int(np.searchsorted(self._ends, before + _FLUSH_ROWS, side="right")))
            keys = KeyRange(key, end, int(self._ends[end - 1]) - before)
            window = _Window(keys, before, self.spool.taken(keys))
            self._windows.appendleft(window)
        return window.rows[before - window.before : int(self._ends[key]) - window.before]

    def _source(self, links: Links, line: int) -> int:
        self.sources.append(Source(links, line))
        return len(self.sources) - 1

    def _place(self, source: int) -> None:
        self._placed += [(source, rows) for rows in self._waiting]
        self._placed_rows += self._waiting_rows
        self._waiting.clear()
        self._waiting_rows = 0
        if self._placed_rows >= _FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        """Rows go to the spool, each under the key of its source and span."""
        if not self._placed:
            return
        rows = _joined([piece for _, piece in self._placed])
        sizes = [end - first for _, (_, first, end) in self._placed]
        owners = np.repeat(np.array([source for source, _ in self._placed], dtype=np.int64), sizes)
        self._placed.clear()
        self._placed_rows = 0
        spans = np.clip(rows["start"] // SPAN, 0, MOST_SPANS - 1)
        places = owners * MOST_SPANS + spans
        breaks = np.flatnonzero(np.diff(places, prepend=-1))
        for begin, end in zip(breaks.tolist(), [*breaks[1:].tolist(), rows.size], strict=True):
            source = self.sources[int(owners[begin])]
            key = source.keys.setdefault(int(spans[begin]), self.keys)
            self.keys += key == self.keys
            rows["key"][begin:end] = key
            _count_lengths(source, rows[begin:end])
        counts = np.bincount(rows["key"], minlength=self.keys)
        counts[: self._counts.size] += self._counts
        self._counts = counts
        self.spool.add(rows)


def _count_lengths(source: Source, rows: Rows) -> None:
    lengths = rows["duration"]
    source.rows += rows.size
    first = int(lengths[0])
    if (lengths == first).all():
        source.lengths[first] = source.lengths.get(first, 0) + rows.size
    else:
        for length, count in zip(*np.unique(lengths, return_counts=True), strict=True):
            source.lengths[int(length)] = source.lengths.get(int(length), 0) + int(count)
    if int(lengths.max()) >= LONG and len(source.phases) < _MOST_PHASES:
        source.phases.update((rows["start"][lengths >= LONG] % DAY_MICROS).tolist())


def new_spool() -> RowSpool:
    """Where rows wait."""
    return RowSpool(ROW)
