"""What a campaign of a size could see, told before it begins.

The normal approximation of a test of two shares with unlike groups (Fleiss, Levin, Paik, Statistical Methods
for Rates and Proportions, third edition, 2003, chapter 4).
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist

from utility_crm.kit.shares import LEVEL, z_of

POWER = 0.80


def power_of(base: float, share: float, of_arm: int, of_control: int, level: float = LEVEL) -> float:
    """The chance that a test sees `share` against `base`; at 5 %, or what is left of another level."""
    if min(of_arm, of_control) < 1:
        return 0.0
    mean = (share * of_arm + base * of_control) / (of_arm + of_control)
    under_none = sqrt(mean * (1 - mean) * (1 / of_arm + 1 / of_control))
    under_this = sqrt(share * (1 - share) / of_arm + base * (1 - base) / of_control)
    if under_this == 0:
        return 1.0 if share != base else 0.0
    return NormalDist().cdf((abs(share - base) - z_of(level) * under_none) / under_this)


def detectable(
    base: float, of_arm: int, of_control: int, power: float = POWER, level: float = LEVEL
) -> float | None:
    """The least rise above a base share that is seen with this power, as a share of one; None where even a
    rise to everybody would not be."""
    if not 0 <= base < 1:
        raise ValueError(f"a base share lies between 0 and 1, not {base}")
    return _least(lambda rise: power_of(base, base + rise, of_arm, of_control, level), 1 - base, power)


def detectable_fall(
    base: float, of_arm: int, of_control: int, power: float = POWER, level: float = LEVEL
) -> float | None:
    """The least fall below a base share that is seen with this power; None where even a fall to nobody would
    not be."""
    if not 0 <= base <= 1:
        raise ValueError(f"a base share lies between 0 and 1, not {base}")
    return _least(lambda fall: power_of(base, base - fall, of_arm, of_control, level), base, power)


def _least(seen: Callable[[float], float], most: float, power: float) -> float | None:
    if seen(most) < power:
        return None
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        if seen(middle) < power:
            low = middle
        else:
            high = middle
    return high


def needed(base: float, rise: float, power: float = POWER, most: int = 10_000_000) -> int | None:
    """Customers in each of two like groups that see this rise with this power; None above `most`."""
    if rise <= 0 or base + rise > 1:
        return None
    low, high = 0, 1
    while power_of(base, base + rise, high, high) < power:
        low, high = high, 2 * high
        if high > most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if power_of(base, base + rise, middle, middle) < power:
            low = middle
        else:
            high = middle
    return high
