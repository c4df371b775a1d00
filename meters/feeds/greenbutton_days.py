"""Readings of one length on their grid, as days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, BlockRun, Remark, one_code
from meters.domain.decimals import MISSING, IntArray, decimal_text
from meters.feeds.greenbutton_codes import CURRENCIES, quality_words
from meters.feeds.greenbutton_readings import MINUTE, Channel, Readings
from meters.feeds.greenbutton_rows import DAY_MICROS

EPOCH_DAY = date(1970, 1, 1).toordinal()


def days(channel: Channel, readings: Readings, length: int) -> Iterator[Block | BlockRun]:
    """Days of one length: those of one quality without remarks as a run, the others one by one."""
    size = DAY_MICROS // length
    first = np.flatnonzero(np.diff(readings.day, prepend=readings.day[:1] - 1))
    place = np.repeat(np.arange(first.size), np.diff(np.append(first, readings.day.size)))
    slots = (readings.start + channel.offset_minutes * MINUTE) % DAY_MICROS // length
    values = np.full((first.size, size), MISSING, dtype=np.int64)
    values[place, slots] = readings.micro
    ordinals, lines = readings.day[first] + EPOCH_DAY, np.minimum.reduceat(readings.line, first)
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
            ordinals[plain],
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
            date.fromordinal(int(ordinals[row])),
            1440 // size,
            values[row],
            one_code(quality, values[row]),
            False,
            int(lines[row]),
            tuple(_remarks(channel, slots[own], readings.mask[own], readings.cost[own])),
        )


def _remarks(
    channel: Channel, slots: IntArray, masks: npt.NDArray[np.uint32], costs: IntArray
) -> Iterator[Remark]:
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
        currency = CURRENCIES.get(channel.currency or 0, "of an unnamed currency")
        first, end = int(slots[told][0]), int(slots[told][-1]) + 1
        yield Remark(first, end, None, "cost", f"the feed says a cost of {amount} {currency}")
