"""How far off the next bill's energy may be where a customer has too few forecasts of their own (EXPLAIN B7).

A day's use is the mean of what is known of it: the last bill's, and with a year of bills that of the same
month a year ago; never under a fifth of the last. The interval is conformal: how far forecasts of other
households were off, each over its own unsteadiness, times the unsteadiness of this one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

LEVELS = (80, 90)
"""Percent of next bills that lie inside the interval."""
LEAST_SCALE = 0.06
LEAST_SHARE = 5
"""A forecast is at least the last bill's use a day, divided by this."""
MONTHS_OF_YEAR = 12

Rule = Literal["last", "last_and_year_ago"]


@dataclass(frozen=True, slots=True)
class Level:
    """Use a day, micro-kWh, and what it was made of."""

    micro_kwh_a_day: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Spread:
    """Quantiles of log(actual / forecast) over a household's scale at a level of certainty, and the median
    standard deviation of households' monthly changes."""

    level: int
    low: float
    high: float
    base_sd: float


def level_of(a_day: Sequence[int]) -> Level:
    """a_day: micro-kWh a day by month, the oldest first, without a gap; not empty."""
    last = a_day[-1]
    if len(a_day) <= MONTHS_OF_YEAR:
        return Level(last, "last")
    year_ago = a_day[-MONTHS_OF_YEAR]
    return Level(max((last + year_ago) // 2, last // LEAST_SHARE), "last_and_year_ago")


def changes_sd(a_day: Sequence[int]) -> float | None:
    """The standard deviation of the logarithms of monthly changes; None with fewer than three."""
    logs = [math.log(after / before) for before, after in pairwise(a_day) if before > 0 and after > 0]
    return float(np.std(logs, ddof=1)) if len(logs) >= 3 else None


def scale_of(a_day: Sequence[int], base_sd: float) -> float:
    """How unsteady a household is: half its own, half the base's."""
    own = changes_sd(a_day)
    return max(LEAST_SCALE, base_sd if own is None else (own + base_sd) / 2)


def interval(level: Level, a_day: Sequence[int], spread: Spread) -> tuple[int, int]:
    """(low, high) of use a day, micro-kWh."""
    scale = scale_of(a_day, spread.base_sd)
    middle = level.micro_kwh_a_day
    low = round(middle * math.exp(spread.low * scale))
    return min(low, middle), max(round(middle * math.exp(spread.high * scale)), middle)


def residuals(a_day: Sequence[int], base_sd: float) -> list[float]:
    """log(actual / forecast) over the scale known by then, of each month that had three before it."""
    found = []
    for place in range(3, len(a_day)):
        before, actual = a_day[:place], a_day[place]
        middle = level_of(before).micro_kwh_a_day
        if middle > 0 and actual > 0:
            found.append(math.log(actual / middle) / scale_of(before, base_sd))
    return found


def spreads_of(households: Sequence[Sequence[int]], levels: Sequence[int] = LEVELS) -> tuple[Spread, ...]:
    """households: use a day by month, the oldest first. Empty where fewer than twenty forecasts can be
    held against what came."""
    known = [sd for one in households if (sd := changes_sd(one)) is not None]
    if not known:
        return ()
    base_sd = float(np.median(known))
    pooled = np.sort([each for one in households for each in residuals(one, base_sd)])
    if pooled.size < 20:
        return ()
    found = []
    for level in levels:
        tail = (1 - level / 100) / 2
        # Conformal: the rank among one more than there are, so that small pools are wide.
        low = max(0, math.floor(tail * (pooled.size + 1)) - 1)
        high = min(pooled.size - 1, math.ceil((1 - tail) * (pooled.size + 1)) - 1)
        found.append(Spread(level, float(pooled[low]), float(pooled[high]), base_sd))
    return tuple(found)
