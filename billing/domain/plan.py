"""What a tariff means for given days: which label each interval carries, which fixed lines, which taxes.

Compiled once for all customers who share the days. The days may be real (a bill) or mapped (an explanation's
mixtures, where one day's calendar, prices, fixed prices and taxes may come from different bills).

Lines are split by tariff version only where that changes the money: equal charge, label and price are one
line, unless the taxes upon them differ (EXPLAIN A5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.fixed import fixed_quantity
from billing.domain.charges.periods import PricedPeriod
from billing.domain.charges.tax import TaxCharge
from billing.domain.days import Period, day_kind
from billing.domain.demand_plan import DemandPlan, demand_plans, month_number
from billing.domain.energy_plan import Base, EnergyPlan, flat_plan, tiered_plan
from billing.domain.labels import Intervals, labelled
from billing.domain.money import Rounding
from billing.domain.tariff import Tariff, Version


@dataclass(frozen=True, eq=False)
class DayRules:
    """For each day, the rules that price it. All tuples are as long as ``days``.

    kinds: kind of day by the calendar of the tariff that prices energy. energy: its version and season.
    """

    days: tuple[date, ...]
    kinds: tuple[int, ...]
    energy: tuple[tuple[Version, str], ...]
    fixed: tuple[Version, ...]
    taxes: tuple[Version, ...]
    currency: str
    decimals: int
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class FixedPlan:
    group: int
    code: str
    label: str
    per: Literal["day", "month"]
    price_micro: int
    quantity: Fraction
    starts_on: date
    ends_before: date


@dataclass(frozen=True, slots=True)
class TaxRule:
    """A tax and, where its base is "everything before", the codes that stand after it in its version."""

    tax: TaxCharge
    not_in_base: frozenset[str]

    def takes(self, code: str) -> bool:
        base = self.tax.base
        return code in base if base is not None else code not in self.not_in_base


@dataclass(frozen=True, slots=True)
class TaxGroup:
    rules: tuple[TaxRule, ...]
    starts_on: date
    ends_before: date


@dataclass(frozen=True, eq=False)
class Plan:
    energy: tuple[EnergyPlan, ...]
    demand: tuple[DemandPlan, ...]
    fixed: tuple[FixedPlan, ...]
    groups: tuple[TaxGroup, ...]
    first_month: int
    order: dict[str, int]
    currency: str
    decimals: int
    rounding: Rounding


@lru_cache(maxsize=512)
def rules_of(tariff: Tariff, period: Period) -> DayRules:
    """The real days of a bill. Raises NotRateable where no version is in force."""
    days = tuple(period.dates())
    versions = tuple(tariff.version_on(day) for day in days)
    return DayRules(
        days,
        tuple(day_kind(day, tariff.holidays) for day in days),
        tuple((version, version.season_of(day)) for version, day in zip(versions, days, strict=True)),
        versions,
        versions,
        tariff.currency,
        tariff.decimals,
        tariff.rounding,
    )


def compile_plan(rules: DayRules, axis: Intervals, reading_minutes: int = 0) -> Plan:
    """reading_minutes: of the readings, where the axis cuts them finer."""
    tax_rules = {version: _tax_rules(version) for version in dict.fromkeys(rules.taxes)}
    distinct = list(dict.fromkeys(tax_rules.values()))
    group_of_day = [distinct.index(tax_rules[version]) for version in rules.taxes]
    groups = []
    for group, found in enumerate(distinct):
        held = [day for day, of_day in zip(rules.days, group_of_day, strict=True) if of_day == group]
        groups.append(TaxGroup(found, min(held), max(held) + timedelta(days=1)))
    priced = list(dict.fromkeys(version for version, _ in rules.energy))
    versions = list(dict.fromkeys((*priced, *rules.fixed, *rules.taxes)))
    return Plan(
        tuple(
            _energy_plan(code, priced, rules, group_of_day, axis)
            for code in dict.fromkeys(charge.code for version in priced for charge in version.energy)
        ),
        tuple(
            plan
            for code in dict.fromkeys(charge.code for version in priced for charge in version.demand)
            for plan in _demand_plans(code, priced, rules, group_of_day, axis, reading_minutes)
        ),
        _fixed_plans(rules, group_of_day),
        tuple(groups),
        month_number(rules.days[0]),
        _order(versions),
        rules.currency,
        rules.decimals,
        rules.rounding,
    )


def _tax_rules(version: Version) -> tuple[TaxRule, ...]:
    codes = [charge.code for charge in version.charges]
    return tuple(TaxRule(tax, frozenset(codes[codes.index(tax.code) :])) for tax in version.taxes)


def _order(versions: Sequence[Version]) -> dict[str, int]:
    """Place of each code on the bill: as in the first version; what a later one adds, by its neighbour."""
    codes: list[str] = []
    for version in versions:
        place = 0
        for charge in version.charges:
            if charge.code in codes:
                place = codes.index(charge.code) + 1
            else:
                codes.insert(place, charge.code)
                place += 1
    return {code: position for position, code in enumerate(codes)}


def _fixed_plans(rules: DayRules, group_of_day: Sequence[int]) -> tuple[FixedPlan, ...]:
    days_of: dict[tuple[int, str, str, Literal["day", "month"], int], list[date]] = {}
    for day, version, group in zip(rules.days, rules.fixed, group_of_day, strict=True):
        for charge in version.fixed:
            key = (group, charge.code, charge.label, charge.per, charge.price_micro)
            days_of.setdefault(key, []).append(day)
    return tuple(
        FixedPlan(*key, fixed_quantity(key[3], days), min(days), max(days) + timedelta(days=1))
        for key, days in days_of.items()
    )


def _energy_plan(
    code: str, versions: Sequence[Version], rules: DayRules, group_of_day: Sequence[int], axis: Intervals
) -> EnergyPlan:
    charge_of = {v: next((one for one in v.energy if one.code == code), None) for v in versions}
    labels = labelled(charge_of, rules.energy, rules.kinds, group_of_day, axis, _base)
    spans = labels.spans(rules.days)
    if all(charge is None or charge.tiers is None for charge in charge_of.values()):
        return flat_plan(code, spans, labels.base_of)
    charge_on = [charge_of[version] for version, _season in rules.energy]
    return tiered_plan(code, spans, labels.base_of, rules.days, charge_on, labels.offered_on, axis.day_index)


def _base(charge: EnergyCharge, period: PricedPeriod, group: int) -> Base:
    return (group, period.label, period.prices, charge.tiers)


def _demand_plans(
    code: str,
    versions: Sequence[Version],
    rules: DayRules,
    group_of_day: Sequence[int],
    axis: Intervals,
    reading_minutes: int,
) -> list[DemandPlan]:
    charge_of: dict[Version, DemandCharge | None] = {
        v: next((one for one in v.demand if one.code == code), None) for v in versions
    }
    return demand_plans(
        code, charge_of, rules.days, rules.energy, rules.kinds, group_of_day, axis, reading_minutes
    )
