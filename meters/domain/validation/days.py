"""Days to be judged, and what a rule says of them: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.quality import Quality

BoolArray = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """r days of n intervals each. channel_id, day (date.toordinal), quality: int (r,); micro: int64 (r, n),
    MISSING in holes; codes: uint8 (r, n) where the intervals of the days differ in quality, else None.

    least, most: int64 (r,), of each row's values; a row with a hole has MISSING as its least, an empty one
    as its most, too.
    """

    channel_id: IntArray
    day: IntArray
    micro: IntArray
    quality: npt.NDArray[np.int16]
    codes: Codes | None
    least: IntArray
    most: IntArray

    @property
    def size(self) -> int:
        """Intervals of a day."""
        return int(self.micro.shape[1])

    @property
    def interval_minutes(self) -> int:
        return 1440 // self.size

    def measured(self, rows: npt.NDArray[np.intp]) -> BoolArray:
        """bool (rows, n): which intervals of some rows were measured."""
        there: BoolArray = self.micro[rows] != MISSING
        if self.codes is not None:
            there &= self.codes[rows] == Quality.ACTUAL
        else:
            there &= (self.quality[rows] == Quality.ACTUAL)[:, None]
        return there


def days_of(
    channel_id: IntArray,
    day: IntArray,
    micro: IntArray,
    quality: npt.NDArray[np.int16] | None = None,
    codes: Codes | None = None,
) -> Days:
    """Days with the lowest and highest value of each; without a quality all are measured."""
    if quality is None:
        quality = np.full(channel_id.size, int(Quality.ACTUAL), dtype=np.int16)
    return Days(channel_id, day, micro, quality, codes, micro.min(axis=1), micro.max(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """What one rule doubts. rows: (h,), places among the days; at: bool (h, n), the intervals in doubt;
    found, usual: int64 (h,), the figure that is odd and the one that was to be expected, in millionths of the
    channel's unit unless the rule says otherwise."""

    rows: npt.NDArray[np.intp]
    at: BoolArray
    found: IntArray
    usual: IntArray

    def but(self, rows: npt.NDArray[np.intp]) -> Hits:
        """Without some rows of the days."""
        keep = ~np.isin(self.rows, rows)
        if keep.all():
            return self
        return Hits(self.rows[keep], self.at[keep], self.found[keep], self.usual[keep])


def no_hits(size: int) -> Hits:
    """Nothing to doubt in days of `size` intervals."""
    none = np.zeros(0, dtype=np.int64)
    return Hits(none.astype(np.intp), np.zeros((0, size), dtype=np.bool_), none, none)


def hits_of(days: Days, rows: npt.NDArray[np.intp], at: BoolArray, found: IntArray, usual: IntArray) -> Hits:
    """Hits of those rows in which any interval is doubted."""
    some = at.any(axis=1)
    if not some.any():
        return no_hits(days.size)
    return Hits(rows[some], at[some], found[some], usual[some])


def sums(days: Days) -> IntArray:
    """int64 (r,): each day's readings added up, holes counting nothing."""
    totals: IntArray = days.micro.sum(axis=1, dtype=np.int64)
    holed = np.flatnonzero(days.least == MISSING)
    if holed.size:
        part = days.micro[holed]
        totals[holed] = np.where(part == MISSING, 0, part).sum(axis=1)
    return totals
