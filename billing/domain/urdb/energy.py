"""Energy: periods by month and hour, tiers in four units, how these fill, fuel adjustments by month."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.domain.urdb.rate import Rate, number, six_decimals
from billing.domain.urdb.schedules import Schedule, Seasons, read_schedule, spans_of
from billing.domain.urdb.structures import Periods, cost_of, ends_of, read_structure
from billing.domain.urdb.windows import window_of

UNITS = {
    "kWh": "kWh",
    "kWh daily": "kWh a day",
    "kWh/kW": "kWh per kW",
    "kWh/kW daily": "kWh per kW a day",
}
"""Of the ends of tiers, in the database's words and in ours."""
FILLS = {
    "": "proportion",
    "Net Metering": "proportion",
    "Net Billing Instantaneous": "time",
    "Net Billing Hourly": "time",
    "Buy All Sell All": "time",
}
"""How tiers fill under each rule for generation, as SAM's Utilityrate5 does (EXPLAIN A6)."""


PAYS = ("Net Billing Instantaneous", "Net Billing Hourly", "Buy All Sell All")
"""Rules under which `sell` is what a kWh given back brings."""


@dataclass(frozen=True, slots=True)
class EnergyTerms:
    """structure, schedule: None where energy has no price. fuel: of each month, all zero for none. rule:
    dgrules, empty where it is not given."""

    structure: Periods | None
    schedule: Schedule | None
    fill: str
    window: int
    fuel: tuple[Decimal, ...]
    rule: str = ""

    def month(self, month: int) -> object:
        """What tells months apart."""
        return self.schedule and self.schedule.month(month), self.fuel[month]

    def charges(self, seasons: Seasons) -> list[dict[str, Any]]:
        found = []
        if self.structure is not None and self.schedule is not None:
            periods = hours_of(self.schedule, seasons, self._costs(seasons), self._labels())
            charge: dict[str, Any] = {"kind": "energy", "code": "energy", "periods": periods}
            if any("tiers" in period for period in periods):
                unit = UNITS[next(tiers[0].unit for tiers in self.structure if len(tiers) > 1)]
                charge["tiers"] = {"by": "month", "unit": unit, "fill": self.fill}
                if "per kW" in unit:
                    charge["tiers"]["window"] = self.window
            if self.rule == "Net Metering" and not self.window:
                charge["net"] = {"by": "month"}
            found.append(charge)
            if self.rule in PAYS and any(tiers[0].sell for tiers in self.structure):
                found.append(self._export(self.structure, self.schedule, seasons))
        if any(self.fuel):
            fuel = [
                {"label": "Fuel adjustment", "price": six_decimals(self.fuel[month])}
                | ({"seasons": [name]} if name else {})
                for name, month in seasons.firsts()
            ]
            found.append({"kind": "energy", "code": "fuel", "periods": fuel})
        return found

    def _export(self, structure: Periods, schedule: Schedule, seasons: Seasons) -> dict[str, Any]:
        """What is given back, by period; hours that bring nothing are left out."""
        paid = {
            number: {"price": six_decimals(tiers[0].sell)}
            for number, tiers in enumerate(structure)
            if tiers[0].sell
        }
        costs = {name: paid for name, _month in seasons.firsts()}
        labels = [f"Given back: {label}" for label in self._labels()]
        charge: dict[str, Any] = {"kind": "export", "code": "export"}
        charge["periods"] = hours_of(schedule, seasons, costs, labels)
        return charge | ({"netting": "interval"} if self.rule == "Net Billing Hourly" else {})

    def _labels(self) -> list[str]:
        assert self.structure is not None, "only where there are periods"
        many = len(self.structure) > 1
        return [f"Energy, period {n + 1}" if many else "Energy" for n in range(len(self.structure))]

    def _costs(self, seasons: Seasons) -> dict[str, dict[int, dict[str, Any]]]:
        """Of each season, what each of its periods costs; all have the same ends."""
        assert self.structure is not None, "only where there are periods"
        assert self.schedule is not None, "only where there are periods"
        found = {}
        for name, month in seasons.firsts():
            mine = self.schedule.periods(month)
            ends = max((ends_of(self.structure[period]) for period in mine), key=len)
            found[name] = {period: cost_of(self.structure[period], ends) for period in mine}
        return found


def read_energy(rate: Rate) -> EnergyTerms:
    """Raises TariffRefused."""
    rule = rate.one_of("dgrules", [word for word in FILLS if word])
    fill = FILLS[rule]
    fuel = tuple(Decimal(0) for _ in range(12))
    if rate.has("fueladjustmentsmonthly"):
        fuel = tuple(number(value, place) for value, place in rate.items("fueladjustmentsmonthly", 12))
    if not rate.has("energyratestructure"):
        for name in ("energyweekdayschedule", "energyweekendschedule"):
            if rate.has(name):
                rate.refuse("energyratestructure", f"is not given, though {name} is")
        return EnergyTerms(None, None, fill, 0, fuel)
    structure = read_structure(rate, "energyratestructure", list(UNITS))
    schedule = read_schedule(rate, "energy", len(structure))
    tiered = [tiers for tiers in structure if len(tiers) > 1]
    units = {tier.unit for tiers in tiered for tier in tiers}
    if len(units) > 1:
        rate.refuse(
            "energyratestructure", f"its tiers end in {' and in '.join(sorted(units))}, not in one unit"
        )
    for month in range(12):
        _check_ends(rate, structure, schedule, month)
    window = window_of(rate) if any("/kW" in unit for unit in units) else 0
    _check_sell(rate, structure, rule)
    _note_rule(rate, structure, rule, window)
    return EnergyTerms(structure, schedule, fill, window, fuel, rule)


def _check_sell(rate: Rate, structure: Periods, rule: str) -> None:
    """Refuses prices for energy given back that the rule has no place for, or that go by the tier."""
    for period, tiers in enumerate(structure):
        for place, tier in enumerate(tiers):
            where = f"energyratestructure[{period}][{place}].sell"
            if tier.sell and rule not in PAYS:
                said = f"under {rule}" if rule else "without dgrules"
                rate.refuse(where, f"is not given a meaning {said}: energy given back is not paid for there")
            if tier.sell != tiers[0].sell:
                rate.refuse(where, "another tier of the period pays otherwise; export has no tiers")


def _note_rule(rate: Rate, structure: Periods, rule: str, window: int) -> None:
    where = rate.at("dgrules")
    if rule == "Net Metering" and window:
        rate.note(f"{where}: with tiers by the kW, energy given back is not taken off.")
    elif rule == "Net Metering":
        rate.note(f"{where}: energy given back is taken off by the period; credit in kWh has no end.")
    elif rule == "Net Billing Hourly" and any(tiers[0].sell for tiers in structure):
        rate.note(f"{where}: set off within each interval of the readings, which are to be of an hour.")


def _check_ends(rate: Rate, structure: Periods, schedule: Schedule, month: int) -> None:
    """All periods of a month fill the same tiers."""
    ends = {ends_of(structure[period]): period for period in schedule.periods(month)}
    ends.pop((), None)
    if len(ends) > 1:
        first, second = sorted(ends.values())[:2]
        rate.refuse(
            f"energyratestructure[{second}]",
            f"its tiers end elsewhere than those of period {first} in the same month; they fill together",
        )


def hours_of(
    schedule: Schedule, seasons: Seasons, costs: dict[str, dict[int, dict[str, Any]]], labels: list[str]
) -> list[dict[str, Any]]:
    """Periods as a tariff file writes them; those without a cost are left out."""
    found = []
    for name, month in seasons.firsts():
        weekday, weekend = schedule.month(month)
        days = [("weekday", weekday), ("weekend", weekend)] if weekday != weekend else [("", weekday)]
        for kind, row in days:
            for period in dict.fromkeys(row):
                if period in costs[name]:
                    when: dict[str, Any] = {"seasons": [name]} if name else {}
                    when |= {"days": [kind]} if kind else {}
                    when |= {"hours": spans_of(row, period)} if len(set(row)) > 1 else {}
                    found.append({"label": labels[period], **when, **costs[name][period]})
    return found
