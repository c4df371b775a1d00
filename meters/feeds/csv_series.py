"""Rows of a CSV gathered by channel, each field read once and kept as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray, read_micro
from meters.domain.problems import Problem, refusal
from meters.domain.quality import WORDS, Quality
from meters.domain.units import parse_unit
from meters.feeds.csv_columns import Layout
from meters.feeds.csv_rows import Rows
from meters.feeds.csv_stamps import read_stamps, stamp_advice

_OBIS_EXPORT = re.compile(r"(?:\d+-\d+:)?2\.\d+", re.ASCII)
"""Value group C = 2 is active energy towards the network (IEC 62056-61)."""

SeriesName = tuple[str, str, str, str]
"""Service point, channel, direction, declared unit; each as the row has it, empty where it has none."""


@dataclass(frozen=True, slots=True)
class Series:
    """One channel's rows in the order of the file. `seconds` are UTC where `aware`, else a local clock's.

    `faults` says of a row (by its place here) why it cannot be taken.
    """

    service_point: str
    channel: str
    direction: str
    unit: str | None
    seconds: IntArray
    aware: npt.NDArray[np.bool_]
    micro: IntArray
    quality: npt.NDArray[np.uint8]
    lines: IntArray
    faults: dict[int, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Chunk:
    codes: IntArray
    seconds: IntArray
    aware: npt.NDArray[np.bool_]
    micro: IntArray
    quality: npt.NDArray[np.uint8]
    lines: IntArray


@dataclass(slots=True)
class Gathered:
    """What has been read so far. `problems` are those of rows that cannot even be placed in time."""

    layout: Layout
    stem: str
    decimal_comma: bool
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    _names: dict[SeriesName, int] = field(default_factory=dict)
    _chunks: list[_Chunk] = field(default_factory=list)
    _faults: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, rows: Rows, has_zone: bool) -> Problem | None:
        """Read a chunk's rows; returns the problem that refuses the file, if one does."""
        texts = rows.columns[self.layout.stamp]
        stamps = read_stamps(texts)
        first = int(np.argmax(stamps.unreadable)) if stamps.unreadable.any() else None
        if first == 0 and not self.rows:
            return refusal("unreadable_time", f"The time {stamp_advice(texts[0])}", int(rows.lines[0]))
        naive = ~stamps.aware & ~stamps.unreadable
        if naive.any() and not has_zone:
            row = int(np.argmax(naive))
            stamp = texts[row].strip()
            message = f"The time {stamp!r} has no offset; say whose clock it is with --timezone Area/City."
            return refusal("timezone_needed", message, int(rows.lines[row]))
        codes = self._codes(rows)
        if isinstance(codes, Problem):
            return codes
        chunk = _Chunk(codes, stamps.seconds, stamps.aware, *self._numbers(rows, codes), rows.lines)
        for row in np.flatnonzero(stamps.between).tolist():
            self._fault(row, "off_grid", f"The time {texts[row].strip()!r} is between two seconds.")
        if first is not None:
            chunk = self._without_unreadable(chunk, texts, stamps.unreadable)
        self._chunks.append(chunk)
        self.rows += chunk.lines.size
        return None

    def series(self) -> Iterator[Series]:
        """Every channel, in the order of first rows."""
        if not self._chunks:
            return
        codes = np.concatenate([chunk.codes for chunk in self._chunks])
        seconds = np.concatenate([chunk.seconds for chunk in self._chunks])
        aware = np.concatenate([chunk.aware for chunk in self._chunks])
        micro = np.concatenate([chunk.micro for chunk in self._chunks])
        quality = np.concatenate([chunk.quality for chunk in self._chunks])
        lines = np.concatenate([chunk.lines for chunk in self._chunks])
        self._chunks.clear()
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(self._names) + 1))
        faulty = np.array(sorted(self._faults), dtype=np.int64)
        for name, code in self._names.items():
            rows = order[bounds[code] : bounds[code + 1]]
            if not rows.size:
                continue
            faults = {
                int(np.searchsorted(rows, row)): self._faults[row]
                for row in faulty[np.isin(faulty, rows)].tolist()
            }  # fmt: skip
            yield Series(
                *_spoken(name, self.stem),
                name[3] or self.layout.unit,
                seconds[rows],
                aware[rows],
                micro[rows],
                quality[rows],
                lines[rows],
                faults,
            )

    def _fault(self, row: int, code: str, message: str) -> None:
        self._faults.setdefault(self.rows + row, (code, message))

    def _codes(self, rows: Rows) -> IntArray | Problem:
        """The number of each row's channel; a row that does not name one refuses the file."""
        layout, count = self.layout, rows.lines.size
        places = (layout.service_point, layout.channel, layout.direction, layout.unit_column)
        columns = [rows.columns[place] if place is not None else None for place in places]
        if all(column is None or column.count(column[0]) == count for column in columns):
            name = _name([column[0] if column else "" for column in columns])
            names: Sequence[SeriesName] = [name]
            codes = np.full(count, self._names.setdefault(name, len(self._names)), dtype=np.int64)
        else:
            filled = [column or [""] * count for column in columns]
            memo: dict[tuple[str, ...], int] = {}
            keys = list(zip(*filled, strict=True))
            raw = np.fromiter((memo.setdefault(key, len(memo)) for key in keys), dtype=np.int64, count=count)
            names = [_name(key) for key in memo]
            numbers = [self._names.setdefault(name, len(self._names)) for name in names]
            codes = np.array(numbers, dtype=np.int64)[raw]
        for name in names:
            at = int(rows.lines[np.argmax(codes == self._names[name])])
            if layout.service_point is not None and not name[0]:
                return refusal("no_service_point", f"Line {at} names no service point.", at)
            if name[2] not in ("", "import", "export"):
                return refusal(
                    "bad_direction", f"The direction {name[2]!r} is neither import nor export.", at
                )
        return codes

    def _numbers(self, rows: Rows, codes: IntArray) -> tuple[IntArray, npt.NDArray[np.uint8]]:
        """Micro-units and quality codes of a chunk; what is wrong with a row is noted."""
        texts = rows.columns[self.layout.value]
        if self.decimal_comma:
            texts = [text.replace(",", ".") for text in texts]
        micro = np.full(len(texts), MISSING, dtype=np.int64)
        names = list(self._names)
        exponents = np.array([parse_unit(name[3] or self.layout.unit).exponent for name in names])[codes]
        for exponent in np.unique(exponents).tolist():
            chosen = np.flatnonzero(exponents == exponent)
            part = texts if chosen.size == len(texts) else [texts[row] for row in chosen.tolist()]
            micro[chosen], faults = read_micro(part, exponent)
            for fault in faults:
                self._fault(int(chosen[fault.index]), fault.code, fault.message)
        quality = self._qualities(rows, len(texts))
        micro[quality == Quality.MISSING] = MISSING
        return micro, quality

    def _qualities(self, rows: Rows, count: int) -> npt.NDArray[np.uint8]:
        if self.layout.quality is None:
            return np.full(count, Quality.ACTUAL, dtype=np.uint8)
        words = [text.strip().lower() for text in rows.columns[self.layout.quality]]
        known = {word: WORDS.get(word) for word in set(words)}
        known[""] = Quality.ACTUAL
        for row, word in enumerate(words):
            if known[word] is None:
                self._fault(
                    row, "unknown_quality", f"The quality {word[:40]!r} is not one of {', '.join(WORDS)}."
                )
        return np.array([known[word] or Quality.MISSING for word in words], dtype=np.uint8)

    def _without_unreadable(
        self, chunk: _Chunk, texts: Sequence[str], unreadable: npt.NDArray[np.bool_]
    ) -> _Chunk:
        """The chunk without the rows whose day cannot be told; faults move up with the rows that stay."""
        for row in np.flatnonzero(unreadable).tolist():
            message = f"The time {stamp_advice(texts[row])} The row is left out."
            self.problems.append(Problem("unreadable_time", message, int(chunk.lines[row])))
        moved = np.cumsum(~unreadable) - 1
        for row in [row for row in self._faults if row >= self.rows]:
            fault = self._faults.pop(row)
            if not unreadable[row - self.rows]:
                self._faults[self.rows + int(moved[row - self.rows])] = fault
        stay = ~unreadable
        return _Chunk(
            chunk.codes[stay],
            chunk.seconds[stay],
            chunk.aware[stay],
            chunk.micro[stay],
            chunk.quality[stay],
            chunk.lines[stay],
        )


def _name(parts: Sequence[str]) -> SeriesName:
    point, channel, direction, unit = (part.strip() for part in parts)
    return point, channel, direction.lower(), unit


def _spoken(name: SeriesName, stem: str) -> tuple[str, str, str]:
    """Service point, channel and direction, with what a file leaves unsaid filled in."""
    point, channel, direction, _ = name
    if not direction:
        exports = channel.lower() == "export" or _OBIS_EXPORT.match(channel)
        direction = "export" if exports else "import"
    return point or stem, channel or direction, direction
