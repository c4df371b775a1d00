"""unit_mismatch: watt-hours taken for kilowatt-hours, or the other way round."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import MISSING, IntArray
from meters.domain.validation.days import BoolArray, Days, Hits, hits_of, sums

THOUSAND = 1000


def unit_mismatch(days: Days, median_day: IntArray, within: npt.NDArray[np.float64], floor: IntArray) -> Hits:
    """Days whose sum is about a thousand times the channel's usual day, or a thousandth of it: off that by
    less than the factor `within`, with its highest interval and without it (one wild reading is no unit).
    Not judged where the usual day is below `floor`. All (r,).

    A day of which more than half is missing is not judged. found: the day's sum; usual: the channel's median
    day.
    """
    judged = np.flatnonzero((median_day >= np.maximum(floor, 1)) & (days.most > 0))
    if not judged.size:
        rows = judged
        totals = np.zeros(0, dtype=np.int64)
    else:
        totals = sums(days)[judged]
        usual, slack = median_day[judged], np.log(within[judged])
        far = _about_a_thousand(totals, usual, slack)
        far &= _about_a_thousand(totals - days.most[judged], usual, slack)
        present = (days.micro[judged[far]] != MISSING).sum(axis=1)
        chosen = np.flatnonzero(far)[2 * present > days.size]
        rows, totals = judged[chosen], totals[chosen]
    at = days.micro[rows] != MISSING
    return hits_of(days, rows, at, totals, median_day[rows])


def _about_a_thousand(totals: IntArray, usual: IntArray, slack: npt.NDArray[np.float64]) -> BoolArray:
    ratio = np.abs(np.log(np.maximum(totals, 1) / usual))
    near: BoolArray = (np.abs(ratio - np.log(THOUSAND)) < slack) & (totals > 0)
    return near
