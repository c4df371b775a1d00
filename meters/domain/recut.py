"""Days of one standard time as days of another, and which of a day's intervals a feed speaks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from meters.domain.blocks import Block, one_code
from meters.domain.decimals import MISSING, IntArray
from meters.domain.quality import Quality

BoolArray = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class SpokenDay:
    """What a feed says of one channel's day: of the intervals where `spoken`, holes among them.

    values: int64 (n,), MISSING in holes. quality: one code, or uint8 (n,) with MISSING in holes. `line` is
    where it was said first.
    """

    day: date
    values: IntArray
    quality: int | Codes
    spoken: BoolArray
    line: int | None = None

    @property
    def interval_minutes(self) -> int:
        return 1440 // int(self.values.size)

    def over(self, values: IntArray, codes: Codes) -> tuple[IntArray, int | Codes]:
        """The day (values and quality) once this is laid over what was known, on the same grid."""
        merged = np.where(self.spoken, self.values, values)
        fresh = np.where(self.spoken, _codes(self.quality, self.values), codes).astype(np.uint8)
        return merged, one_code(fresh, merged)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A block that cannot stand in the channel's days. reason: offset_misfit or interval_misfit."""

    block: Block
    reason: str


def spoken(block: Block) -> BoolArray:
    """The intervals a block speaks for: all where it replaces its day, else those with a reading."""
    return np.ones(block.values.size, dtype=np.bool_) if block.replaces else block.present


def recut(blocks: Iterable[Block], offset_minutes: int) -> Iterator[SpokenDay | Misfit]:
    """One channel's blocks, in any standard time, as days of `offset_minutes`, in order of day.

    A block whose grid does not fall on the other one's, or that would share a day with another interval
    length, is a misfit. Where two blocks speak for one interval the later in order stands.
    """
    made: dict[date, SpokenDay] = {}
    for block in blocks:
        moved = offset_minutes - block.offset_minutes
        if moved % block.interval_minutes:
            yield Misfit(block, "offset_misfit")
            continue
        parts = list(_moved(block, moved // block.interval_minutes))
        if any(made[part.day].values.size != part.values.size for part in parts if part.day in made):
            yield Misfit(block, "interval_misfit")
            continue
        for part in parts:
            earlier = made.get(part.day)
            made[part.day] = part if earlier is None else _together(earlier, part)
    yield from (made[day] for day in sorted(made))


def _moved(block: Block, places: int) -> Iterator[SpokenDay]:
    """The one or two days over which a block comes to lie when it is moved by intervals; days without a word
    are not made."""
    size = block.values.size
    days, shift = divmod(places, size)
    codes, told = block.qualities(), spoken(block)
    for turn, source, target in (
        (0, slice(0, size - shift), slice(shift, size)),
        (1, slice(size - shift, size), slice(0, shift)),
    ):
        if not told[source].any():
            continue
        values = np.full(size, MISSING, dtype=np.int64)
        quality = np.full(size, Quality.MISSING, dtype=np.uint8)
        says = np.zeros(size, dtype=np.bool_)
        values[target], quality[target], says[target] = block.values[source], codes[source], told[source]
        day = block.day + timedelta(days=days + turn)
        yield SpokenDay(day, values, one_code(quality, values), says, block.line)


def _together(earlier: SpokenDay, later: SpokenDay) -> SpokenDay:
    values, quality = later.over(earlier.values, _codes(earlier.quality, earlier.values))
    return SpokenDay(earlier.day, values, quality, earlier.spoken | later.spoken, earlier.line)


def _codes(quality: int | Codes, values: IntArray) -> Codes:
    if isinstance(quality, np.ndarray):
        return quality
    return np.where(values != MISSING, quality, Quality.MISSING).astype(np.uint8)
