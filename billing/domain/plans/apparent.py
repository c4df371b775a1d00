"""Power in kVA or kVAr: of the active and the reactive energy of the same window, in whole numbers.

A window's kVA are sqrt(P^2 + Q^2), where P is its kWh, none where these are below zero, and Q its kVArh, each
by the hour. The root is rounded once, a half upwards, to a millionth of a kVA. Which window is the highest
is decided by the squares, which are exact.
"""

from __future__ import annotations

from math import isqrt

import numpy as np

from billing.domain.charges.power import PowerUnit
from billing.domain.money import Int64Array

_NEAR = 1 - 1e-9
"""Floats find the windows that may be the highest: their roots are off by a few parts in 10^16."""


def apparent_micro(micro_kwh: int, micro_kvarh: int, window_minutes: int) -> int:
    """Micro-kVA of a window: the root of whole squares, rounded once, a half upwards."""
    squares = micro_kwh * micro_kwh + micro_kvarh * micro_kvarh
    # Twice the root, cut off, says on which side of a half it lies: 4 x 60^2 = 14,400.
    return (isqrt(squares * 14_400 // (window_minutes * window_minutes)) + 1) // 2


def highest_apparent(
    energy: Int64Array, reactive: Int64Array, places: Int64Array, window_minutes: int, unit: PowerUnit
) -> tuple[Int64Array, Int64Array]:
    """energy, reactive: int64 (customers, windows), micro-kWh and micro-kVArh. places: windows that count.

    Both answers int64 (customers,): micro-kVA (or micro-kVAr) of the highest, and its window; of equal ones
    the first.
    """
    active = np.zeros((energy.shape[0], places.size), dtype=np.int64)
    if unit == "kVA":
        active = np.maximum(energy[:, places], 0)
    beside = np.broadcast_to(reactive[:, places], active.shape)
    size = np.hypot(active.astype(np.float64), beside.astype(np.float64))
    near = size >= size.max(axis=1, keepdims=True) * _NEAR
    most = np.zeros(active.shape[0], dtype=np.int64)
    window = np.full(active.shape[0], places[0], dtype=np.int64)
    for row in np.flatnonzero(size.any(axis=1)).tolist():
        among = np.flatnonzero(near[row])
        pairs = list(zip(active[row, among].tolist(), beside[row, among].tolist(), strict=True))
        best = max(range(len(pairs)), key=lambda at: pairs[at][0] ** 2 + pairs[at][1] ** 2)
        most[row] = apparent_micro(*pairs[best], window_minutes)
        window[row] = places[among[best]]
    return most, window
