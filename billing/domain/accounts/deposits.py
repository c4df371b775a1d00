"""Interest on money kept as security."""

from __future__ import annotations

from datetime import date

from billing.domain.money import MICRO, Rounding, div_round


def simple_interest(amount_minor: int, interest_ppm: int, starts_on: date, ends_before: date) -> int:
    """Minor units: amount x rate a year x actual days of 365, rounded once, half away from zero."""
    days = max((ends_before - starts_on).days, 0)
    return div_round(amount_minor * interest_ppm * days, MICRO * 365, Rounding.HALF_UP)
