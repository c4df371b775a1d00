"""How wide an interval must be while a campaign runs and somebody looks at it every day.

Whoever looks daily at 95 % intervals and believes the first that leaves zero out is wrong far more often than
in five of a hundred. Until the day that was set for looking, intervals are therefore wide enough for all the
looks before it together (repeated confidence intervals: Jennison, Turnbull, JRSS B 51, 1989), with the
boundary of O'Brien and Fleming (Biometrics 35, 1979): c / sqrt(t), t the part of the time that is over.
"""

from __future__ import annotations

from datetime import date
from math import sqrt
from statistics import NormalDist

EARLY_ERROR = 0.01
"""Of all the looks before the day together; the day itself keeps practically its own 5 %."""

_WIDEST = 8.0


def level_at(fraction: float) -> float | None:
    """The level of an interval that is looked at when this part of the time is over; None too early for any.

    A Brownian motion leaves ±c before time 1 with a chance of about 4 (1 - Φ(c)) (reflection)."""
    if fraction <= 0:
        return None
    boundary = NormalDist().inv_cdf(1 - EARLY_ERROR / 4) / sqrt(min(1.0, fraction))
    return None if boundary > _WIDEST else 2 * NormalDist().cdf(boundary) - 1


def each_of(level: float, many: int) -> float:
    """The level of each of several intervals that are to hold all at once (Bonferroni: Dunn, Journal of the
    American Statistical Association 56, 1961): of three looked at side by side one would else be clear of
    nothing in fourteen of a hundred."""
    return 1 - (1 - level) / max(1, many)


def part_over(began: date, decides_on: date, today: date) -> float:
    """Which part of the time from the draw to the day for looking is over, at most 1."""
    whole = (decides_on - began).days
    return min(1.0, (today - began).days / whole) if whole > 0 else 1.0
