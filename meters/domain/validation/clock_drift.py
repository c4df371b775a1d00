"""clock_drift: the meter's clock runs early or late, so its days look like before, but shifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meters.domain.decimals import IntArray

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Drift:
    """For each channel: `lag` int64 (c,), intervals by which its days are late (early below zero), 0 where
    no shift fits; `likeness` float (c,), the correlation with the shape before once moved back."""

    lag: IntArray
    likeness: Floats


def clock_drift(
    usual: Floats, recent: Floats, most_lag: int, likeness: Floats | float, gain: Floats | float
) -> Drift:
    """usual: (c, n), the mean day before; recent: (c, k, n), the mean days of k spells since, all on the
    local clock.

    A shift counts where every spell fits best at the same lag other than 0, their mean correlates with the
    usual shape by at least `likeness` once moved back, and by `gain` more than unmoved. A flat shape has no
    lag.
    """
    channels, _spells, size = recent.shape
    lags = np.array([lag for lag in range(-most_lag, most_lag + 1) if abs(lag) < size], dtype=np.int64)
    template = np.conj(np.fft.rfft(_standard(usual), axis=-1))
    # [..., s] is the correlation of the recent days, moved back by s, with the usual one
    each = np.fft.irfft(template[:, None] * np.fft.rfft(_standard(recent), axis=-1), n=size, axis=-1)
    each = each[:, :, lags % size]
    together = _standard(recent.mean(axis=1))
    mean = np.fft.irfft(template * np.fft.rfft(together, axis=-1), n=size, axis=-1)[:, lags % size]
    best = mean.argmax(axis=1)
    rows = np.arange(channels)
    agreed = (each.argmax(axis=2) == best[:, None]).all(axis=1)
    still = int(np.flatnonzero(lags == 0)[0])
    fits = agreed & (mean[rows, best] >= likeness) & (mean[rows, best] - mean[:, still] >= gain)
    return Drift(np.where(fits, lags[best], 0), mean[rows, best])


def _standard(values: Floats) -> Floats:
    """Mean 0 and length 1 along the last axis; a flat row is all zero."""
    centred = values - values.mean(axis=-1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-1, keepdims=True))
    held: Floats = np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-9)
    return held
