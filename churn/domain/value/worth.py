"""What a customer is expected to bring, and how much of it is at stake.

The chance of leaving within 90 days is taken as a hazard that stays as it is: who is still here after 90 days
leaves in the next 90 with the same chance. Margins come in the middle of each month and are discounted.
"""

from __future__ import annotations

from dataclasses import dataclass

from churn.domain.label import HORIZON_DAYS

MONTH_DAYS = 365.25 / 12
PERIODS_A_MONTH = MONTH_DAYS / HORIZON_DAYS


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far is looked: so many months, and by how many percent a year later money counts for less."""

    months: int = 24
    discount_percent: float = 8.0

    def weights(self) -> list[float]:
        """What a unit of each month counts today."""
        yearly = 1 + self.discount_percent / 100
        return [yearly ** (-(month + 0.5) / 12) for month in range(self.months)]

    def middles(self) -> list[float]:
        """The middle of each month, in periods of 90 days from now."""
        return [(month + 0.5) * PERIODS_A_MONTH for month in range(self.months)]


def survival(chance: float, periods: float, fewer: float = 0.0) -> float:
    """The chance to be still here after so many periods of 90 days; `fewer`: by how much the chance of
    leaving is less in the first of them alone."""
    first = min(1.0, max(0.0, 1.0 - chance + fewer))
    if periods <= 1.0:
        return float(first**periods)
    return float(first * max(0.0, 1.0 - chance) ** (periods - 1.0))


def months_expected(chance: float, horizon: Horizon, fewer: float = 0.0) -> float:
    """Discounted months that a customer is expected to stay, of those of the horizon."""
    middles = zip(horizon.weights(), horizon.middles(), strict=True)
    return sum(weight * survival(chance, periods, fewer) for weight, periods in middles)


def months_at_risk(chance: float, horizon: Horizon) -> float:
    """Discounted months of the horizon that are expected to be lost by leaving."""
    return sum(horizon.weights()) - months_expected(chance, horizon)


def worth_minor(month_minor: float, chance: float, horizon: Horizon) -> int:
    """The expected margin of the horizon (customer lifetime value)."""
    return round(month_minor * months_expected(chance, horizon))


def at_stake_minor(month_minor: float, chance: float, horizon: Horizon) -> int:
    """Margin x months at risk; nothing where they cost more than they bring."""
    return round(max(0.0, month_minor) * months_at_risk(chance, horizon))


def saved_minor(
    month_minor: float, chance: float, relative: float, horizon: Horizon, cost_minor: float
) -> int:
    """What an offer is expected to keep, less what it costs: the chance of the first 90 days, in which its
    effect was measured, falls by the share `relative` (negative: rises), later ones stay as they are."""
    fewer = chance * min(1.0, relative)
    more = months_expected(chance, horizon, fewer) - months_expected(chance, horizon)
    return round(month_minor * more - cost_minor)
