"""Power in kVA and kVAr read from the rule's text (docs/tariffs.md), window by window, in decimals of 60
digits: what the engine's whole numbers are held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import lcm
from typing import Any
from zoneinfo import ZoneInfo

from plain_bill import PlainBill

from billing.domain.plans.supply_state import NOTHING_KNOWN, SupplyState
from billing.domain.reckoning.days import Period
from billing.domain.reckoning.usage import Usage
from billing.domain.tariffs.price_series import PriceSeries

Window = tuple[str, int, date, int, int]
"""Code, minutes, day, slot of the clock, second pass through an hour."""


class PlainApparent(PlainBill):
    """reactive: kVArh of the same days, by intervals of their own length."""

    def __init__(
        self,
        found: dict[str, Any],
        usage: Usage,
        reactive: Usage,
        period: Period,
        state: SupplyState = NOTHING_KNOWN,
        prices: Iterable[PriceSeries] = (),
    ) -> None:
        self.reactive_minutes = reactive.interval_minutes
        self.drawn_reactive: dict[Any, int] = defaultdict(int)
        zone = ZoneInfo(found["timezone"])
        for index, micro in enumerate(reactive.micro_kwh.tolist()):
            local = (reactive.starts_at + timedelta(minutes=self.reactive_minutes * index)).astimezone(zone)
            clock = local.hour * 60 + local.minute
            for length in (15, 30, 60):
                self.drawn_reactive[length, local.date(), clock // length, local.fold] += micro
        super().__init__(found, usage, period, state, prices)

    def window_minutes(self, charge: dict[str, Any], minutes: int) -> int:
        length = super().window_minutes(charge, minutes)
        return length if charge.get("unit", "kW") == "kW" else lcm(length, self.reactive_minutes)

    def power(self, window: Window, micro: int) -> Fraction:
        code, length, day = window[:3]
        (charge,) = [one for one in self.version(day)["charges"] if one["code"] == code]
        unit = charge.get("unit", "kW")
        if unit == "kW":
            return super().power(window, micro)
        by_hour = Fraction(60, length)
        real = max(micro, 0) * by_hour if unit == "kVA" else Fraction(0)
        beside = self.drawn_reactive[window[1:]] * by_hour
        square = real * real + beside * beside
        with localcontext() as context:
            context.prec = 60
            root = (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
            return Fraction(int(root.quantize(Decimal(1), ROUND_HALF_UP)), 10**6)
