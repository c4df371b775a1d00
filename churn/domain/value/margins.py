"""What is left of a bill when purchase and network are paid: the plain reading, a bill at a time.

`churn.value.margins` says the same in one statement for everybody; a test on the server holds the two
together. A bill's energy counts as used evenly over its days: costs are by the day, bills by the cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from billing.domain.money import MICRO, Rounding, div_round

KINDS = ("purchase", "network_kwh", "network_day", "other_day")
"""A kWh bought; a kWh through the network; a day at the network; anything else a day."""
BY_KWH = ("purchase", "network_kwh")
NEEDED = ("purchase", "network_kwh", "network_day")
"""Without one of them nothing is known of a day; `other_day` is nothing where nobody brought it."""
NOT_EARNED = ("tax", "fee", "budget")
"""Lines that are no revenue of supply: what is passed on to the state, what a reminder costs, and what a
fixed amount carries over to the settlement."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a cost is of. Empty tariff, segment or area: of every one."""

    fuel: str = "electricity"
    tariff: str = ""
    segment: str = ""
    area: str = ""

    def holds(self, other: Scope) -> bool:
        """Whether a cost of this scope is one of `other`, which names everything."""
        return (
            self.fuel == other.fuel
            and self.tariff in ("", other.tariff)
            and self.segment in ("", other.segment)
            and self.area in ("", other.area)
        )

    @property
    def narrowness(self) -> tuple[bool, bool, bool]:
        """A tariff is narrower than a segment, a segment than an area."""
        return (self.tariff != "", self.segment != "", self.area != "")


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost from a day on, until the next of its kind and scope. price_micro: millionths of the currency
    unit, a kWh or a day."""

    kind: str
    valid_from: date
    price_micro: int
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True)
class Supplied:
    """A part of a bill: one agreement, from `starts_on` until before `ends_before`, and what was used."""

    scope: Scope
    starts_on: date
    ends_before: date
    micro_kwh: int | Fraction

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days


@dataclass(frozen=True, slots=True)
class Margin:
    """Of a bill, or of several: revenue and cost in minor units, and of how many days the cost is not known.
    cost_minor is None where it is not known of a day."""

    revenue_minor: int
    cost_minor: int | None
    unknown_days: int = 0

    @property
    def margin_minor(self) -> int | None:
        return None if self.cost_minor is None else self.revenue_minor - self.cost_minor

    def __add__(self, other: Margin) -> Margin:
        both = self.cost_minor is not None and other.cost_minor is not None
        cost = self.cost_minor + other.cost_minor if both else None  # type: ignore[operator]
        return Margin(self.revenue_minor + other.revenue_minor, cost, self.unknown_days + other.unknown_days)


def price_of(costs: Iterable[Cost], kind: str, scope: Scope, day: date) -> int | None:
    """The cost of a kind on a day: of the narrowest scope the newest that has begun; None where none is
    known."""
    found = [one for one in costs if one.kind == kind and one.valid_from <= day and one.scope.holds(scope)]
    if not found:
        return None
    return max(found, key=lambda one: (one.scope.narrowness, one.valid_from)).price_micro


def shared_out(micro_kwh: int, weights: Sequence[int], days: Sequence[int]) -> list[Fraction]:
    """A bill's energy by the energy that its lines charge to each agreement; by days where they charge
    none."""
    by = weights if sum(weights) else days
    return [Fraction(micro_kwh * one, sum(by)) for one in by]


def margin_of(revenue_minor: int, parts: Iterable[Supplied], costs: Sequence[Cost], decimals: int) -> Margin:
    """The margin of a bill: rounded once, half away from zero. A bill of no agreement has none."""
    parts = tuple(parts)
    if not parts:
        return Margin(revenue_minor, None)
    whole, unknown = Fraction(0), 0
    for part in parts:
        for place in range(part.days):
            day = part.starts_on + timedelta(days=place)
            prices = {kind: price_of(costs, kind, part.scope, day) for kind in KINDS}
            if any(prices[kind] is None for kind in NEEDED):
                unknown += 1
                continue
            by_kwh = sum(prices[kind] or 0 for kind in BY_KWH)
            by_day = sum(prices[kind] or 0 for kind in KINDS if kind not in BY_KWH)
            whole += Fraction(part.micro_kwh) * by_kwh / (part.days * MICRO) + by_day
    if unknown:
        return Margin(revenue_minor, None, unknown)
    minor = whole / 10 ** (6 - decimals)
    return Margin(revenue_minor, div_round(minor.numerator, minor.denominator, Rounding.HALF_UP))
