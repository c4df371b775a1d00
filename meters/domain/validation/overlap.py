"""overlap: two files disagree about what was measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray, Days, Hits, hits_of


def overlap(
    days: Days,
    before: IntArray,
    measured_before: BoolArray,
    share: npt.NDArray[np.float64],
    floor: IntArray,
) -> Hits:
    """Days whose measured readings replaced others that were measured, too: `before` int64 (r, n), where
    `measured_before` bool (r, n). Doubted where all differences together are above `floor` (r,) and above
    `share` (r,) of the day before.

    found: the day's sum over the disputed intervals now; usual: before.
    """
    rows = np.arange(days.channel_id.size)
    both = days.measured(rows) & measured_before
    now, then = np.where(both, days.micro, 0), np.where(both, before, 0)
    apart = np.abs(now - then)
    off = apart.sum(axis=1)
    doubted = (off > floor) & (off > share * np.abs(then.sum(axis=1)))
    at = (apart > 0) & doubted[:, None]
    found = np.where(at, now, 0).sum(axis=1)
    return hits_of(days, rows, at, found, np.where(at, then, 0).sum(axis=1))
