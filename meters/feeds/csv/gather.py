"""Rows of a CSV, or of a sheet, each field read once and kept as numbers in a spool."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.local_clock import DAY
from meters.domain.problems import Problem, refusal
from meters.domain.quality import WORDS, Quality
from meters.domain.units import Unit, parse_unit
from meters.feeds.csv.cells import BoolArray, Cells
from meters.feeds.csv.columns import Layout
from meters.feeds.csv.numbers import read_numbers
from meters.feeds.csv.rows import Rows
from meters.feeds.csv.stamps import Stamps, read_stamps, stamp_advice
from meters.feeds.lines import Unreadable
from meters.feeds.row_spool import BUDGET_BYTES, RowSpool
from utility_crm.kit.formulas import guarded, unguarded

ROW = np.dtype(
    [
        ("key", "<i4"),
        ("kind", "<i4"),
        ("seconds", "<i8"),
        ("micro", "<i8"),
        ("line", "<i8"),
        ("offset", "<i4"),
        ("length", "<i4"),
        ("aware", "?"),
        ("quality", "u1"),
        ("fault", "u1"),
    ]
)
"""What is kept of a row. key: its service point; kind: its channel, direction and unit; seconds: of UTC where
aware, else of a local clock; offset: seconds its stamp says it is before UTC; length: seconds to its end, 0
where the file does not say; fault: a place in FAULTS."""

FAULTS = (
    "",
    "off_grid",
    "not_a_number",
    "negative_value",
    "value_too_large",
    "unknown_quality",
    "no_such_time",
)
SPOOL_BYTES = BUDGET_BYTES
MOST_NAMES = 1_000_000
MOST_TOLD = 50_000
"""Faulty rows whose own words are kept; those after them are told by their code alone."""
MOST_UNREADABLE = 50_000
"""Rows whose time cannot be read. With more the file is refused: its times are in another form."""

_OBIS_EXPORT = re.compile(r"(?:\d+-\d+:)?2\.\d+", re.ASCII)
"""Value group C = 2 is active energy towards the network (IEC 62056-61)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a row says beside its service point, with what the file leaves unsaid filled in."""

    channel: str
    direction: str
    unit: Unit


@dataclass(slots=True)
class Gathered:
    """What has been read so far. `problems` are those of rows that cannot even be placed in time; `told` are
    the words of faulty rows by their lines."""

    layout: Layout
    stem: str
    decimal_comma: bool
    has_zone: bool
    spool: RowSpool = field(default_factory=lambda: RowSpool(ROW, SPOOL_BYTES))
    problems: list[Problem] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    told: dict[int, str] = field(default_factory=dict)
    _point_numbers: dict[bytes, int] = field(default_factory=dict)
    _kind_numbers: dict[tuple[str, str, str | None], int] = field(default_factory=dict)
    _raw_kinds: dict[tuple[str, ...], int] = field(default_factory=dict)

    def add(self, rows: Rows) -> None:
        """Read some rows. Raises Unreadable with the problem that refuses the file."""
        if not rows.lines.size:
            return
        stamps = self._stamps(rows)
        made = np.zeros(rows.lines.size, dtype=ROW)
        made["line"], made["seconds"], made["aware"] = rows.lines, stamps.seconds, stamps.aware
        made["offset"] = stamps.offset
        if self.layout.end is not None:
            made["length"] = _lengths(stamps, read_stamps(rows.columns[self.layout.end]))
        made["key"] = self._points(rows)
        made["kind"] = self._kinds(rows)
        texts = rows.columns[self.layout.stamp]
        for row in np.flatnonzero(stamps.between).tolist():
            words = f"The time {texts.text(row).strip()[:40]!r} is between two seconds."
            self._fault(made, row, "off_grid", words)
        self._read_values(rows, made)
        self._read_qualities(rows, made)
        if stamps.unreadable.any():
            self._note_unreadable(rows, texts, stamps.unreadable)
            made = made[~stamps.unreadable]
        self.spool.add(made)

    def words(self, line: int, fault: int) -> str:
        """Why the row at a line cannot be taken."""
        return self.told.get(line) or f"This row cannot be taken ({FAULTS[fault]})."

    def note_fault(self, line: int, code: str, words: str) -> int:
        """Keep what is wrong with a row; returns its place in FAULTS."""
        if len(self.told) < MOST_TOLD:
            self.told[line] = words
        return FAULTS.index(code)

    def _fault(self, made: npt.NDArray[np.void], row: int, code: str, words: str) -> None:
        if not made["fault"][row]:
            made["fault"][row] = self.note_fault(int(made["line"][row]), code, words)

    def _stamps(self, rows: Rows) -> Stamps:
        texts = rows.columns[self.layout.stamp]
        stamps = read_stamps(texts)
        if stamps.unreadable[0] and not (self.spool.rows or self.problems):
            words = f"The time {stamp_advice(texts.text(0))}"
            raise Unreadable(refusal("unreadable_time", words, int(rows.lines[0])))
        naive = ~stamps.aware & ~stamps.unreadable
        if naive.any() and not self.has_zone:
            row = int(np.argmax(naive))
            stamp = texts.text(row).strip()[:40]
            message = f"The time {stamp!r} has no offset; say whose clock it is with --timezone Area/City."
            raise Unreadable(refusal("timezone_needed", message, int(rows.lines[row])))
        return stamps

    def _points(self, rows: Rows) -> IntArray:
        """The number of each row's service point."""
        place = self.layout.service_point
        if place is None:
            if not self.points:
                self.points.append(self.stem)
            return np.zeros(rows.lines.size, dtype=np.int64)
        keys, turn = rows.columns[place].stripped().keys()
        numbers = list(map(self._point_numbers.get, keys))
        if None in numbers:
            for key in dict.fromkeys(key for key, known in zip(keys, numbers, strict=True) if known is None):
                if not self._new_point(key):
                    at = int(rows.lines[np.argmax(turn == keys.index(key))])
                    raise Unreadable(refusal("no_service_point", f"Line {at} names no service point.", at))
            self._count_names(rows)
            numbers = list(map(self._point_numbers.get, keys))
        return np.array(numbers, dtype=np.int64)[turn]

    def _new_point(self, key: bytes) -> bool:
        """Give a name its number; whether it is one."""
        name = unguarded(key.decode().strip())
        known = self._point_numbers.setdefault(guarded(name).encode(), len(self.points))
        if known == len(self.points):
            self.points.append(name)
        self._point_numbers[key] = known
        return bool(name)

    def _kinds(self, rows: Rows) -> IntArray:
        """The number of each row's channel, direction and unit."""
        layout = self.layout
        combined, texts = np.zeros(rows.lines.size, dtype=np.int64), [("",) * 3]
        for part, place in enumerate((layout.channel, layout.direction, layout.unit_column)):
            if place is None:
                continue
            codes, found = rows.columns[place].distinct()
            combined = combined * len(found) + codes
            used, combined = np.unique(combined, return_inverse=True)
            pairs = [divmod(number, len(found)) for number in used.tolist()]
            texts = [
                (*texts[first][:part], found[second], *texts[first][part + 1 :]) for first, second in pairs
            ]
        numbers = np.empty(len(texts), dtype=np.int64)
        for number, raw in enumerate(texts):
            known = self._raw_kinds.get(raw)
            if known is None:
                known = self._new_kind(raw, rows, combined == number)
            numbers[number] = known
        self._count_names(rows)
        return numbers[combined]

    def _new_kind(self, raw: Sequence[str], rows: Rows, where: BoolArray) -> int:
        channel, direction, unit = (part.strip() for part in raw)
        channel = unguarded(channel)
        direction = direction.lower()
        if direction not in ("", "import", "export"):
            at = int(rows.lines[np.argmax(where)])
            words = f"The direction {direction[:40]!r} is neither import nor export."
            raise Unreadable(refusal("bad_direction", words, at))
        if not direction:
            exports = channel.lower() == "export" or _OBIS_EXPORT.match(channel)
            direction = "export" if exports else "import"
        kind = Kind(channel or direction, direction, parse_unit(unit or self.layout.unit))
        key = (kind.channel, kind.direction, kind.unit.declared)
        number = self._kind_numbers.setdefault(key, len(self.kinds))
        if number == len(self.kinds):
            self.kinds.append(kind)
        self._raw_kinds[tuple(raw)] = number
        return number

    def _count_names(self, rows: Rows) -> None:
        if len(self.points) + len(self._raw_kinds) > MOST_NAMES:
            words = f"The file names more than {MOST_NAMES:,} meters and channels; send it in parts."
            raise Unreadable(refusal("too_many_channels", words, int(rows.lines[-1])))

    def _read_values(self, rows: Rows, made: npt.NDArray[np.void]) -> None:
        cells = rows.columns[self.layout.value]
        exponents = np.array([kind.unit.exponent for kind in self.kinds])
        for exponent in np.unique(exponents).tolist():
            chosen = np.flatnonzero((exponents == exponent)[made["kind"]])
            part = cells if chosen.size == len(cells) else cells.chosen(chosen)
            made["micro"][chosen], faults = read_numbers(part, exponent, self.decimal_comma)
            for fault in faults:
                self._fault(made, int(chosen[fault.index]), fault.code, fault.message)

    def _read_qualities(self, rows: Rows, made: npt.NDArray[np.void]) -> None:
        made["quality"] = Quality.ACTUAL
        if self.layout.quality is None:
            return
        codes, texts = rows.columns[self.layout.quality].distinct()
        words = [text.strip().lower() for text in texts]
        known = [Quality.ACTUAL if not word else WORDS.get(word) for word in words]
        made["quality"] = np.array([int(code or 0) for code in known], dtype=np.uint8)[codes]
        made["micro"][made["quality"] == Quality.MISSING] = MISSING
        for number in [number for number, code in enumerate(known) if code is None]:
            message = f"The quality {words[number][:40]!r} is not one of {', '.join(WORDS)}."
            for row in np.flatnonzero(codes == number).tolist():
                self._fault(made, row, "unknown_quality", message)

    def _note_unreadable(self, rows: Rows, texts: Cells, unreadable: BoolArray) -> None:
        """The rows whose day cannot be told are left out by themselves."""
        for row in np.flatnonzero(unreadable).tolist():
            text = texts.text(row).strip()
            message = f"The time {stamp_advice(text)} The row is left out."
            if text == self.layout.stamp_title:
                message = "The titles stand here once more; the row is left out."
            self.problems.append(Problem("unreadable_time", message, int(rows.lines[row])))
        if len(self.problems) > MOST_UNREADABLE:
            words = f"More than {MOST_UNREADABLE:,} of the times cannot be read, up to this line."
            raise Unreadable(refusal("unreadable_times", words, self.problems[-1].line))


def _lengths(starts: Stamps, ends: Stamps) -> IntArray:
    """Seconds of each interval; 0 where the two stamps do not tell, or tell of more than a day."""
    length = ends.seconds - starts.seconds
    told = ~starts.unreadable & ~ends.unreadable & (starts.aware == ends.aware)
    found: IntArray = np.where(told & (length > 0) & (length <= DAY), length, 0)
    return found
