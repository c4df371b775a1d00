"""A block: one channel's day of readings, the grain in which feeds arrive, are corrected and are billed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.quality import Quality
from meters.domain.units import Unit

__all__ = ["MISSING", "Block", "BlockKey", "BlockRun", "Remark", "overlay"]

BlockKey = tuple[str, str, date]
"""Service point, channel, day."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a feed says of the intervals [first, end) of a day beside their values: how they were found
    (`method`, a code of the format) and why (`reason`, its code and words)."""

    first: int
    end: int
    method: str | None = None
    reason_code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """`values` holds 1440 / interval_minutes int64 millionths of `unit.base`, MISSING where there is no
    reading.

    `day` is a day of the channel's standard time, `offset_minutes` from UTC and never moving. `direction` is
    the customer's: import or export. `quality` is one code for the readings present, or a uint8 array of the
    same length as `values` with MISSING in the holes. A block that `replaces` speaks for its whole day, holes
    included; one that does not adds its readings to what is known of the day. `line` is where in its member
    it begins. `remarks` are few: most feeds have none.
    """

    service_point: str
    channel: str
    unit: Unit
    direction: str
    offset_minutes: int
    day: date
    interval_minutes: int
    values: IntArray
    quality: int | npt.NDArray[np.uint8]
    replaces: bool
    line: int | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def key(self) -> BlockKey:
        return (self.service_point, self.channel, self.day)

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """Which intervals hold a reading."""
        held: npt.NDArray[np.bool_] = self.values != MISSING
        return held

    @property
    def starts_at(self) -> datetime:
        """The first instant of the day, with the channel's standard offset."""
        return datetime.combine(self.day, time(), timezone(timedelta(minutes=self.offset_minutes)))

    def qualities(self) -> npt.NDArray[np.uint8]:
        """One code an interval, MISSING in the holes."""
        if isinstance(self.quality, np.ndarray):
            return self.quality
        return np.where(self.present, self.quality, Quality.MISSING).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class BlockRun:
    """Many days of one channel at once, as a fast reader finds them: each row is what a `Block` would say.

    days: ordinals (date.toordinal), int64 (r,), no two alike; values: int64 (r, n) millionths of `unit.base`,
    MISSING in holes; quality: int16 (r,) one code a day for the readings present; lines: int64 (r,). All days
    `replace` or none does. A day of several qualities or with remarks goes as a `Block` of its own.
    """

    service_point: str
    channel: str
    unit: Unit
    direction: str
    offset_minutes: int
    days: IntArray
    values: IntArray
    quality: npt.NDArray[np.int16]
    replaces: bool
    lines: IntArray

    def blocks(self) -> Iterator[Block]:
        """The same days one by one."""
        interval = 1440 // int(self.values.shape[1])
        rows = zip(self.days.tolist(), self.values, self.quality.tolist(), self.lines.tolist(), strict=True)
        for day, values, quality, line in rows:
            yield Block(
                self.service_point,
                self.channel,
                self.unit,
                self.direction,
                self.offset_minutes,
                date.fromordinal(day),
                interval,
                values,
                quality,
                self.replaces,
                line,
            )


def overlay(earlier: Block, later: Block) -> Block:
    """The day after `later` came in over `earlier`: replaced whole, or filled and corrected where it has
    readings.

    Where the two disagree on interval, offset or unit there is nothing to merge, and the later one stands.
    """
    same_grid = (earlier.interval_minutes, earlier.offset_minutes, earlier.unit.base) == (
        later.interval_minutes,
        later.offset_minutes,
        later.unit.base,
    )
    if later.replaces or not same_grid:
        return later
    fresh = later.present
    values = np.where(fresh, later.values, earlier.values)
    return replace(
        later,
        values=values,
        quality=one_code(np.where(fresh, later.qualities(), earlier.qualities()).astype(np.uint8), values),
        replaces=earlier.replaces,
        line=earlier.line,
    )


def one_code(qualities: npt.NDArray[np.uint8], values: IntArray) -> int | npt.NDArray[np.uint8]:
    """One code where all readings present share it, else the array, with MISSING in the holes."""
    present = values != MISSING
    codes = np.unique(qualities[present])
    if codes.size == 0:
        return int(Quality.MISSING)
    if codes.size == 1:
        return int(codes[0])
    return np.where(present, qualities, Quality.MISSING).astype(np.uint8)
