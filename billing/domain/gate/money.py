"""Rules about the bill itself: what it comes to, and whether there is one for every period."""

from __future__ import annotations

from billing.domain.gate.book import Limits
from billing.domain.gate.figures import Figures


def negative(figures: Figures, limits: Limits) -> bool:
    """A bill by which the customer would be owed money."""
    return figures.total_minor < limits.number("negative", "below_minor")


def missing_cycle(figures: Figures, limits: Limits) -> bool:
    """Days of supply before these were never billed, though the account has been billed before."""
    return figures.unbilled_days >= limits.number("missing_cycle", "days")


def too_old(figures: Figures, limits: Limits) -> bool:
    """Days used so long ago that the law lets nobody charge them: what they cost is lost by this bill."""
    return figures.too_old_days >= limits.number("too_old", "days")
