"""Fifths of a base by one figure, for recency, frequency and money (RFM: A. M. Hughes, 1994).

Equal values are in one fifth, whoever they belong to; so fifths need not be of one size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def fifths(values: Sequence[float | None], *, high_is_best: bool = True) -> list[int | None]:
    """1 to 5 of each, 5 the best; None of what is not known. A value's place is the middle of those of all
    that are equal to it."""
    known = np.asarray([value for value in values if value is not None], dtype=np.float64)
    if not known.size:
        return [None] * len(values)
    signed = np.sort(known if high_is_best else -known)
    found: list[int | None] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        mine = value if high_is_best else -value
        low, high = np.searchsorted(signed, mine, "left"), np.searchsorted(signed, mine, "right")
        found.append(min(5, 1 + int(5 * (low + high) / 2 / known.size)))
    return found
