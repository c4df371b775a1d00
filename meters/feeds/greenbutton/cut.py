"""One channel's readings of a Green Button feed as days, and what fits no day as consumption.

A reading lies on the grid where its length divides a day into whole minutes and it begins a whole number of
its lengths after midnight of the channel's standard time. A day takes the length that covers most of it; the
channel's day-long readings are days only if all of them are. Everything else is consumption between two
instants: days of a local clock with 23 and 25 hours, months of a bill, what runs off the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np

from meters.domain.accumulated import Consumption, ReadKind, RegisterRead
from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import decimal_text
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.feeds.format import Item
from meters.feeds.greenbutton.days import EPOCH_DAY, days
from meters.feeds.greenbutton.numbers import distinct
from meters.feeds.greenbutton.readings import FIRST, LAST, MINUTE, BoolArray, Channel, Readings, Sound, sound
from meters.feeds.greenbutton.rows import DAY_MICROS, LONG, RowFault
from meters.feeds.greenbutton.tokens import Rows, empty_rows

CLOCK_CHANGE = 60 * MINUTE
"""By this much days and months may overlap where a sender counts midnights by the wrong clock."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ_KINDS: dict[int, ReadKind] = {
    Quality.ACTUAL: "actual",
    Quality.ESTIMATED: "estimated",
    Quality.FORWARD: "estimated",
    Quality.SUBSTITUTED: "substituted",
    Quality.FINAL: "substituted",
}
_FAULTS = {
    "no_interval": "The reading of {text} does not say how long it is, nor does its type.",
    "zero_length": "The reading of {text} at {when} has no length.",
    "bad_time": f"The reading of {{text}} lies outside the years {FIRST_YEAR} to {LAST_YEAR - 1}.",
    "value_too_large": "The value {text} is larger than any meter can count in one interval.",
    "unknown_quality": "The quality of the reading is in no list of codes (QualityOfReading).",
}
_SPOILING = ("value_too_large", "unknown_quality")
"""Faults of a reading whose interval is known: its day cannot be trusted without it."""


class Cutter:
    """Cuts one channel's rows: `begin`, then `cut` for one span of time after the other, then `finish`."""

    def __init__(self, channel: Channel, faults: list[RowFault]) -> None:
        self.channel = channel
        self._faults = faults
        self._spoiled: set[int] = set()
        self._held = empty_rows(0)
        self._covered = (-(2**62), 0)
        self._shift = channel.offset_minutes * MINUTE

    def begin(self) -> Iterator[Item]:
        """What could not be read at all; it takes its day with it."""
        for fault in self._faults:
            if fault.start is None or not FIRST <= fault.start < LAST:
                yield Problem(fault.code, f"{fault.message} The reading is left out.", fault.line)
            else:
                yield self._spoil(fault.code, fault.message, fault.line, self._day(fault.start))

    def cut(self, rows: Rows, end: int) -> Iterator[Item]:
        """What rows come to that begin before `end` (microseconds). No later ones do; so the day in which
        `end` lies waits for them."""
        rows = np.concatenate([self._held, rows]) if self._held.size else rows
        open_day = rows["start"] >= self._day(end) * DAY_MICROS - self._shift
        self._held = rows[open_day]
        yield from self._items(rows[~open_day] if self._held.size else rows)

    def finish(self) -> Iterator[Item]:
        """What was held."""
        yield from self._items(self._held)

    def _items(self, rows: Rows) -> Iterator[Item]:
        if not rows.size:
            return
        found = sound(self.channel, rows)
        yield from self._row_problems(found, rows)
        problems = list[Problem]()
        readings = self._without_repeats(found.readings, problems)
        if self.channel.registers:
            yield from problems
            yield from (self._register_read(readings, row) for row in range(readings.start.size))
            return
        on_grid = self._on_grid(readings)
        lone = self._lone(readings, on_grid, problems)
        yield from problems
        kept = readings if on_grid.all() else readings.chosen(on_grid)
        if self._spoiled:
            kept = kept.chosen(~np.isin(kept.day, list(self._spoiled)))
        for length in distinct(kept.length).tolist():
            yield from days(self.channel, kept.chosen(kept.length == length), length)
        for row in np.flatnonzero(lone).tolist():
            yield self._consumption(readings, row)

    def _row_problems(self, found: Sound, rows: Rows) -> Iterator[Problem]:
        for code, places in found.faults.items():
            for row in places.tolist():
                line, start = int(rows["line"][row]), int(found.start[row])
                text = decimal_text(int(rows["value"][row]), int(rows["places"][row]))
                when = self._told(start) if FIRST <= start < LAST else ""
                words = _FAULTS[code].format(text=text, when=when)
                if code in _SPOILING:
                    yield self._spoil(code, words, line, self._day(start))
                else:
                    yield Problem(code, f"{words} It is left out.", line)

    def _without_repeats(self, readings: Readings, problems: list[Problem]) -> Readings:
        """Each interval once. Two values for one spoil its day, or are left out both where it fits no day."""
        start, length = readings.start, readings.length
        again = np.flatnonzero((start[1:] == start[:-1]) & (length[1:] == length[:-1])) + 1
        if not again.size:
            return readings
        kept = np.ones(start.size, dtype=np.bool_)
        grid = self._fits(readings)
        repeated, first = dict[int, list[int]](), -1
        for row in again.tolist():
            first = first if first >= 0 and not kept[row - 1] else row - 1
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
                words = f"{words}, from {self._told(int(start[row]))}; both are left out."
                problems.append(Problem("conflicting_readings", words, line))
        for day, lines in repeated.items():
            many, verb = ("A reading", "stands") if len(lines) == 1 else (f"{len(lines)} readings", "stand")
            words = f"{many} of {_date(day)} in {self._named()} {verb} here a second time; each counts once."
            problems.append(Problem("repeated_reading", words, lines[0]))
        return readings.chosen(kept)

    def _fits(self, readings: Readings) -> BoolArray:
        """Which readings lie on the grid of their length."""
        length = np.maximum(readings.length, 1)
        longest = DAY_MICROS if self.channel.day_long else DAY_MICROS - 1
        divides = (length % MINUTE == 0) & (DAY_MICROS % length == 0) & (length <= longest)
        fits: BoolArray = divides & ((readings.start + self._shift) % length == 0)
        return fits

    def _on_grid(self, readings: Readings) -> BoolArray:
        """Which readings make the days: of several lengths in a day, that which covers most of it."""
        fits = self._fits(readings)
        if not fits.any() or (readings.length[fits] == readings.length[fits][0]).all():
            return fits
        pairs = np.stack([readings.day[fits], readings.length[fits]])
        kinds, place, counts = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
        best = dict[int, tuple[int, int]]()
        for day, length, count in zip(*kinds.tolist(), counts.tolist(), strict=True):
            best[day] = max(best.get(day, (0, 0)), (length * count, -length))
        chosen = [-best[day][1] == length for day, length in zip(*kinds.tolist(), strict=True)]
        taken = fits.copy()
        taken[fits] = np.array(chosen)[place.reshape(-1)]
        return taken

    def _lone(self, readings: Readings, on_grid: BoolArray, problems: list[Problem]) -> BoolArray:
        """Which readings are consumption: off the grid, and of a time that the days do not cover."""
        lone = ~on_grid
        grid = np.flatnonzero(on_grid)
        starts, ends = readings.start[grid], (readings.start + readings.length)[grid]
        if starts.size and starts[0] < self._covered[0]:
            words = f"Readings of {self._named()} from {self._told(int(starts[0]))} lie within that of line"
            words = f"{words} {self._covered[1]}; both are kept."
            problems.append(Problem("overlapping_readings", words, int(readings.line[grid[0]])))
        for row in np.flatnonzero(lone).tolist():
            start, line = int(readings.start[row]), int(readings.line[row])
            end, when = start + int(readings.length[row]), self._told(start)
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

    def _consumption(self, readings: Readings, row: int) -> Consumption:
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

    def _register_read(self, readings: Readings, row: int) -> RegisterRead:
        channel = self.channel
        return RegisterRead(
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
        self._spoiled.add(day)
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
