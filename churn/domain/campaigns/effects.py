"""What an arm did beyond its control group, with an interval that holds at small counts.

Everybody who was assigned counts, whether a letter reached them or not (intention to treat): who is reached
is no accident, who was assigned is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from utility_crm.kit.shares import LEVEL, wilson


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference, arm less control, and its interval: of shares in shares of one, of margin in minor
    units a customer."""

    difference: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def difference_of_shares(
    arm: float, of_arm: float, control: float, of_control: float, level: float = LEVEL
) -> Effect:
    """Arm less control, with the hybrid score interval (Newcombe, Statistics in Medicine 17, 1998, 873-890,
    method 10): it is made of the two Wilson intervals and needs no large counts."""
    first, second = arm / of_arm, control / of_control
    low_1, high_1 = wilson(arm, of_arm, level)
    low_0, high_0 = wilson(control, of_control, level)
    difference = first - second
    low = difference - sqrt((first - low_1) ** 2 + (high_0 - second) ** 2)
    high = difference + sqrt((high_1 - first) ** 2 + (second - low_0) ** 2)
    return Effect(difference, max(-1.0, low), min(1.0, high))


@dataclass(frozen=True, slots=True)
class Ratio:
    """An arm's share over control's, and its interval; None where nobody of the control group is counted, and
    nothing bounds it from above."""

    ratio: float | None
    low: float
    high: float | None


def ratio_of_shares(
    arm: float, of_arm: float, control: float, of_control: float, level: float = LEVEL
) -> Ratio:
    """Arm over control, recovered from the two Wilson intervals (Donner, Zou, Statistical Methods in Medical
    Research 21, 2012, 347-359): it allows for what is not known of either share, and leaves one out exactly
    where the interval of `difference_of_shares` leaves zero out."""
    first, second = arm / of_arm, control / of_control
    low_1, high_1 = wilson(arm, of_arm, level)
    low_0, high_0 = wilson(control, of_control, level)
    both = first * second
    least = low_1 * (2 * first - low_1)
    low = least and least / (both + sqrt(max(0.0, both**2 - least * high_0 * (2 * second - high_0))))
    if not control:
        return Ratio(None, low, None)
    below, most = low_0 * (2 * second - low_0), high_1 * (2 * first - high_1)
    return Ratio(first / second, low, (both + sqrt(max(0.0, both**2 - most * below))) / below)


def t_of(freedom: float, level: float = LEVEL) -> float:
    """The two-sided quantile of Student's t. SciPy is loaded where somebody first told margins, and by no
    process before."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + level / 2))


def difference_of_means(
    arm: Sequence[float] | NDArray[np.float64],
    control: Sequence[float] | NDArray[np.float64],
    level: float = LEVEL,
) -> Effect | None:
    """Arm less control, with Welch's interval (Biometrika 34, 1947): the groups may spread differently. None
    where a group has fewer than two customers."""
    first, second = np.asarray(arm, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if first.size < 2 or second.size < 2:
        return None
    of_first, of_second = first.var(ddof=1) / first.size, second.var(ddof=1) / second.size
    difference, spread = float(first.mean() - second.mean()), float(of_first + of_second)
    if spread == 0:
        return Effect(difference, difference, difference)
    freedom = spread**2 / (of_first**2 / (first.size - 1) + of_second**2 / (second.size - 1))
    half = t_of(float(freedom), level) * sqrt(spread)
    return Effect(difference, difference - half, difference + half)


def beside_before(
    values: Mapping[str, Sequence[float]], before: Mapping[str, Sequence[float | None]]
) -> dict[str, NDArray[np.float64]]:
    """Every group's values without what its customers' own figures before the draw foretell of them (Deng,
    Xu, Kohavi, Walker, WSDM 2013, 123-132): the lot makes the groups alike before, so the difference stays
    the same on average, and its interval narrows by what was known. values, before: by group, in the same
    order of customers; who has no figure before (None) is foretold the average."""
    found = {name: np.asarray(values[name], dtype=np.float64) for name in values}
    known = {name: np.array([np.nan if one is None else one for one in before[name]]) for name in values}
    everybody = np.concatenate([known[name] for name in values]) if values else np.empty(0)
    if np.isnan(everybody).all():
        return found
    usual = float(np.nanmean(everybody))
    apart = {name: np.where(np.isnan(known[name]), 0.0, known[name] - usual) for name in values}
    within = {name: apart[name] - apart[name].mean() for name in values if apart[name].size}
    spread = sum(float(one @ one) for one in within.values())
    if spread == 0:
        return found
    slope = sum(float(one @ found[name]) for name, one in within.items()) / spread
    return {name: found[name] - slope * apart[name] for name in values}
