"""What a person let through, and whether a draft is still that."""

from __future__ import annotations

from collections.abc import Collection

from billing.domain.gate.book import Limits
from billing.domain.gate.figures import Figures


def covers(
    released: Figures, of: Collection[str], now: Figures, found: Collection[str], limits: Limits
) -> bool:
    """Whether a release of `released`, held for the reasons `of`, still holds for what is found now.

    It does not where a reason is new, more is missing or doubted, more days went unbilled, or the total is
    another by more than the threshold and a minor unit. Fewer reasons, and less that is missing, are covered.
    """
    if not set(found) <= set(of):
        return False
    more = ("missing_minutes", "estimated_minutes", "unbilled_days", "findings_bad", "findings_warn")
    if any(getattr(now, name) > getattr(released, name) for name in more):
        return False
    allowed = max(1.0, abs(released.total_minor) * limits.number("release", "percent") / 100)
    return abs(now.total_minor - released.total_minor) <= allowed
