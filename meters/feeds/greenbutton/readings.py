"""A channel of a Green Button feed, and its readings made whole: lengths, millionths and qualities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.decimals import MISSING, IntArray
from meters.domain.units import Unit
from meters.feeds.greenbutton.codes import quality_of
from meters.feeds.greenbutton.numbers import MICROS, distinct, scaled
from meters.feeds.greenbutton.rows import BY_PLACE, DAY_MICROS, UNTOLD
from meters.feeds.greenbutton.tokens import Rows

BoolArray = npt.NDArray[np.bool_]
MINUTE = 60 * MICROS
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * MICROS for year in (FIRST_YEAR, LAST_YEAR))
"""Readings outside of these instants are mistakes."""


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
class Readings:
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

    def chosen(self, rows: BoolArray | npt.NDArray[np.intp]) -> Readings:
        return Readings(
            self.start[rows],
            self.length[rows],
            self.micro[rows],
            self.quality[rows],
            self.mask[rows],
            self.cost[rows],
            self.line[rows],
            self.day[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The readings that can be taken; of the others, by code, which rows they are. `start`: of each row,
    int64 microseconds."""

    readings: Readings
    faults: Mapping[str, npt.NDArray[np.intp]]
    start: IntArray


def sound(channel: Channel, rows: Rows) -> Sound:
    """Rows with everything said, in order of time. A row without a value is a hole, and no fault."""
    start, length, unsaid = _times(channel, rows)
    micro, too_large = _micro(channel, rows)
    masks = np.where(rows["quality"] == 0, np.uint32(channel.quality), rows["quality"])
    quality, unknown = _qualities(masks)
    found = {
        "no_interval": unsaid,
        "zero_length": (length == 0) & ~unsaid & (not channel.registers),
        "bad_time": (start < FIRST) | (start + length >= LAST),
        "value_too_large": too_large,
        "unknown_quality": unknown,
    }
    bad = rows["value"] == MISSING
    faults = {}
    for code, where in found.items():
        fresh = np.flatnonzero(where & ~bad)
        if fresh.size:
            faults[code] = fresh
            bad[fresh] = True
    kept = np.flatnonzero(~bad)
    order = kept[np.lexsort((rows["line"][kept], length[kept], start[kept]))]
    readings = Readings(
        start[order],
        length[order],
        micro[order],
        quality[order],
        masks[order],
        rows["cost"][order],
        rows["line"][order].astype(np.int64),
        (start[order] + channel.offset_minutes * MINUTE) // DAY_MICROS,
    )
    return Sound(readings, faults, start)


def _times(channel: Channel, rows: Rows) -> tuple[IntArray, IntArray, BoolArray]:
    """Starts and lengths, and where the latter is said nowhere. A figure on a dial needs none."""
    start, length = rows["start"].copy(), rows["duration"].copy()
    untold = length == UNTOLD
    placed = (length < 0) & ~untold
    if channel.length is not None:
        start[placed] += (BY_PLACE - length[placed]) * channel.length
        length[untold | placed] = channel.length
        return start, length, np.zeros(start.size, dtype=np.bool_)
    length[untold | placed] = 0
    return start, length, placed if channel.registers else untold | placed


def _micro(channel: Channel, rows: Rows) -> tuple[IntArray, BoolArray]:
    value, places = np.where(rows["value"] == MISSING, 0, rows["value"]), rows["places"]
    micro, too_large = np.zeros(value.size, dtype=np.int64), np.zeros(value.size, dtype=np.bool_)
    for digits in distinct(places).tolist():
        chosen = places == digits
        micro[chosen], too_large[chosen] = scaled(value[chosen], channel.factor / 10**digits)
    return micro, too_large


def _qualities(masks: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint8], BoolArray]:
    """Codes of `meters.domain.quality`, and where there is none."""
    codes, unknown = np.zeros(masks.size, dtype=np.uint8), np.zeros(masks.size, dtype=np.bool_)
    for mask in distinct(masks).tolist():
        known = quality_of(mask)
        codes[masks == mask] = known or 0
        unknown |= (masks == mask) & (known is None)
    return codes, unknown
