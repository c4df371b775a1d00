"""How far off the same reckoning was for the same customer: it is made again from earlier days, a week
apart, each time from what was known then, and held against what was used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from billing.domain.explanation.weather.record import Floats
from billing.domain.forecast.like_days import LATELY, DailyUse, foretold

STEP = 7
"""Days from one earlier beginning to the next: all begin on the same weekday as the real one."""
LEAST_READ = 0.8
"""Of the days foretold, the share that must have been measured since."""
LEAST_RATIO = 0.05
"""Use below this share of what was foretold (nobody at home) counts as this share."""


@dataclass(frozen=True, slots=True)
class Margin:
    """The energy to come lies within a factor of exp(+-log_error) in `level` percent of cases. tests: how
    many earlier forecasts said so, of which `apart` share no day with each other."""

    level: int
    log_error: float
    tests: int
    apart: int


def margin_of(use: DailyUse, origin: int, ahead: int, level: int) -> Margin | None:
    """For the ``ahead`` days from ``origin``, places in the period. None where too few forecasts can be held
    against what came: for 80 percent there must be four that share no day.

    Conformal: of n forecasts apart, the rank among n + 1 (V. Vovk, A. Gammerman and G. Shafer, Algorithmic
    learning in a random world, 2005), taken as a share of all of them.
    """
    origins = np.arange(origin - ahead, LATELY - 1, -STEP, dtype=np.int64)[::-1]
    if not origins.size:
        return None
    expected = foretold(use, origins, ahead)
    actual = use.kwh[origins[:, None] + np.arange(ahead)]
    read = ~(np.isnan(actual) | np.isnan(expected))
    said, came = (np.where(read, values, 0.0).sum(axis=1) for values in (expected, actual))
    valid = (read.sum(axis=1) >= LEAST_READ * ahead) & (said > 0)
    off = np.abs(np.log(np.maximum(came[valid], said[valid] * LEAST_RATIO) / said[valid]))
    apart = _apart(origins[valid].tolist(), ahead)
    share = (apart + 1) * level / 100 / apart if apart else 2.0
    if share > 1:
        return None
    return Margin(level, float(_quantile(off, share)), int(off.size), apart)


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share))


def _apart(origins: list[int], ahead: int) -> int:
    count, free = 0, -1
    for origin in origins:
        if origin >= free:
            count, free = count + 1, origin + ahead
    return count
