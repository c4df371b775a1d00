"""scaling: estimates made to add up to what a register counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray


def scaled(
    values: IntArray, estimated: BoolArray, known: BoolArray, bounds: Sequence[tuple[int, int, int]]
) -> tuple[IntArray, list[tuple[int, int, int]]]:
    """values int64 (t,); estimated, known bool (t,). bounds: (first, end, total), spans of intervals that a
    register counted `total` for, apart from each other.

    Where every interval of a span is known or estimated, what the known ones leave of the total is shared
    among the estimated ones in proportion to their values, to the millionth, none below zero. Where the
    known ones alone are more than the total, the estimates stay; those spans are returned, too: a sum check
    will say the same.
    """
    made, refused = values.copy(), []
    for first, end, total in bounds:
        inside = slice(first, end)
        mine = np.flatnonzero(estimated[inside]) + first
        if not mine.size or not (estimated[inside] | known[inside]).all():
            continue
        read = int(values[inside][~estimated[inside]].sum())
        if read > total:
            refused.append((first, end, total))
            continue
        made[mine] = shared(total - read, np.maximum(values[mine], 0))
    return made, refused


def shared(total: int, weights: IntArray) -> IntArray:
    """int64 (k,), none below zero, that sum to `total` (zero or more) in proportion to weights (none below
    zero; evenly where all are zero). Largest remainders get what rounding leaves, the first of equal ones.

    >>> shared(10, np.array([1, 1, 1])).tolist(), shared(3, np.array([0, 0])).tolist()
    ([4, 3, 3], [2, 1])
    """
    parts = weights.tolist() if int(weights.max(initial=0)) else [1] * weights.size
    whole = sum(parts)
    shares = [total * part // whole for part in parts]
    left = total - sum(shares)
    order = sorted(range(len(parts)), key=lambda place: (-(total * parts[place] % whole), place))
    for place in order[:left]:
        shares[place] += 1
    return np.array(shares, dtype=np.int64)
