"""sum_check: intervals between two register reads must add up to what the register counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray


def sum_check(
    intervals: IntArray,
    registers: IntArray,
    whole: BoolArray,
    share: npt.NDArray[np.float64] | float,
    floor: IntArray | int,
) -> BoolArray:
    """bool (p,): the periods whose intervals add up to something else than their registers, off by more than
    `floor` and more than `share` of the registers' difference. Periods that are not `whole` (an interval is
    missing) are not judged. All int64 (p,), millionths of the unit.
    """
    off = np.abs(intervals - registers)
    doubted: BoolArray = whole & (off > floor) & (off > share * np.abs(registers))
    return doubted
