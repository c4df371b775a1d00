"""Rules about how much was used, against the same season, the month before and the weather.

The weather's part is bounded, not fitted: a house may need its energy for nothing but warmth, or for anything
but. Between the two lies what an earlier bill leads us to expect; only what lies beyond by more than the
threshold is a jump. A fit of the household's own days is the explanation's affair, not the gate's.
"""

from __future__ import annotations

from billing.domain.gate.book import Limits
from billing.domain.gate.figures import Earlier, Figures

OTHER_USE = 5.0
"""Degree days a day that stand for what has nothing to do with the weather, even in a house that is heated by
this energy: so a mild month does not make the ratio of two months endless."""
HEATED_BELOW, COOLED_ABOVE = 15.5, 22.0
"""Degrees Celsius. 15.5 is the base temperature of British degree days (CIBSE TM41)."""


def warmth_of(celsius: float) -> float:
    """Degree days of a day of this mean temperature, for warmth and for cold together."""
    return max(0.0, HEATED_BELOW - celsius) + max(0.0, celsius - COOLED_ABOVE)


def expected_kwh_a_day(figures: Figures, earlier: Earlier) -> tuple[float, float]:
    """What an earlier bill leads us to expect a day: least and most, whether the weather matters or not."""
    usual = earlier.kwh_a_day
    if figures.warmth is None or earlier.warmth is None:
        return usual, usual
    moved = usual * (OTHER_USE + figures.warmth) / (OTHER_USE + earlier.warmth)
    return min(usual, moved), max(usual, moved)


def jump_up(figures: Figures, limits: Limits) -> bool:
    """More by a threshold than each of the earlier bills leads us to expect."""
    percent, floor = limits.number("jump_up", "percent"), limits.number("jump_up", "floor_kwh")
    most = [expected_kwh_a_day(figures, one)[1] for one in figures.earlier]
    now = figures.kwh_a_day
    return bool(most) and all(now > (1 + percent / 100) * one and now - one > floor for one in most)


def jump_down(figures: Figures, limits: Limits) -> bool:
    """Less by a threshold than each of the earlier bills leads us to expect."""
    percent, floor = limits.number("jump_down", "percent"), limits.number("jump_down", "floor_kwh")
    least = [expected_kwh_a_day(figures, one)[0] for one in figures.earlier]
    now = figures.kwh_a_day
    return bool(least) and all(now < (1 - percent / 100) * one and one - now > floor for one in least)


def zero_use(figures: Figures, limits: Limits) -> bool:
    """Nothing, where there was use before."""
    floor = limits.number("zero_use", "floor_kwh")
    return figures.micro_kwh == 0 and any(one.kwh_a_day > floor for one in figures.earlier)
