"""Gathered rows cut into days: as many channels at once as fit in a bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from meters.domain.blocks import Block, BlockRun
from meters.domain.day_grids import EPOCH_DAY, DayGrid, cut_grids, day_numbers, usual_steps
from meters.domain.decimals import IntArray
from meters.domain.local_clock import DAY, standard_offset_minutes
from meters.domain.problems import Problem
from meters.feeds.csv.gather import FAULTS, ROW, Gathered
from meters.feeds.csv.placing import ChannelNumber, Placed, channels_in, own_offsets, placed
from meters.feeds.csv.slicing import Sliced
from meters.feeds.format import Item, ReadOptions
from meters.feeds.row_spool import Records, RowSpool

MOST_ROWS = 400_000
"""Cut at once: about 60 MB with all that is made of them on the way."""
MOST_PROBLEMS = 10_000
"""Held to be told in the order of their lines."""


def days_of(gathered: Gathered, options: ReadOptions) -> Iterator[Item]:
    """Everything gathered as runs and blocks by channel, in the order of the service points' first rows, and
    the problems by line after them (of a file full of problems a part of them between).

    A channel with too few rows to see an interval takes the one that most of the file has, and comes last.
    """
    cutting = _Cutting(gathered, options, problems=gathered.problems)
    with gathered.spool, RowSpool(ROW) as lonely:
        for keys in gathered.spool.ranges(MOST_ROWS):
            if keys.rows > MOST_ROWS:
                yield from _sliced(cutting, gathered.spool.pieces(keys))
                continue
            rows = gathered.spool.taken(keys)
            part = placed(rows, gathered, options)
            steps = usual_steps(part.rows, len(part.channels))
            steps = np.where(steps > 0, steps, part.lengths)
            cutting.steps.update(steps[steps > 0].tolist())
            yield from cutting.items(part, steps)
            if not steps.all():
                lonely.add(rows[steps[channels_in(rows)[1]] == 0])
        for keys in lonely.ranges(MOST_ROWS):
            part = placed(lonely.taken(keys), gathered, options)
            steps = np.full(len(part.channels), cutting.common_step)
            yield from cutting.items(part, steps, last=True)
    yield from cutting.told(0)


def _sliced(cutting: _Cutting, pieces: Iterator[Records]) -> Iterator[Item]:
    """One service point whose rows are more than are cut at once: by time."""
    with Sliced(cutting.gathered, cutting.options, MOST_ROWS) as sliced:
        for piece in pieces:
            sliced.add(piece)
        steps = sliced.steps()
        cutting.steps.update(steps[steps > 0].tolist())
        steps[steps == 0] = cutting.common_step
        for part in sliced.parts(cutting.offsets(sliced.channels, steps, sliced.own_offsets(steps))):
            yield from cutting.items(part, steps, last=True)


@dataclass(slots=True)
class _Cutting:
    """What is known of the file as its channels go by. `steps` counts channels by their usual step."""

    gathered: Gathered
    options: ReadOptions
    problems: list[Problem] = field(default_factory=list)
    steps: Counter[int] = field(default_factory=Counter)
    _left_out: set[ChannelNumber] = field(default_factory=set)

    @property
    def common_step(self) -> int:
        """The one that most channels have so far, 0 for none."""
        return self.steps.most_common(1)[0][0] if self.steps else 0

    def offsets(self, channels: Sequence[ChannelNumber], steps: IntArray, own: IntArray) -> list[int]:
        """Each channel's standard time in minutes: its premise's, else UTC; or its `own` (seconds), or the
        zone's, where days of UTC do not fit the grid."""
        zone = self.options.zone
        zoned = standard_offset_minutes(zone) * 60 if zone is not None else 0
        found = []
        for (point, _kind), step, said in zip(channels, steps.tolist(), own.tolist(), strict=True):
            told = self.options.offset_minutes_of(self.gathered.points[point])
            odd = said or (zoned if step and zoned % step else 0)
            found.append(told if told is not None else odd // 60)
        return found

    def items(self, part: Placed, steps: IntArray, last: bool = False) -> Iterator[Item]:
        """The runs and blocks of some rows. Channels without a step are left alone, unless this is the
        `last` that is seen of them."""
        sound = (steps > 0) & (steps % 60 == 0) & (DAY % np.maximum(steps, 1) == 0)
        if not sound.all():
            for number in np.flatnonzero(~sound & ((steps > 0) | last)).tolist():
                self._leave_out(part, number, int(steps[number]))
            part = part.chosen(sound[part.rows.channel])
        if not part.rows.lines.size:
            return
        offsets = np.array(self.offsets(part.channels, steps, own_offsets(part, steps)), dtype=np.int64)
        by_end = self.gathered.layout.by_end
        spoiled = part.chosen(part.faults > 0)
        days = (EPOCH_DAY + day_numbers(spoiled.rows, offsets, by_end)).tolist()
        faulty = zip(
            spoiled.rows.channel.tolist(),
            spoiled.rows.lines.tolist(),
            spoiled.faults.tolist(),
            map(date.fromordinal, days),
            strict=True,
        )
        for channel, line, code, day in faulty:
            words = f"{self.gathered.words(line, code)} The day {day} is left out."
            name = self._name(part.channels[channel])
            self.problems.append(Problem(FAULTS[code], words, line, dropped=(*name, day)))
        made = cut_grids(part.rows, steps, offsets, by_end)
        for fault in made.faults:
            name = self._name(part.channels[fault.channel])
            dropped = None if fault.day is None else (*name, fault.day)
            words = fault.message(int(steps[fault.channel]))
            self.problems.append(Problem(fault.code, words, fault.line, dropped=dropped))
        yield from self.told(MOST_PROBLEMS)
        found = [item for grid in made.grids for item in self._grid_items(part, grid, offsets)]
        found.sort(key=lambda each: each[:2])
        for _channel, _day, item in found:
            yield item

    def told(self, above: int) -> Iterator[Problem]:
        """The problems so far by line, once there are more than that."""
        if len(self.problems) > above:
            self.problems.sort(key=lambda problem: problem.line or 0)
            yield from self.problems
            self.problems.clear()

    def _leave_out(self, part: Placed, number: int, step: int) -> None:
        """Say once of a channel that its interval is none."""
        channel = part.channels[number]
        mine = part.rows.channel == number
        lines = part.rows.lines[mine]
        if not step and (faulty := np.flatnonzero(mine & (part.faults > 0))).size:
            self._left_out.add(channel)
            name = " ".join(self._name(channel))
            for row in faulty.tolist():
                line, code = int(part.rows.lines[row]), int(part.faults[row])
                words = f"{self.gathered.words(line, code)} {name} is left out: too few readings are sound."
                self.problems.append(Problem(FAULTS[code], words, line))
        if channel in self._left_out or not lines.size:
            return
        self._left_out.add(channel)
        point, name = self._name(channel)
        found = f"of {step} seconds does not divide a day" if step else "cannot be seen from one reading"
        words = f"{point} {name} is left out: its interval {found}."
        self.problems.append(Problem("no_interval", words, int(lines.min())))

    def _name(self, channel: ChannelNumber) -> tuple[str, str]:
        return self.gathered.points[channel[0]], self.gathered.kinds[channel[1]].channel

    def _grid_items(
        self, part: Placed, grid: DayGrid, offsets: IntArray
    ) -> Iterator[tuple[int, int, Block | BlockRun]]:
        """Channel, first day, and what is said of it."""
        first = np.flatnonzero(np.diff(grid.channel, prepend=-1))
        for start, end in zip(first.tolist(), [*first[1:].tolist(), grid.channel.size], strict=True):
            number, day = int(grid.channel[start]), int(grid.day[start])
            point, kind_number = part.channels[number]
            kind, offset = self.gathered.kinds[kind_number], int(offsets[number])
            name = (self.gathered.points[point], kind.channel, kind.unit, kind.direction, offset)
            days = slice(start, end)
            if grid.codes is None:
                run = BlockRun(
                    *name, grid.day[days], grid.values[days], grid.quality[days], False, grid.lines[days]
                )
                yield number, day, run
                continue
            for row in range(start, end):
                ordinal, line = int(grid.day[row]), int(grid.lines[row])
                yield (
                    number,
                    ordinal,
                    Block(
                        *name,
                        date.fromordinal(ordinal),
                        grid.interval_minutes,
                        grid.values[row],
                        grid.codes[row],
                        False,
                        line,
                    ),
                )
