"""One service point with more rows than can be cut at once, taken by time: minutes over many years, or a file
that says everything again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from meters.domain.day_grids import day_numbers
from meters.domain.decimals import IntArray
from meters.domain.local_clock import DAY
from meters.domain.problems import refusal
from meters.feeds.csv import gather as csv_gather
from meters.feeds.csv.gather import ROW, Gathered
from meters.feeds.csv.placing import ChannelNumber, Placed, channels_in, placed
from meters.feeds.format import ReadOptions
from meters.feeds.lines import Unreadable
from meters.feeds.row_spool import KeyRange, Records, RowSpool

_SLACK_DAYS = 3
"""How far the day of a stamp may lie from the standard-time day of its interval, and one more."""


@dataclass(slots=True)
class Sliced:
    """The rows of one service point by the day of their stamps."""

    gathered: Gathered
    options: ReadOptions
    most_rows: int
    spool: RowSpool = field(default_factory=lambda: RowSpool(ROW, csv_gather.SPOOL_BYTES))
    _point: int = 0
    _ends: dict[ChannelNumber, tuple[int, int]] = field(default_factory=dict)

    def __enter__(self) -> Sliced:
        return self

    def __exit__(self, *error: object) -> None:
        self.spool.__exit__(*error)

    def add(self, rows: Records) -> None:
        """Rows in file order, of one key."""
        self._point = int(rows["key"][0])
        channels, channel = channels_in(rows)
        naive = ~rows["aware"]
        for number, each in enumerate(channels):
            stamps = rows["seconds"][naive & (channel == number)]
            if stamps.size:
                first, _last = self._ends.get(each, (int(stamps[0]), 0))
                self._ends[each] = (first, int(stamps[-1]))
            self._ends.setdefault(each, (0, 0))
        moved = rows.copy()
        moved["key"] = rows["seconds"] // DAY
        self.spool.add(moved)

    @property
    def channels(self) -> list[ChannelNumber]:
        """All channels there are, in order."""
        return sorted(self._ends)

    def steps(self) -> IntArray:
        """The usual step of each channel, 0 where it has too few rows."""
        counts: list[Counter[int]] = [Counter() for _each in self.channels]
        for _keys, part in self._parts():
            sound = part.rows.chosen(~part.rows.spoiled)
            step = np.diff(sound.seconds)
            step[np.diff(sound.channel) != 0] = 0
            for number, counted in enumerate(counts):
                sizes, times = np.unique(step[sound.channel[1:] == number], return_counts=True)
                counted.update(dict(zip(sizes.tolist(), times.tolist(), strict=True)))
        for counted in counts:
            counted.pop(0, None)
        most = [
            min(counted.items(), key=lambda each: (-each[1], each[0]), default=(0, 0)) for counted in counts
        ]
        return np.array([step for step, _times in most], dtype=np.int64)

    def own_offsets(self, steps: IntArray) -> IntArray:
        """As `csv_placing.own_offsets`, for all channels."""
        least, fitting, count = np.zeros((3, len(self.channels)), dtype=np.int64)
        for _keys, part in self._parts():
            known, fresh = least != 0, part.offsets != 0
            least = np.where(known & fresh, np.minimum(least, part.offsets), least + part.offsets * ~known)
            on_grid, rows = part.on_utc_grid(steps)
            fitting, count = fitting + on_grid, count + rows
        return np.where(2 * fitting >= count, 0, least)

    def parts(self, offsets: Sequence[int]) -> Iterator[Placed]:
        """The rows by time, each part of whole standard-time days (`offsets` in minutes, a channel's)."""
        shift, by_end = np.array(offsets, dtype=np.int64), self.gathered.layout.by_end
        held: Placed | None = None
        for keys, part in self._parts():
            whole = part if held is None else held.together(part)
            ready = day_numbers(whole.rows, shift, by_end) < keys.end - _SLACK_DAYS
            yield whole.chosen(ready)
            held = whole.chosen(~ready)
        if held is not None:
            yield held

    def _parts(self) -> Iterator[tuple[KeyRange, Placed]]:
        backwards = {each for each, (first, last) in self._ends.items() if first > last}
        channels = self.channels
        for keys in self.spool.ranges(self.most_rows):
            if keys.rows > self.most_rows:
                point = self.gathered.points[self._point]
                words = f"More than {self.most_rows:,} rows speak of one day of {point}."
                raise Unreadable(refusal("too_many_rows", words))
            rows = self.spool.taken(keys).copy()
            rows["key"] = self._point
            yield keys, placed(rows, self.gathered, self.options, backwards).among(channels)
