"""Gathered rows with their instants: a local clock's stamps resolved, channels numbered."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from meters.domain.day_grids import ManyReadings
from meters.domain.decimals import IntArray
from meters.domain.local_clock import clock_text, many_to_instants
from meters.feeds.csv.cells import BoolArray
from meters.feeds.csv.gather import Gathered
from meters.feeds.format import ReadOptions
from meters.feeds.row_spool import Records

ChannelNumber = tuple[int, int]
"""Service point's number, kind's number."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Rows in order of channel and instant; channel i is `channels[i]`. `faults` are the places in
    `csv_gather.FAULTS` of the spoiled ones, nought elsewhere.

    lengths, offsets: int64 (channels,), seconds: the longest interval that a row says, the least that one
    says it is before UTC; 0 where none says it.
    """

    channels: Sequence[ChannelNumber]
    rows: ManyReadings
    faults: npt.NDArray[np.uint8]
    lengths: IntArray
    offsets: IntArray

    def chosen(self, rows: BoolArray) -> Placed:
        """Some of the rows, of the same channels."""
        return replace(self, rows=self.rows.chosen(rows), faults=self.faults[rows])

    def on_utc_grid(self, steps: IntArray) -> tuple[IntArray, IntArray]:
        """Of each channel, how many rows lie on a grid of that many seconds that begins at midnight UTC; and
        how many there are."""
        count = len(self.channels)
        on_grid = self.rows.seconds % np.maximum(steps, 1)[self.rows.channel] == 0
        channel = self.rows.channel
        return np.bincount(channel[on_grid], minlength=count), np.bincount(channel, minlength=count)

    def among(self, channels: Sequence[ChannelNumber]) -> Placed:
        """The same rows by their channels' places in a longer list, also in order."""
        places = {each: place for place, each in enumerate(channels)}
        moved = np.array([places[each] for each in self.channels], dtype=np.int64)
        lengths, offsets = np.zeros((2, len(channels)), dtype=np.int64)
        lengths[moved], offsets[moved] = self.lengths, self.offsets
        rows = replace(self.rows, channel=moved[self.rows.channel])
        return Placed(channels, rows, self.faults, lengths, offsets)

    def together(self, other: Placed) -> Placed:
        """With rows of the same channels."""
        pairs = (
            (getattr(self.rows, name), getattr(other.rows, name))
            for name in ("channel", "seconds", "micro", "quality", "lines", "spoiled")
        )
        rows = ManyReadings(*map(np.concatenate, pairs))
        faults = np.concatenate([self.faults, other.faults])
        order = np.lexsort((rows.lines, rows.seconds, rows.channel))
        return replace(self, rows=rows.chosen(order), faults=faults[order])


def own_offsets(part: Placed, steps: IntArray) -> IntArray:
    """How many seconds before UTC each channel's stamps say they are, where most of them do not lie on its
    grid of UTC; else 0."""
    on_grid, count = part.on_utc_grid(steps)
    return np.where(2 * on_grid >= count, 0, part.offsets)


def channels_in(rows: Records) -> tuple[list[ChannelNumber], IntArray]:
    """The channels of some rows by service point and kind, and for every row its place among them."""
    numbers = (rows["key"].astype(np.int64) << 32) + rows["kind"]
    if (numbers[1:] >= numbers[:-1]).all():
        fresh = np.diff(numbers, prepend=-1) != 0
        found, place = numbers[fresh], np.cumsum(fresh) - 1
    else:
        found, place = np.unique(numbers, return_inverse=True)
    return [(number >> 32, number & 0xFFFFFFFF) for number in found.tolist()], place


def runs_backwards(rows: Records, channel: IntArray, channels: int) -> BoolArray:
    """Whether each channel's stamps without an offset run backwards through the file: the last is before the
    first."""
    naive = np.flatnonzero(~rows["aware"])
    stamps, number = rows["seconds"][naive], channel[naive]
    first, last = np.zeros((2, channels), dtype=np.int64)
    first[number[::-1]] = stamps[::-1]
    last[number] = stamps
    return first > last


def placed(
    rows: Records, gathered: Gathered, options: ReadOptions, backwards: Container[ChannelNumber] | None = None
) -> Placed:
    """The rows with instants in place of a local clock's stamps; a stamp the clock never showed joins the
    faults.

    Rows of one channel's day are in file order; those of a whole channel, too, unless it is told which
    channels run backwards.
    """
    channels, channel = channels_in(rows)
    if backwards is None:
        turned = runs_backwards(rows, channel, len(channels))
    else:
        turned = np.array([each in backwards for each in channels], dtype=np.bool_)
    seconds, faults = rows["seconds"].copy(), rows["fault"].copy()
    naive = np.flatnonzero(~rows["aware"])
    if options.zone is not None and naive.size:
        shown = seconds[naive]
        seconds[naive], never = many_to_instants(shown, channel[naive], turned, options.zone)
        for place in np.flatnonzero(never & (faults[naive] == 0)).tolist():
            stamp = clock_text(int(shown[place]))
            words = (
                f"The clock of {options.zone.key} never showed {stamp}: it was put forward over that time."
            )
            row = int(naive[place])
            faults[row] = gathered.note_fault(int(rows["line"][row]), "no_such_time", words)
    micro, lines = rows["micro"].astype(np.int64), rows["line"].astype(np.int64)
    readings = ManyReadings(channel, seconds, micro, rows["quality"].copy(), lines, faults > 0)
    order = readings.order()
    lengths, offsets = _lengths_and_offsets(rows, channel, len(channels))
    if order is None:
        return Placed(channels, readings, faults, lengths, offsets)
    return Placed(channels, readings.chosen(order), faults[order], lengths, offsets)


def _lengths_and_offsets(rows: Records, channel: IntArray, channels: int) -> tuple[IntArray, IntArray]:
    """What channels say of their intervals' length and of their distance from UTC."""
    lengths, offsets = np.zeros((2, channels), dtype=np.int64)
    if rows["length"].any():
        np.maximum.at(lengths, channel, rows["length"])
    if rows["offset"].any():
        aware = rows["aware"]
        offsets[:] = np.iinfo(np.int64).max
        np.minimum.at(offsets, channel[aware], rows["offset"][aware])
        offsets[offsets == np.iinfo(np.int64).max] = 0
    return lengths, offsets
