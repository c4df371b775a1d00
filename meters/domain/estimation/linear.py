"""linear: a straight line between the readings before and after a short gap."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray


def linear(micro: IntArray, known: BoolArray, most: int) -> tuple[IntArray, BoolArray]:
    """micro int64 (t,), known bool (t,). Gaps of at most `most` intervals with a known reading on both sides
    lie on the line between those two, rounded half-even.

    Returns (values, filled), both (t,): the known values, and where a gap was filled.
    """
    values, filled = micro.copy(), np.zeros(micro.size, dtype=np.bool_)
    for first, end in gaps(~known):
        if first == 0 or end == micro.size or end - first > most:
            continue
        before, after, steps = int(micro[first - 1]), int(micro[end]), end - first + 1
        for step in range(1, steps):
            values[first + step - 1] = _half_even(before * (steps - step) + after * step, steps)
        filled[first:end] = True
    return values, filled


def gaps(missing: BoolArray) -> list[tuple[int, int]]:
    """The runs of True as [first, end).

    >>> gaps(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.diff(missing.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist()
    return list(zip(starts, ends, strict=True))


def _half_even(amount: int, parts: int) -> int:
    whole, rest = divmod(amount, parts)
    if 2 * rest > parts or (2 * rest == parts and whole % 2):
        return whole + 1
    return whole
