"""other_unit: readings that came a thousand times too large, or too small, in their usual unit."""

from __future__ import annotations

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.validation.days import BoolArray

THOUSAND = 1000


def other_unit(
    micro: IntArray, known: BoolArray, wanted: BoolArray, too_large: bool
) -> tuple[IntArray, BoolArray]:
    """micro int64 (t,), known, wanted bool (t,). What is known of the wanted intervals, divided by a thousand
    where it is `too_large` (half-even), else multiplied. Returns (values, filled)."""
    filled = wanted & known
    if not too_large:
        return np.where(filled, micro * THOUSAND, micro), filled
    whole, rest = np.divmod(micro, THOUSAND)
    up = (2 * rest > THOUSAND) | ((2 * rest == THOUSAND) & (whole % 2 == 1))
    return np.where(filled, whole + up, micro), filled
