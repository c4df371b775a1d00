"""What is paid for energy given back, over an axis: labels or series as for energy, and where import and
export of one interval are set off first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from billing.domain.charges.export import ExportCharge, paid_by_series
from billing.domain.charges.periods import PricedPeriod
from billing.domain.money import MICRO, Int64Array
from billing.domain.plans.dynamic import DynamicPlan, dynamic_plan
from billing.domain.plans.energy import Base, EnergyPlan, flat_plan
from billing.domain.reckoning.usage import BoolArray
from billing.domain.tariffs.labels import Intervals, labelled
from billing.domain.tariffs.price_series import PriceSeries
from billing.domain.tariffs.tariff import Version


@dataclass(frozen=True, eq=False)
class ExportPlan:
    """by_hours, by_series: of each export charge; prices are what is paid. netted: bool (intervals,),
    where import and export are set off against each other; None for nowhere."""

    by_hours: tuple[EnergyPlan, ...] = ()
    by_series: tuple[DynamicPlan, ...] = ()
    netted: BoolArray | None = None

    def set_off(
        self, micro_kwh: Int64Array, exported: Int64Array | None, begin: int = 0, end: int | None = None
    ) -> tuple[Int64Array, Int64Array | None]:
        """Import and export of the intervals [begin, end), each less what it has in common with the other."""
        if self.netted is None or exported is None:
            return micro_kwh, exported
        both = np.where(self.netted[begin:end], np.clip(np.minimum(micro_kwh, exported), 0, None), 0)
        return micro_kwh - both, exported - both


NO_EXPORT = ExportPlan()


def export_plan(
    days: Sequence[date],
    prices_on: Sequence[tuple[Version, str]],
    kinds: Sequence[int],
    group_of_day: Sequence[int],
    prices: Sequence[PriceSeries],
    axis: Intervals,
) -> ExportPlan:
    """prices_on: version and season of each day."""
    versions = list(dict.fromkeys(version for version, _season in prices_on))
    codes = dict.fromkeys(charge.code for version in versions for charge in version.export)
    if not codes:
        return NO_EXPORT
    by_hours, by_series = [], []
    known = {series.name: series for series in prices}
    for code in codes:
        charge_of = {v: next((one for one in v.export if one.code == code), None) for v in versions}
        if any(charge is not None and charge.periods for charge in charge_of.values()):
            labels = labelled(charge_of, prices_on, kinds, group_of_day, axis, _base)
            by_hours.append(flat_plan(code, labels.spans(days), labels.base_of, axis.day_index))
        charges = [charge_of[version] for version, _season in prices_on]
        of_series = [None if charge is None else paid_by_series(charge) for charge in charges]
        if any(of_series):
            by_series.append(dynamic_plan(code, of_series, days, group_of_day, known, axis))
    netted = np.array([any(one.netted for one in version.export) for version, _season in prices_on])
    return ExportPlan(tuple(by_hours), tuple(by_series), netted[axis.day_index] if netted.any() else None)


def _base(_charge: ExportCharge, period: PricedPeriod, group: int) -> Base:
    return (group, period.label, period.prices, None, MICRO)
