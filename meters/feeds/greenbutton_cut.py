"""One channel's readings of a Green Button feed as days, and what fits no day as consumption.

A reading lies on the grid where its length divides a day into whole minutes and it begins a whole number of
its lengths after midnight of the channel's standard time. A day takes the length that covers most of it; the
channel's day-long readings are days only if all of them are. Everything else is consumption between two
instants: days of a local clock with 23 and 25 hours, months of a bill, what runs off the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from meters.domain.accumulated import Consumption, ReadKind, RegisterRead
from meters.domain.blocks import Block, BlockRun, Remark, one_code
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import MISSING, IntArray, decimal_text
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import Unit
from meters.feeds.format import Item
from meters.feeds.greenbutton_codes import CURRENCIES, quality_of, quality_words
from meters.feeds.greenbutton_numbers import MICROS, scaled
from meters.feeds.greenbutton_rows import BY_PLACE, DAY_MICROS, LONG, UNTOLD, RowFault
from meters.feeds.greenbutton_tokens import Rows

BoolArray = npt.NDArray[np.bool_]
MINUTE = 60 * MICROS
CLOCK_CHANGE = 60 * MINUTE
"""By this much days and months may overlap where a sender counts midnights by the wrong clock."""
EPOCH_DAY = date(1970, 1, 1).toordinal()
_FIRST, _LAST = (
    int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * MICROS for year in (FIRST_YEAR, LAST_YEAR)
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ_KINDS: dict[int, ReadKind] = {
    Quality.ACTUAL: "actual",
    Quality.ESTIMATED: "estimated",
    Quality.FORWARD: "estimated",
    Quality.SUBSTITUTED: "substituted",
    Quality.FINAL: "substituted",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """What a meter reading's values are, and what is said of all of them. `factor` turns a value into
    millionths of the unit; `length` (microseconds) is that of readings which do not say one; `quality` a bit
    for the code of those that do not; `currency` that of costs, in hundred-thousandths. Where `day_long`
    readings begin at midnight they are days. `registers`: the values stand on a dial."""

    service_point: str
    name: str
    unit: Unit
    direction: str
    offset_minutes: int
    factor: Fraction
    length: int | None
    quality: int
    currency: int | None
    day_long: bool
    registers: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Readings:
    """A channel's sound readings in order of start and length: microseconds, millionths, codes; cost MISSING
    where none is told; `day` since 1970 in standard time."""

    start: IntArray
    length: IntArray
    micro: IntArray
    quality: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint32]
    cost: IntArray
    line: IntArray
    day: IntArray

    def chosen(self, rows: BoolArray | npt.NDArray[np.intp]) -> _Readings:
        return _Readings(
            self.start[rows],
            self.length[rows],
            self.micro[rows],
            self.quality[rows],
            self.mask[rows],
            self.cost[rows],
            self.line[rows],
            self.day[rows],
        )


class Cutter:
    """Cuts one channel's rows, given in spans of time one after the other."""

    def __init__(self, channel: Channel, faults: list[RowFault]) -> None:
        self.channel = channel
        self._faults = faults
        self._spoiled: dict[int, bool] = {}
        self._covered = (-(2**62), 0)
        self._shift = channel.offset_minutes * MINUTE

    def begin(self) -> Iterator[Item]:
        """What could not be read at all; it takes its day with it."""
        for fault in self._faults:
            if fault.start is None or not _FIRST <= fault.start < _LAST:
                yield Problem(fault.code, f"{fault.message} The reading is left out.", fault.line)
            else:
                yield self._spoil(fault.code, fault.message, fault.line, self._day(fault.start))

    def cut(self, rows: Rows) -> Iterator[Item]:
        """The days and the consumption of rows that no later span adds to."""
        problems = list[Problem]()
        readings = self._without_repeats(self._sound(rows, problems), problems)
        if self.channel.registers:
            yield from problems
            yield from self._register_reads(readings)
            return
        on_grid = self._on_grid(readings)
        lone = self._lone(readings, on_grid, problems)
        yield from problems
        days = readings.chosen(on_grid)
        if self._spoiled:
            days = days.chosen(~np.isin(days.day, list(self._spoiled)))
        for length in np.unique(days.length).tolist():
            yield from self._days(days.chosen(days.length == length), length)
        for row in np.flatnonzero(lone).tolist():
            yield self._consumption(readings, row)

    def _sound(self, rows: Rows, problems: list[Problem]) -> _Readings:
        """Rows with everything said, in order; what cannot be taken is named."""
        channel = self.channel
        start, length = rows["start"].copy(), rows["duration"].copy()
        untold = length == UNTOLD
        placed = (length < 0) & ~untold
        if channel.length is not None:
            start[placed] += (BY_PLACE - length[placed]) * channel.length
            length[untold | placed] = channel.length
            untold = placed = np.zeros(start.size, dtype=np.bool_)
        micro, too_large = self._micro(rows)
        masks, places = np.unique(rows["quality"], return_inverse=True)
        known = [quality_of(int(mask) or channel.quality) for mask in masks]
        quality = np.array([one or 0 for one in known], dtype=np.uint8)[places]
        ends = start + np.maximum(length, 0)
        faults = {
            "no_interval": untold | placed,
            "zero_length": length == 0,
            "bad_time": (start < _FIRST) | (ends >= _LAST),
            "value_too_large": too_large,
            "unknown_quality": np.array([one is None for one in known])[places],
        }
        if channel.registers:
            faults["no_interval"] = faults["zero_length"] = np.zeros(start.size, dtype=np.bool_)
            length = np.maximum(length, 0)
        bad = rows["value"] == MISSING
        for code, found in faults.items():
            fresh = found & ~bad
            if fresh.any():
                problems += self._row_problems(code, rows, start, fresh)
                bad |= fresh
        kept = np.flatnonzero(~bad)
        order = kept[np.lexsort((rows["line"][kept], length[kept], start[kept]))]
        masks_told = np.where(rows["quality"] == 0, np.uint32(channel.quality), rows["quality"])
        return _Readings(
            start[order],
            length[order],
            micro[order],
            quality[order],
            masks_told[order],
            rows["cost"][order],
            rows["line"][order].astype(np.int64),
            (start[order] + self._shift) // DAY_MICROS,
        )

    def _micro(self, rows: Rows) -> tuple[IntArray, BoolArray]:
        value, places = np.where(rows["value"] == MISSING, 0, rows["value"]), rows["places"]
        micro, too_large = np.zeros(value.size, dtype=np.int64), np.zeros(value.size, dtype=np.bool_)
        for digits in np.unique(places).tolist():
            chosen = places == digits
            micro[chosen], too_large[chosen] = scaled(value[chosen], self.channel.factor / 10**digits)
        return micro, too_large

    def _row_problems(self, code: str, rows: Rows, start: IntArray, found: BoolArray) -> Iterator[Problem]:
        for row in np.flatnonzero(found).tolist():
            line, begins = int(rows["line"][row]), int(start[row])
            text = decimal_text(int(rows["value"][row]), int(rows["places"][row]))
            if code == "bad_time":
                words = f"The reading of {text} lies outside the years {FIRST_YEAR} to {LAST_YEAR - 1}."
                yield Problem(code, f"{words} It is left out.", line)
                continue
            words = {
                "no_interval": f"The reading of {text} does not say how long it is, nor does its type.",
                "zero_length": f"The reading of {text} at {self._told(begins)} has no length.",
                "value_too_large": f"The value {text} is larger than any meter can count in one interval.",
                "unknown_quality": "The quality of the reading is in no list of codes (QualityOfReading).",
            }[code]
            if code in ("no_interval", "zero_length"):
                yield Problem(code, f"{words} It is left out.", line)
            else:
                yield self._spoil(code, words, line, self._day(begins))

    def _without_repeats(self, readings: _Readings, problems: list[Problem]) -> _Readings:
        """Each interval once. Two values for one spoil its day, or are left out both where it fits no day."""
        start, length = readings.start, readings.length
        again = np.flatnonzero((start[1:] == start[:-1]) & (length[1:] == length[:-1])) + 1
        if not again.size:
            return readings
        kept = np.ones(start.size, dtype=np.bool_)
        repeated, first = dict[int, list[int]](), 0
        grid = self._fits(readings)
        for row in again.tolist():
            first = first if start[first] == start[row] and length[first] == length[row] else row - 1
            kept[row] = False
            day, line = int(readings.day[row]), int(readings.line[row])
            if all(column[first] == column[row] for column in (readings.micro, readings.quality)):
                repeated.setdefault(day, []).append(line)
                continue
            words = f"Line {int(readings.line[first])} has another value for the same interval"
            if grid[row]:
                problems.append(self._spoil("conflicting_readings", f"{words}.", line, day))
            else:
                kept[first] = False
                when = self._told(int(start[row]))
                problems.append(
                    Problem("conflicting_readings", f"{words} from {when}; both are left out.", line)
                )
        for day, lines in repeated.items():
            many = "A reading" if len(lines) == 1 else f"{len(lines)} readings"
            words = f"{many} of {_date(day)} in {self._named()} stand here a second time and count once."
            problems.append(Problem("repeated_reading", words, lines[0]))
        return readings.chosen(kept)

    def _fits(self, readings: _Readings) -> BoolArray:
        """Which readings lie on the grid of their length."""
        length = np.maximum(readings.length, 1)
        longest = DAY_MICROS if self.channel.day_long else DAY_MICROS - 1
        divides = (length % MINUTE == 0) & (DAY_MICROS % length == 0) & (length <= longest)
        fits: BoolArray = divides & ((readings.start + self._shift) % length == 0)
        return fits

    def _on_grid(self, readings: _Readings) -> BoolArray:
        """Which readings make the days: of several lengths in a day, that which covers most of it."""
        fits = self._fits(readings)
        if not fits.any() or (readings.length[fits] == readings.length[fits][0]).all():
            return fits
        pairs, place, counts = np.unique(
            np.stack([readings.day[fits], readings.length[fits]]),
            axis=1,
            return_inverse=True,
            return_counts=True,
        )
        best = dict[int, tuple[int, int]]()
        for day, length, count in zip(pairs[0].tolist(), pairs[1].tolist(), counts.tolist(), strict=True):
            best[day] = max(best.get(day, (0, 0)), (length * count, -length))
        chosen = [-best[day][1] == length for day, length in zip(*pairs.tolist(), strict=True)]
        taken = fits.copy()
        taken[fits] = np.array(chosen)[place.reshape(-1)]
        return taken

    def _lone(self, readings: _Readings, on_grid: BoolArray, problems: list[Problem]) -> BoolArray:
        """Which readings are consumption: off the grid, and of a time that the days do not cover."""
        lone = ~on_grid
        if not lone.any():
            return lone
        grid = np.flatnonzero(on_grid)
        starts, ends = readings.start[grid], (readings.start + readings.length)[grid]
        for row in np.flatnonzero(lone).tolist():
            start, end = int(readings.start[row]), int(readings.start[row] + readings.length[row])
            line, when = int(readings.line[row]), self._told(int(readings.start[row]))
            before = int(np.searchsorted(starts, end)) - 1
            if before >= 0 and ends[before] > start:
                lone[row] = False
                other = int(readings.line[grid[before]])
                words = f"The reading from {when} covers others of {self._named()}, as in line {other};"
                words = f"{words} it is left out, so that nothing counts twice."
                problems.append(Problem("overlapping_readings", words, line))
                continue
            if start < self._covered[0] - (CLOCK_CHANGE if end - start >= LONG else 0):
                words = f"The reading from {when} begins before that of line {self._covered[1]} has ended;"
                problems.append(Problem("overlapping_readings", f"{words} both are kept.", line))
            self._covered = max(self._covered, (end, line))
        return lone

    def _days(self, readings: _Readings, length: int) -> Iterator[Item]:
        """Days of one length: those of one quality without remarks as a run, the others one by one."""
        channel = self.channel
        size = DAY_MICROS // length
        first = np.flatnonzero(np.diff(readings.day, prepend=readings.day[:1] - 1))
        place = np.repeat(np.arange(first.size), np.diff(np.append(first, readings.day.size)))
        slots = (readings.start + self._shift) % DAY_MICROS // length
        values = np.full((first.size, size), MISSING, dtype=np.int64)
        values[place, slots] = readings.micro
        days, lines = readings.day[first] + EPOCH_DAY, np.minimum.reduceat(readings.line, first)
        least = np.minimum.reduceat(readings.quality, first)
        said = (readings.cost != MISSING) | np.isin(
            readings.mask, [mask for mask in np.unique(readings.mask).tolist() if quality_words(mask)]
        )
        plain = (least == np.maximum.reduceat(readings.quality, first)) & ~np.logical_or.reduceat(said, first)
        if plain.any():
            yield BlockRun(
                channel.service_point,
                channel.name,
                channel.unit,
                channel.direction,
                channel.offset_minutes,
                days[plain],
                values[plain],
                least[plain].astype(np.int16),
                False,
                lines[plain],
            )
        bounds = np.append(first, readings.day.size)
        for row in np.flatnonzero(~plain).tolist():
            own = slice(int(bounds[row]), int(bounds[row + 1]))
            quality = np.zeros(size, dtype=np.uint8)
            quality[slots[own]] = readings.quality[own]
            yield Block(
                channel.service_point,
                channel.name,
                channel.unit,
                channel.direction,
                channel.offset_minutes,
                date.fromordinal(int(days[row])),
                1440 // size,
                values[row],
                one_code(quality, values[row]),
                False,
                int(lines[row]),
                tuple(self._remarks(slots[own], readings.mask[own], readings.cost[own])),
            )

    def _remarks(self, slots: IntArray, masks: npt.NDArray[np.uint32], costs: IntArray) -> Iterator[Remark]:
        """Qualities that one code does not tell, and the cost of the day where the feed says costs."""
        ends = np.flatnonzero((np.diff(masks) != 0) | (np.diff(slots) != 1)) + 1
        bounds = [0, *ends.tolist(), slots.size]
        for begin, end in pairwise(bounds):
            words = quality_words(int(masks[begin]))
            if words is not None:
                yield Remark(int(slots[begin]), int(slots[end - 1]) + 1, words[0], None, words[1])
        told = costs != MISSING
        if told.any():
            amount = decimal_text(sum(costs[told].tolist()), 5)
            currency = CURRENCIES.get(self.channel.currency or 0, "of an unnamed currency")
            first, end = int(slots[told][0]), int(slots[told][-1]) + 1
            yield Remark(first, end, None, "cost", f"the feed says a cost of {amount} {currency}")

    def _consumption(self, readings: _Readings, row: int) -> Consumption:
        channel, start = self.channel, int(readings.start[row])
        return Consumption(
            channel.service_point,
            channel.name,
            channel.unit,
            channel.direction,
            self._instant(start),
            self._instant(start + int(readings.length[row])),
            int(readings.micro[row]),
            int(readings.quality[row]),
            line=int(readings.line[row]),
        )

    def _register_reads(self, readings: _Readings) -> Iterator[RegisterRead]:
        channel = self.channel
        for row in range(readings.start.size):
            yield RegisterRead(
                channel.service_point,
                None,
                channel.name,
                channel.unit,
                channel.direction,
                self._instant(int(readings.start[row] + readings.length[row])),
                int(readings.micro[row]),
                _READ_KINDS[int(readings.quality[row])],
                line=int(readings.line[row]),
            )

    def _spoil(self, code: str, words: str, line: int, day: int) -> Problem:
        self._spoiled[day] = True
        dropped = _date(day)
        key = (self.channel.service_point, self.channel.name, dropped)
        return Problem(code, f"{words} The day {dropped} is left out.", line, dropped=key)

    def _named(self) -> str:
        return f"channel {self.channel.name} of {self.channel.service_point}"

    def _day(self, start: int) -> int:
        return (start + self._shift) // DAY_MICROS

    def _instant(self, micros: int) -> datetime:
        zone = timezone(timedelta(minutes=self.channel.offset_minutes))
        return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)

    def _told(self, micros: int) -> str:
        return self._instant(micros).isoformat(" ")


def _date(day: int) -> date:
    return date.fromordinal(EPOCH_DAY + day)
