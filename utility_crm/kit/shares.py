"""How sure a share of counted things is: the one place that says it, for every room. Pure."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

LEVEL = 0.95


def z_of(level: float = LEVEL) -> float:
    """The two-sided normal quantile of a level: 1.96 of 95 %."""
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(count: float, of: float, level: float = LEVEL) -> tuple[float, float]:
    """(low, high) of the share count / of: the score interval (E. B. Wilson, JASA 22, 1927), good even near 0
    and 1 and for few; it holds the share. Counts need not be whole where customers count in parts. Raises
    ValueError where that is no share."""
    if not 0 <= count <= of or of < 1:
        raise ValueError(f"{count} of {of} is no share")
    z, share = z_of(level), count / of
    middle = share + z * z / (2 * of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, min(share, (middle - half) / scale)), min(1.0, max(share, (middle + half) / scale))
