"""The plan's half-hours into blocks, a chunk of supplies at a time, with what goes wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from meters.demo.block_copy import BlockCopy
from meters.demo.faults import Faults, Guess
from meters.demo.feeds import COLLECTORS, Counted, collector_of, correction_feed, daily_feed
from meters.demo.half_hours import HalfHours
from meters.demo.odd_days import bend
from meters.demo.transformers import TransformerMeters
from meters.domain.quality import Quality
from utility_crm.demo.calendar import SLOTS
from utility_crm.demo.plan import Plan

Int64 = npt.NDArray[np.int64]
Row = tuple[Any, ...]

LOOK_BACK_DAYS = 28
"""An estimate is the mean of so many days before it."""


def export_channels(plan: Plan) -> dict[int, int]:
    """Place of a supply with panels to the id of its export channel; import channels have the supply's id."""
    panels = np.flatnonzero(plan.homes.solar_kw > 0)
    return {int(place): len(plan.supplies) + turn + 1 for turn, place in enumerate(panels)}


class FeedCounts:
    """Readings and blocks by daily feed, added up chunk by chunk."""

    def __init__(self, plan: Plan) -> None:
        self._shape = (plan.calendar.days, COLLECTORS)
        self._readings = np.zeros(self._shape, dtype=np.int64)
        self._blocks = np.zeros(self._shape, dtype=np.int64)

    def add(self, day: Int64, collector: Int64, readings: Int64) -> None:
        np.add.at(self._readings, (day, collector), readings)
        np.add.at(self._blocks, (day, collector), 1)

    def counted(self) -> Counted:
        return Counted(self._readings, self._blocks)


class BlockWriter:
    """Chunks of supplies into blocks, with their faults."""

    def __init__(
        self,
        plan: Plan,
        faults: list[Faults],
        corrected: list[tuple[int, Guess]],
        copy: BlockCopy,
        counting: FeedCounts,
        transformers: TransformerMeters,
        odd: Mapping[int, str],
    ) -> None:
        self._plan, self._faults, self._copy, self._counting = plan, faults, copy, counting
        self._made, self._transformers, self._odd = HalfHours(plan), transformers, odd
        self._ends = plan.ends()
        self._collector = collector_of(plan)
        self._exports = export_channels(plan)
        self._turn = {(place, guess.first): turn for turn, (place, guess) in enumerate(corrected)}
        days = np.arange(plan.calendar.days)
        self._dates = np.datetime64(plan.calendar.first_day, "D") + days.astype("timedelta64[D]")

    def write(self, chunk: slice) -> list[Row]:
        """Write one chunk; the rows of history that its corrections left."""
        energy = self._made.energy(chunk)
        self._transformers.add(chunk, energy)
        for turn, (place, kind) in enumerate(self._odd.items()):
            if place in range(chunk.start, chunk.stop):
                bend(energy.imported[place - chunk.start], kind, turn)
        places = np.arange(chunk.start, chunk.stop)
        shape = energy.imported.shape[:2]
        quality = np.full(shape, int(Quality.ACTUAL), dtype=np.int64)
        day = np.broadcast_to(np.arange(shape[1]), shape)
        feed = daily_feed(self._collector[places][:, None], day)
        bulk = day < self._ends[places][:, None]
        history = []
        for row, place in enumerate(places.tolist()):
            faults = self._faults[place]
            for guess in faults.guesses:
                history += self._guessed(place, row, guess, energy.imported, quality, feed)
            for absent in faults.absent:
                bulk[row, absent] = False
        whole = bulk.copy()
        for row, place in enumerate(places.tolist()):
            for hole in self._faults[place].holes:
                if bulk[row, hole]:
                    self._with_hole(place, hole, energy.imported[row, hole], int(feed[row, hole]))
                    whole[row, hole] = False
        rows, days = np.nonzero(whole)
        channels = places[rows] + 1
        self._write_whole(channels, days, energy.imported[whole], quality[whole], feed[whole], places[rows])
        for turn, row in enumerate(energy.solar.tolist()):
            place, sent = chunk.start + row, np.flatnonzero(bulk[row])
            channel = np.full(sent.size, self._exports[place])
            actual = np.full(sent.size, int(Quality.ACTUAL))
            owner = np.full(sent.size, place)
            file = daily_feed(self._collector[owner], sent)
            self._write_whole(channel, sent, energy.exported[turn, sent], actual, file, owner)
        return history

    def write_transformers(self) -> None:
        """What the metered transformers counted, once all chunks are written."""
        for days, collector in self._transformers.write(self._copy, self._dates):
            self._counting.add(days, collector, np.full(days.size, SLOTS))

    def _write_whole(
        self, channel: Int64, day: Int64, micro: Int64, quality: Int64, feed: Int64, place: Int64
    ) -> None:
        self._copy.write(channel, self._dates[day], micro, quality, feed)
        self._counting.add(day, self._collector[place], np.full(day.size, SLOTS))

    def _with_hole(self, place: int, day: int, micro: Int64, feed: int) -> None:
        first, size = self._faults[place].holes[day]
        present = np.ones(SLOTS, dtype=bool)
        present[first : first + size] = False
        self._copy.write_with_holes(place + 1, self._dates[day], micro, present, int(Quality.ACTUAL), feed)
        one = np.array([day]), self._collector[[place]], np.array([present.sum()])
        self._counting.add(*one)

    def _guessed(
        self, place: int, row: int, guess: Guess, micro: Int64, quality: Int64, feed: Int64
    ) -> list[Row]:
        """Put the estimate in, or leave the true readings and keep the estimate as what they replaced."""
        before = micro[row, max(guess.first - LOOK_BACK_DAYS, 0) : guess.first]
        usual = np.rint(before.mean(axis=0) * guess.level / 1000).astype(np.int64) * 1000
        days = range(guess.first, guess.first + guess.days)
        turn = self._turn.get((place, guess.first))
        if turn is None:
            micro[row, days] = usual
            quality[row, days] = int(Quality.ESTIMATED)
            return []
        correction = correction_feed(self._plan, turn)
        history = []
        for day in days:
            cells = (place + 1, self._plan.calendar.day(day), usual.tolist(), int(Quality.ESTIMATED))
            history.append((*cells, int(feed[row, day]), correction, self._plan.as_of))
        feed[row, days] = correction
        return history
