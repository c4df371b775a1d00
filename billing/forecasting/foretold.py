"""What is told of an account's next bill, or why it cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from billing.domain.explanation.weather.parting import WeatherFit
from billing.domain.reckoning.days import Period


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of the bill. minor: what they add to it; of what is to come, all that the whole bill has beyond
    what is read."""

    period: Period
    micro_kwh: int
    minor: int

    @property
    def last_on(self) -> date:
        return self.period.ends_before - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One supply on one tariff."""

    service_point: str
    tariff: str
    period: Period
    micro_kwh: int
    minor: int


@dataclass(frozen=True, slots=True)
class HowFarOff:
    """known_from: the customer's own earlier forecasts, or those of others like them. tests: how many of
    their own, of which `apart` share no day."""

    known_from: str
    tests: int = 0
    apart: int = 0


@dataclass(frozen=True, slots=True)
class NextBill:
    """Amounts in minor units, energy in micro-kWh. low, high: None where it is not known how far off it
    may be; equal to the middle where all is measured. level: percent of next bills that lie between them.

    final: supply ends with it. weather: a fit by which what is to come was adjusted, the weaker where
    there are several. carried_minor: of a fixed amount's difference. Of the days read: estimated_readings,
    said to be or filled; missing_readings, that did not come; filled_readings, of these; days_not_measured,
    with one of either.
    """

    ahead: Period
    currency: str
    minor: int
    low_minor: int | None
    high_minor: int | None
    micro_kwh: int
    low_micro_kwh: int | None
    high_micro_kwh: int | None
    level: int
    so_far: Stretch | None
    to_come: Stretch | None
    parts: tuple[Part, ...]
    final: bool
    year_ago: bool
    weather: WeatherFit | None
    how_far_off: HowFarOff | None
    carried_minor: int
    estimated_readings: int
    missing_readings: int
    filled_readings: int
    days_not_measured: int

    @property
    def is_measured(self) -> bool:
        """Nothing is to come, and nothing of it is missing or estimated."""
        return self.to_come is None and not self.days_not_measured

    @property
    def is_between(self) -> bool:
        """Whether it is known between which amounts it lies, and they differ."""
        return self.low_minor is not None and self.low_minor != self.high_minor

    @property
    def last_on(self) -> date:
        return self.ahead.ends_before - timedelta(days=1)

    @property
    def changes(self) -> tuple[Part, ...]:
        """Parts that begin inside the bill because the tariff changes."""
        points = {part.service_point for part in self.parts}
        first = {
            point: min(part.period.starts_on for part in self.parts if part.service_point == point)
            for point in points
        }
        return tuple(part for part in self.parts if part.period.starts_on != first[part.service_point])


@dataclass(frozen=True, slots=True)
class Untold:
    """Why it cannot be told: nothing_supplied, no_readings, by_dials, no_place, too_little_read,
    no_prices, looks_back, export, reactive or not_rateable. on: the last day of supply, or the first day
    without a price."""

    reason: str
    on: date | None = None
