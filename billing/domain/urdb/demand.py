"""Demand: the month's highest at any hour; the highest of each period, by month and hour; ratchets."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.domain.charges.power import PowerUnit
from billing.domain.reckoning.days import MONTH_NAMES
from billing.domain.urdb.energy import hours_of
from billing.domain.urdb.power import unit_of
from billing.domain.urdb.rate import Rate, six_decimals, whole
from billing.domain.urdb.schedules import Schedule, Seasons, read_months, read_schedule
from billing.domain.urdb.structures import Periods, UrdbTier, cost_of, read_structure
from billing.domain.urdb.windows import window_of

PAST_YEAR = 11
"""Months that are looked back upon where a rate names which ones count, but not how far back."""


@dataclass(frozen=True, slots=True)
class DemandTerms:
    """flat, periods and schedule: None where there is no such demand. ratchet: empty for none."""

    flat: Periods | None
    flat_months: tuple[int, ...]
    periods: Periods | None
    schedule: Schedule | None
    window: int
    ratchet: dict[str, Any]
    flat_unit: PowerUnit = "kW"
    unit: PowerUnit = "kW"

    def month(self, month: int) -> object:
        """What tells months apart."""
        flat = self.flat[self.flat_months[month]] if self.flat is not None else None
        return flat, self.schedule and self.schedule.month(month)

    def charges(self, seasons: Seasons) -> list[dict[str, Any]]:
        found = []
        if self.flat is not None:
            priced = [(name, self.flat[self.flat_months[month]]) for name, month in seasons.firsts()]
            periods = [
                {"label": "Demand", **({"seasons": [name]} if name else {}), **cost_of(tiers)}
                for name, tiers in priced
                if _costs(tiers)
            ]
            found += self._charge("flat-demand", periods, self.flat_unit)
        if self.periods is not None and self.schedule is not None:
            costs = {
                name: {
                    period: cost_of(self.periods[period])
                    for period in self.schedule.periods(month)
                    if _costs(self.periods[period])
                }
                for name, month in seasons.firsts()
            }
            labels = [f"Demand, period {n + 1}" for n in range(len(self.periods))]
            found += self._charge("demand", hours_of(self.schedule, seasons, costs, labels), self.unit)
        return found

    def _charge(self, code: str, periods: list[dict[str, Any]], unit: PowerUnit) -> list[dict[str, Any]]:
        if not periods:
            return []
        ratchet: dict[str, Any] = {"ratchet": self.ratchet} if self.ratchet else {}
        ratchet |= {} if unit == "kW" else {"unit": unit}
        return [{"kind": "demand", "code": code, "window": self.window, "periods": periods, **ratchet}]


def _costs(tiers: tuple[UrdbTier, ...]) -> bool:
    """A period that costs nothing is as good as none."""
    return any(tier.price for tier in tiers)


def read_demand(rate: Rate) -> DemandTerms:
    """Raises TariffRefused."""
    flat = periods = schedule = None
    flat_unit: PowerUnit = "kW"
    unit: PowerUnit = "kW"
    months: tuple[int, ...] = ()
    if rate.has("flatdemandstructure"):
        flat_unit = unit_of(rate, "flatdemandunit")
        flat = read_structure(rate, "flatdemandstructure", [flat_unit])
        months = read_months(rate, "flatdemandmonths", len(flat))
    elif rate.has("flatdemandmonths"):
        rate.refuse("flatdemandstructure", "is not given, though flatdemandmonths is")
    if rate.has("demandratestructure"):
        unit = unit_of(rate, "demandrateunit")
        periods = read_structure(rate, "demandratestructure", [unit])
        schedule = read_schedule(rate, "demand", len(periods))
    for name in ("demandweekdayschedule", "demandweekendschedule"):
        if rate.has(name) and periods is None:
            rate.refuse("demandratestructure", f"is not given, though {name} is")
    if flat is None and periods is None:
        return DemandTerms(None, (), None, None, 0, {})
    return DemandTerms(flat, months, periods, schedule, window_of(rate), _ratchet(rate), flat_unit, unit)


def _ratchet(rate: Rate) -> dict[str, Any]:
    """The share of an earlier month's demand that is billed at least."""
    share = rate.number("lookbackpercent")
    if not share:
        return {}
    if not 0 < share <= 1:
        rate.refuse("lookbackpercent", f"expected a share from 0 to 1, found {share}")
    back = whole(rate.values.get("lookbackrange", 0), rate.at("lookbackrange"))
    chosen = [False] * 12
    if rate.has("lookbackmonths"):
        chosen = [bool(whole(value, place)) for value, place in _flags(rate)]
    if back and any(chosen) and not all(chosen):
        rate.refuse("lookbackmonths", "lookbackrange is given as well; only one of them may be")
    if not back and not any(chosen):
        rate.refuse("lookbackpercent", "neither lookbackrange nor lookbackmonths says upon which months")
    if not 0 <= back <= 36:
        rate.refuse("lookbackrange", f"expected at most 36 months, found {back}")
    found: dict[str, Any] = {"percent": six_decimals(share * 100), "months": back or PAST_YEAR}
    if Decimal(found["percent"]) != (share * 100).quantize(Decimal("0.0001")):
        rate.refuse("lookbackpercent", "has more than four decimals of a per cent")
    if not back and not all(chosen):
        found["of"] = [name for name, counts in zip(MONTH_NAMES, chosen, strict=True) if counts]
    rate.note("lookbackpercent: holds for each label of demand by itself.")
    return found


def _flags(rate: Rate) -> list[tuple[Any, str]]:
    return [(int(v) if isinstance(v, bool) else v, place) for v, place in rate.items("lookbackmonths", 12)]
