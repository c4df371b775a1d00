"""Values of one interval length cut into days of a position's standard time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, Remark, one_code
from meters.domain.decimals import MISSING, IntArray
from meters.domain.local_clock import DAY
from meters.domain.problems import Problem
from meters.domain.quality import Quality
from meters.domain.units import Unit
from meters.feeds.mscons.rows import Columns

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Position(Protocol):
    """What the days are of."""

    @property
    def service_point(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def unit(self) -> Unit: ...
    @property
    def direction(self) -> str: ...
    @property
    def offset_minutes(self) -> int: ...


class Days:
    """Rows by day, `step` seconds long each. `problems` are those of rows, most of which take their day with
    them; `unsaid` those of days of which nothing usable is told, known once the blocks are made."""

    def __init__(self, position: Position, columns: Columns, rows: npt.NDArray[np.intp], step: int) -> None:
        self.problems: list[Problem] = []
        self.unsaid: list[Problem] = []
        self._position, self._columns, self._step = position, columns, step
        moved = columns.starts[rows] + position.offset_minutes * 60
        order = np.argsort(moved, kind="stable")
        self._rows, moved = rows[order], moved[order]
        self._day: IntArray = moved // DAY + _EPOCH_DAY
        self._slot: IntArray = moved % DAY // step
        self._fault_rows(moved)
        self._fault_repeats(moved)

    def blocks(self) -> Iterator[Block]:
        """A block for each day without a fault."""
        dropped = {problem.dropped[2].toordinal() for problem in self.problems if problem.dropped}
        first = np.flatnonzero(np.diff(self._day, prepend=-1))
        for begin, end in zip(first.tolist(), [*first[1:].tolist(), self._day.size], strict=True):
            if int(self._day[begin]) not in dropped:
                yield from self._block(begin, end)

    def _block(self, begin: int, end: int) -> Iterator[Block]:
        rows, slots = self._rows[begin:end], self._slot[begin:end]
        day, size = date.fromordinal(int(self._day[begin])), DAY // self._step
        values = np.full(size, MISSING, dtype=np.int64)
        codes = np.full(size, Quality.MISSING, dtype=np.uint8)
        values[slots], codes[slots] = self._columns.micro[rows], self._columns.quality[rows]
        whole = bool(np.unique(slots).size == size)
        line = int(self._columns.lines[rows].min())
        if not whole and not (values != MISSING).any():
            words = f"All that is told of {day} is marked as missing or not usable."
            self.unsaid.append(Problem("no_value", words, line))
            return
        position = self._position
        yield Block(
            service_point=position.service_point,
            channel=position.channel,
            unit=position.unit,
            direction=position.direction,
            offset_minutes=position.offset_minutes,
            day=day,
            interval_minutes=self._step // 60,
            values=values,
            quality=one_code(codes, values),
            replaces=whole,
            line=line,
            remarks=self._remarks(rows, slots),
        )

    def _remarks(self, rows: npt.NDArray[np.intp], slots: IntArray) -> tuple[Remark, ...]:
        """Runs of intervals with the same remark."""
        told = self._columns.remark[rows]
        if not told.any():
            return ()
        marks = np.zeros(DAY // self._step + 2, dtype=np.int64)
        marks[slots + 1] = told
        bounds = np.flatnonzero(np.diff(marks)).tolist()
        return tuple(
            replace(self._columns.remarks[int(marks[first + 1])], first=first, end=end)
            for first, end in pairwise(bounds)
            if marks[first + 1]
        )

    def _fault_rows(self, moved: IntArray) -> None:
        """Rows already found faulty, and those that do not begin on the grid."""
        for place in np.flatnonzero(np.isin(self._rows, list(self._columns.faults))).tolist():
            self._drop(place, *self._columns.faults[int(self._rows[place])])
        for place in np.flatnonzero(moved % self._step).tolist():
            words = f"The value does not begin on the channel's grid of {self._step // 60} minutes."
            self._drop(place, "off_grid", words)

    def _fault_repeats(self, moved: IntArray) -> None:
        """Two values for one interval; the same value again is counted once."""
        columns, first = self._columns, 0
        for place in (np.flatnonzero(np.diff(moved) == 0) + 1).tolist():
            if moved[first] != moved[place]:
                first = place - 1
            earlier, later = int(self._rows[first]), int(self._rows[place])
            at = int(columns.lines[earlier])
            pair = [(int(columns.micro[row]), int(columns.quality[row])) for row in (earlier, later)]
            if pair[0] == pair[1]:
                words = f"The value of segment {at} stands here a second time; it is counted once."
                self.problems.append(Problem("repeated_reading", words, int(columns.lines[later])))
            else:
                words = f"Segment {at} has another value for the same interval."
                self._drop(place, "conflicting_readings", words)

    def _drop(self, place: int, code: str, message: str) -> None:
        day = date.fromordinal(int(self._day[place]))
        key = (self._position.service_point, self._position.channel, day)
        line = int(self._columns.lines[self._rows[place]])
        self.problems.append(Problem(code, f"{message} The day {day} is left out.", line, dropped=key))
