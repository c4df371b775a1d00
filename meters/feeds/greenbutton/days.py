"""Readings of one length on their grid, as days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, BlockRun, Remark
from meters.domain.decimals import MISSING, IntArray, decimal_text
from meters.feeds.greenbutton.codes import CURRENCIES, quality_words
from meters.feeds.greenbutton.numbers import distinct
from meters.feeds.greenbutton.readings import MINUTE, BoolArray, Channel, Readings
from meters.feeds.greenbutton.rows import DAY_MICROS

EPOCH_DAY = date(1970, 1, 1).toordinal()
_PLAIN_COST = 10**14
"""Sums of a day's costs below this fit in int64."""


def days(channel: Channel, readings: Readings, length: int) -> Iterator[Block | BlockRun]:
    """Days of one length: those of one quality without remarks as a run, the others one by one."""
    size = DAY_MICROS // length
    first = np.flatnonzero(np.diff(readings.day, prepend=readings.day[:1] - 1))
    bounds = np.append(first, readings.day.size)
    slots = (readings.start + channel.offset_minutes * MINUTE) % DAY_MICROS // length
    values = np.full((first.size, size), MISSING, dtype=np.int64)
    values[np.repeat(np.arange(first.size), np.diff(bounds)), slots] = readings.micro
    ordinals, lines = readings.day[first] + EPOCH_DAY, np.minimum.reduceat(readings.line, first)
    least = np.minimum.reduceat(readings.quality, first)
    uniform = least == np.maximum.reduceat(readings.quality, first)
    worded = np.logical_or.reduceat(_worded(readings.mask), first)
    costs = _costs(readings, slots, first)
    plain = uniform & ~worded & ~costs.told
    named = (channel.service_point, channel.name, channel.unit, channel.direction, channel.offset_minutes)
    if plain.any():
        yield BlockRun(
            *named,
            ordinals[plain],
            values[plain],
            least[plain].astype(np.int16),
            False,
            lines[plain],
        )
    told = zip(
        *(column.tolist() for column in (plain, bounds[:-1], bounds[1:], uniform, least, worded, costs.told)),
        *(column.tolist() for column in (ordinals, lines)),
        strict=True,
    )
    for row, (is_plain, begin, end, one_quality, code, has_words, has_cost, ordinal, line) in enumerate(told):
        if is_plain:
            continue
        quality: int | npt.NDArray[np.uint8] = code
        if not one_quality:
            quality = np.zeros(size, dtype=np.uint8)
            quality[slots[begin:end]] = readings.quality[begin:end]
        remarks = [*_qualities(slots[begin:end], readings.mask[begin:end])] if has_words else []
        if has_cost:
            remarks.append(costs.remark(row, channel.currency))
        yield Block(
            *named,
            date.fromordinal(ordinal),
            1440 // size,
            values[row],
            quality,
            False,
            line,
            tuple(remarks),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Costs:
    """Of each day: whether costs are told, of which intervals [first, end), and their sum in
    hundred-thousandths."""

    told: BoolArray
    first: IntArray
    end: IntArray
    total: npt.NDArray[np.int64] | npt.NDArray[np.object_]

    def remark(self, row: int, currency: int | None) -> Remark:
        amount = decimal_text(int(self.total[row]), 5)
        words = f"the feed says a cost of {amount} {CURRENCIES.get(currency or 0, 'of an unnamed currency')}"
        return Remark(int(self.first[row]), int(self.end[row]), None, "cost", words)


def _costs(readings: Readings, slots: IntArray, first: npt.NDArray[np.intp]) -> _Costs:
    told = readings.cost != MISSING
    amounts = np.where(told, readings.cost, 0)
    begins = np.minimum.reduceat(np.where(told, slots, DAY_MICROS), first)
    ends = np.maximum.reduceat(np.where(told, slots, -1), first) + 1
    if np.abs(amounts).max() >= _PLAIN_COST:
        amounts = amounts.astype(object)
    return _Costs(np.logical_or.reduceat(told, first), begins, ends, np.add.reduceat(amounts, first))


def _worded(masks: npt.NDArray[np.uint32]) -> BoolArray:
    """Which readings have qualities that one code does not tell."""
    said = [mask for mask in distinct(masks).tolist() if quality_words(mask)]
    return np.isin(masks, said) if said else np.zeros(masks.size, dtype=np.bool_)


def _qualities(slots: IntArray, masks: npt.NDArray[np.uint32]) -> Iterator[Remark]:
    ends = np.flatnonzero((masks[1:] != masks[:-1]) | (slots[1:] - slots[:-1] != 1)) + 1
    for begin, end in pairwise([0, *ends.tolist(), slots.size]):
        words = quality_words(int(masks[begin]))
        if words is not None:
            yield Remark(int(slots[begin]), int(slots[end - 1]) + 1, words[0], None, words[1])
