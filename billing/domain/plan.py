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

import numpy as np
import numpy.typing as npt

from billing.domain.charges.energy import NO_PERIOD, EnergyCharge, minute_table
from billing.domain.charges.fixed import fixed_quantity
from billing.domain.charges.tax import TaxCharge
from billing.domain.days import Period, day_kind
from billing.domain.energy_plan import Base, EnergyPlan, flat_plan, tiered_plan
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
    fixed: tuple[FixedPlan, ...]
    groups: tuple[TaxGroup, ...]
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


def compile_plan(
    rules: DayRules, day_index: npt.NDArray[np.integer], clock_minute: npt.NDArray[np.integer]
) -> Plan:
    """day_index, clock_minute: (intervals,), see Axis."""
    tax_rules = {version: _tax_rules(version) for version in dict.fromkeys(rules.taxes)}
    distinct = list(dict.fromkeys(tax_rules.values()))
    group_of_day = [distinct.index(tax_rules[version]) for version in rules.taxes]
    groups = []
    for group, found in enumerate(distinct):
        held = [day for day, of_day in zip(rules.days, group_of_day, strict=True) if of_day == group]
        groups.append(TaxGroup(found, min(held), max(held) + timedelta(days=1)))
    versions = dict.fromkeys((*(version for version, _ in rules.energy), *rules.fixed, *rules.taxes))
    codes = dict.fromkeys(charge.code for version in versions for charge in version.energy)
    return Plan(
        tuple(_energy_plan(code, rules, group_of_day, day_index, clock_minute) for code in codes),
        _fixed_plans(rules, group_of_day),
        tuple(groups),
        _order(list(versions)),
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
    code: str,
    rules: DayRules,
    group_of_day: Sequence[int],
    day_index: npt.NDArray[np.integer],
    clock_minute: npt.NDArray[np.integer],
) -> EnergyPlan:
    spans: dict[Base, list[date]] = {}
    charges = {version: _charge(version, code) for version in dict.fromkeys(v for v, _ in rules.energy)}
    classes: dict[tuple[int, Version, str, int], int] = {}
    class_of_day = np.empty(len(rules.days), dtype=np.int32)
    offered: dict[tuple[int, Version, str], tuple[Base, ...]] = {}
    for index, (day, kind, (version, season), group) in enumerate(
        zip(rules.days, rules.kinds, rules.energy, group_of_day, strict=True)
    ):
        class_of_day[index] = classes.setdefault((group, version, season, kind), len(classes))
        sort = (group, version, season)
        if sort not in offered:
            offered[sort] = _offer(charges[version], group, season)
        for base in offered[sort]:
            spans.setdefault(base, []).append(day)
    numbers = {base: number for number, base in enumerate(spans)}
    tables = np.stack(
        [
            _base_table(charges[version], group, season, kind, numbers)
            for group, version, season, kind in classes
        ]
    )
    base_of = tables[class_of_day[day_index], clock_minute]
    if all(charge is None or charge.tiers is None for charge in charges.values()):
        return flat_plan(code, spans, base_of)
    offered_on = [offered[group, *sort] for group, sort in zip(group_of_day, rules.energy, strict=True)]
    charge_on = [charges[version] for version, _season in rules.energy]
    return tiered_plan(code, spans, base_of, rules.days, charge_on, offered_on, day_index)


def _charge(version: Version, code: str) -> EnergyCharge | None:
    return next((charge for charge in version.energy if charge.code == code), None)


def _offer(charge: EnergyCharge | None, group: int, season: str) -> tuple[Base, ...]:
    if charge is None:
        return ()
    found = (
        (group, period.label, period.prices, charge.tiers)
        for period in charge.periods
        if period.covers(season)
    )
    return tuple(dict.fromkeys(found))


def _base_table(
    charge: EnergyCharge | None, group: int, season: str, kind: int, numbers: dict[Base, int]
) -> npt.NDArray[np.int16]:
    if charge is None:
        return np.full(1440, -1, dtype=np.int16)
    # One place more than there are periods: NO_PERIOD (-1) reads the last.
    number_of = np.full(len(charge.periods) + 1, NO_PERIOD, dtype=np.int16)
    for index, period in enumerate(charge.periods):
        number_of[index] = numbers.get((group, period.label, period.prices, charge.tiers), NO_PERIOD)
    return number_of[minute_table(charge, season, kind)]
