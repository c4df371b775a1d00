"""What a tariff means for given days: which label each interval carries, which fixed lines, what adjusts
them.

Compiled once for all customers who share the days. The days may be real (a bill) or mapped (an explanation's
mixtures, where one day's calendar, prices, fixed prices, discounts and taxes may come from different bills).

Lines are split by tariff version only where that changes the money: equal charge, label and price are one
line, unless what adjusts them differs (EXPLAIN A5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

from billing.domain.accounts.adjusting import Frame, Group, groups_of, order_of
from billing.domain.charges.demand import DemandCharge
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.fixed import FixedCharge, fixed_quantity
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.periods import PricedPeriod
from billing.domain.money import Rounding
from billing.domain.plans.capacity import CapacityPlan, capacity_plans
from billing.domain.plans.demand import DemandPlan, Lengths, demand_plans
from billing.domain.plans.dynamic import DynamicPlan, dynamic_plan
from billing.domain.plans.energy import Base, EnergyPlan, flat_plan, tiered_plan
from billing.domain.plans.export import NO_EXPORT, ExportPlan, export_plan
from billing.domain.plans.net import NetPlan, net_plan
from billing.domain.plans.reactive import ReactivePlan, reactive_plan
from billing.domain.plans.volume import VolumePlan, volume_plan
from billing.domain.reckoning.days import Period, day_kind
from billing.domain.reckoning.volume import VOLUME_CODE, Volume
from billing.domain.tariffs.labels import Intervals, labelled
from billing.domain.tariffs.price_series import PriceSeries
from billing.domain.tariffs.tariff import Tariff, Version


@dataclass(frozen=True, eq=False)
class DayRules:
    """For each day, the rules that price it. All tuples are as long as ``days``.

    kinds: kind of day by the calendar of the tariff that prices energy. energy: its version and season, for
    demand too. fixed: for minimums too. others: versions of other days
    that have a minimum by the year. closes: the year whose last bill this is, None for none.
    """

    days: tuple[date, ...]
    kinds: tuple[int, ...]
    energy: tuple[tuple[Version, str], ...]
    fixed: tuple[Version, ...]
    discounts: tuple[Version, ...]
    taxes: tuple[Version, ...]
    closes: int | None
    currency: str
    decimals: int
    rounding: Rounding
    prices: tuple[PriceSeries, ...] = ()
    volume: Volume | None = None
    others: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedPlan:
    """quantity: days, months or years."""

    group: int
    charge: FixedCharge
    quantity: Fraction
    starts_on: date
    ends_before: date


@dataclass(frozen=True, eq=False)
class Plan:
    energy: tuple[EnergyPlan, ...]
    demand: tuple[DemandPlan, ...]
    fixed: tuple[FixedPlan, ...]
    groups: tuple[Group, ...]
    days: tuple[date, ...]
    order: dict[str, int]
    frame: Frame
    dynamic: tuple[DynamicPlan, ...] = ()
    capacity: tuple[CapacityPlan, ...] = ()
    net: tuple[NetPlan, ...] = ()
    export: ExportPlan = NO_EXPORT
    volume: VolumePlan | None = None
    reactive: tuple[ReactivePlan, ...] = ()

    @property
    def has_tiers(self) -> bool:
        return any(found.tiers for found in self.energy)

    @property
    def depends_on_demand(self) -> bool:
        return bool(self.demand or self.capacity) or any(
            found.tiers and found.tiers.drawn for found in self.energy
        )


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
        versions,
        next((day.year for day in reversed(days) if (day.month, day.day) == (12, 31)), None),
        tariff.currency,
        tariff.decimals,
        tariff.rounding,
        tariff.prices,
        tariff.volume,
        tuple(
            version
            for version in tariff.versions
            if version not in versions and any(one.per == "year" for one in version.minimums)
        ),
    )


def _dropped(rules: DayRules, groups: Sequence[Group]) -> tuple[MinimumCharge, ...]:
    """Minimums by the year of other days alone, each as it was last."""
    own = {rule.charge.code for group in groups for rule in group.rules}
    found = {one.code: one for version in rules.others for one in version.minimums if one.per == "year"}
    return tuple(one for code, one in found.items() if code not in own)


def compile_plan(
    rules: DayRules, axis: Intervals, reading_minutes: int = 0, reactive_minutes: int = 0
) -> Plan:
    """reading_minutes: of the readings, where the axis cuts them finer. reactive_minutes: of the readings of
    reactive energy, where power is measured of them too."""
    lengths = Lengths(reading_minutes, reactive_minutes)
    groups, group_of_day = groups_of(rules.days, rules.discounts, rules.fixed, rules.taxes)
    priced = list(dict.fromkeys(version for version, _ in rules.energy))
    versions = list(dict.fromkeys((*priced, *rules.fixed, *rules.discounts, *rules.taxes)))
    unit = "kWh" if rules.volume is None else rules.volume.unit
    return Plan(
        tuple(
            _energy_plan(code, priced, rules, group_of_day, axis, reading_minutes)
            for code in dict.fromkeys(one.code for version in priced for one in version.energy if not one.net)
        ),
        tuple(
            plan
            for code in dict.fromkeys(charge.code for version in priced for charge in version.demand)
            for plan in _demand_plans(code, priced, rules, group_of_day, axis, lengths)
        ),
        _fixed_plans(rules, group_of_day),
        tuple(groups),
        rules.days,
        {VOLUME_CODE: -1, **order_of((*versions, *rules.others))},
        Frame(
            rules.currency,
            rules.decimals,
            rules.rounding,
            rules.closes,
            unit,
            dropped=_dropped(rules, groups),
        ),
        tuple(
            _dynamic_plan(code, rules, group_of_day, axis)
            for code in dict.fromkeys(charge.code for version in priced for charge in version.dynamic)
        ),
        tuple(
            plan
            for code in dict.fromkeys(charge.code for version in priced for charge in version.capacity)
            for plan in _capacity_plans(code, rules, group_of_day, axis, lengths)
        ),
        tuple(
            _net_plan(code, priced, rules, group_of_day, axis)
            for code in dict.fromkeys(one.code for version in priced for one in version.energy if one.net)
        ),
        export_plan(rules.days, rules.energy, rules.kinds, group_of_day, rules.prices, axis),
        volume_plan(rules.volume, rules.days, axis),
        tuple(
            _reactive_plan(code, rules, group_of_day, axis)
            for code in dict.fromkeys(charge.code for version in priced for charge in version.reactive)
        ),
    )


def _reactive_plan(code: str, rules: DayRules, group_of_day: Sequence[int], axis: Intervals) -> ReactivePlan:
    charge_on = [next((c for c in version.reactive if c.code == code), None) for version, _ in rules.energy]
    return reactive_plan(code, charge_on, rules.days, group_of_day, axis)


def _net_plan(
    code: str, versions: Sequence[Version], rules: DayRules, group_of_day: Sequence[int], axis: Intervals
) -> NetPlan:
    charge_of = {v: next((one for one in v.energy if one.code == code), None) for v in versions}
    labels = labelled(charge_of, rules.energy, rules.kinds, group_of_day, axis, _base)
    charge_on = [charge_of[version] for version, _season in rules.energy]
    offered = labels.offered_on
    energy = tiered_plan(
        code, labels.spans(rules.days), labels.base_of, rules.days, charge_on, offered, axis, 0
    )
    return net_plan(energy, labels.bases, rules.days, charge_on, rules.energy, offered, group_of_day, axis)


def _capacity_plans(
    code: str, rules: DayRules, group_of_day: Sequence[int], axis: Intervals, lengths: Lengths
) -> list[CapacityPlan]:
    charge_on = [next((c for c in version.capacity if c.code == code), None) for version, _ in rules.energy]
    return capacity_plans(code, charge_on, rules.days, rules.kinds, group_of_day, axis, lengths)


def _dynamic_plan(code: str, rules: DayRules, group_of_day: Sequence[int], axis: Intervals) -> DynamicPlan:
    charge_on = [next((c for c in version.dynamic if c.code == code), None) for version, _ in rules.energy]
    prices = {series.name: series for series in rules.prices}
    return dynamic_plan(code, charge_on, rules.days, group_of_day, prices, axis)


def _fixed_plans(rules: DayRules, group_of_day: Sequence[int]) -> tuple[FixedPlan, ...]:
    days_of: dict[tuple[int, FixedCharge], list[date]] = {}
    for day, version, group in zip(rules.days, rules.fixed, group_of_day, strict=True):
        for charge in version.fixed:
            days_of.setdefault((group, charge), []).append(day)
    return tuple(
        FixedPlan(group, charge, fixed_quantity(charge.per, days), min(days), max(days) + timedelta(days=1))
        for (group, charge), days in days_of.items()
    )


def _energy_plan(
    code: str,
    versions: Sequence[Version],
    rules: DayRules,
    group_of_day: Sequence[int],
    axis: Intervals,
    reading_minutes: int,
) -> EnergyPlan:
    charge_of = {v: next((one for one in v.energy if one.code == code), None) for v in versions}
    labels = labelled(charge_of, rules.energy, rules.kinds, group_of_day, axis, _base)
    spans = labels.spans(rules.days)
    if all(charge is None or charge.tiers is None for charge in charge_of.values()):
        return flat_plan(code, spans, labels.base_of, axis.day_index)
    charge_on = [charge_of[version] for version, _season in rules.energy]
    return tiered_plan(
        code, spans, labels.base_of, rules.days, charge_on, labels.offered_on, axis, reading_minutes
    )


def _base(charge: EnergyCharge, period: PricedPeriod, group: int) -> Base:
    return (group, period.label, period.prices, charge.tiers, charge.share_ppm)


def _demand_plans(
    code: str,
    versions: Sequence[Version],
    rules: DayRules,
    group_of_day: Sequence[int],
    axis: Intervals,
    lengths: Lengths,
) -> list[DemandPlan]:
    charge_of: dict[Version, DemandCharge | None] = {
        v: next((one for one in v.demand if one.code == code), None) for v in versions
    }
    return demand_plans(code, charge_of, rules.days, rules.energy, rules.kinds, group_of_day, axis, lengths)
