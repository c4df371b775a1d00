"""An independent reading of docs/tariffs.md, slow and plain: what the engine is held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import holidays as public_holidays
from plain_adjusting import PlainAdjusting
from plain_export import PlainExport
from plain_power import PlainPower
from plain_terms import rounded

from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.price_series import PriceSeries


class PlainBill(PlainExport, PlainPower, PlainAdjusting):
    """The rules of docs/tariffs.md read straight from the JSON, one interval at a time, in fractions."""

    def __init__(
        self,
        found: dict[str, Any],
        usage: Usage,
        period: Period,
        state: SupplyState = NOTHING_KNOWN,
        prices: Iterable[PriceSeries] = (),
    ) -> None:
        self.prices = {series.name: series for series in prices}
        self.found, self.rule = found, found["rounding"]
        self.unit = Fraction(10) ** found["decimals"]
        where = found.get("holidays")
        calendar_of = public_holidays.country_holidays
        self.holidays = (
            calendar_of(where["country"], subdiv=where["subdivision"], years=2013) if where else {}
        )
        self.lines: dict[tuple[str, ...], Fraction] = defaultdict(Fraction)
        self.shared: dict[tuple[str, ...], int] = defaultdict(int)
        self.kwh: dict[tuple[str, str], int] = defaultdict(int)
        self.segments: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.drawn: dict[Any, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
        usage = self._set_off(usage)
        self._energy(usage, period)
        self._export(usage, period)
        self._net(usage, period, state)
        self._demand(usage, period, state)
        self._capacity(usage, period)
        self._fixed(period, state)
        self.amounts = {key: rounded(value * self.unit, self.rule) for key, value in self.lines.items()}
        self._adjust(period, state)

    def _fixed(self, period: Period, state: SupplyState) -> None:
        for day in period.dates():
            for charge in self.version(day)["charges"]:
                if charge["kind"] == "fixed":
                    size = Fraction(1)
                    if "each" in charge and charge["each"] in state.connected_micro:
                        size = Fraction(int(state.connected_micro[charge["each"]][0]), 10**6)
                    key = (self.adjusting_on(day), charge["code"], charge["label"], charge["price"])
                    self.lines[key] += Fraction(charge["price"]) * size * self.share(charge["per"], day)
