"""Rules about how the energy was read: what was estimated, or is doubted.

That more than a day of a point is missing is told by drafting, which fills it.
"""

from __future__ import annotations

from billing.domain.gate.book import Limits
from billing.domain.gate.figures import Figures


def estimates(figures: Figures, limits: Limits) -> bool:
    """Too much of the period was not measured: by days, or by share."""
    if not figures.estimated_minutes:
        return False
    days = figures.estimated_minutes / 1440
    share = 100 * figures.estimated_minutes / figures.minutes
    return days > limits.number("estimates", "days") or share > limits.number("estimates", "percent")


def findings(figures: Figures, limits: Limits) -> bool:
    """Validation doubts readings of these days, and nobody has decided yet. A number of 0 asks for none."""
    bad, warn = (limits.number("findings", name) for name in ("bad", "warn"))
    return bool(bad and figures.findings_bad >= bad) or bool(warn and figures.findings_warn >= warn)
