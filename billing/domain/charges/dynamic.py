"""Energy at a price of its own for each interval: a series of half-hourly or hourly prices, named by the
tariff, and what it does to them.

A price is multiplied, then the adder is added, then cap and floor hold it: that is another series, and energy
is priced by it (EXPLAIN A5). Nothing is rounded on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from billing.domain.errors import NotRateable
from billing.domain.money import INT64_MAX, MICRO, Int64Array
from billing.domain.tariffs.json_place import Fields

MULTIPLIER_MICRO_LIMIT = 1_000 * MICRO


@dataclass(frozen=True, slots=True)
class DynamicTerms:
    """How a tariff reads a series. cap_micro, floor_micro: millionths a kWh; None for none."""

    series: str
    multiplier_ppm: int = MICRO
    adder_micro: int = 0
    cap_micro: int | None = None
    floor_micro: int | None = None

    def applied(self, price_micro: Int64Array) -> Int64Array:
        """The prices as charged, in millionths of millionths of the currency a kWh; int64 of the same shape.

        Raises NotRateable where they are beyond nine million a kWh.
        """
        most = max(int(price_micro.max(initial=0)), -int(price_micro.min(initial=0)))
        held = [abs(end) * MICRO for end in (self.cap_micro, self.floor_micro) if end is not None]
        reach = most * abs(self.multiplier_ppm) + abs(self.adder_micro) * MICRO
        if max(reach, *held, 0) > INT64_MAX:
            raise NotRateable(f"prices of the series '{self.series}' are too large to be reckoned exactly")
        found = price_micro * self.multiplier_ppm + self.adder_micro * MICRO
        if self.cap_micro is not None:
            found = np.minimum(found, self.cap_micro * MICRO)
        if self.floor_micro is not None:
            found = np.maximum(found, self.floor_micro * MICRO)
        return found


@dataclass(frozen=True, slots=True)
class DynamicCharge:
    code: str
    label: str
    terms: DynamicTerms
    kind: Literal["dynamic"] = "dynamic"

    @classmethod
    def read(cls, fields: Fields) -> DynamicCharge:
        code, label = fields.code("code"), fields.text("label")
        terms = read_terms(fields)
        fields.finish()
        return cls(code, label, terms)


def read_terms(fields: Fields) -> DynamicTerms:
    """`series` and what is done to it; the caller finishes the fields."""
    series = fields.code("series")
    multiplier = MICRO
    if fields.has("multiplier"):
        multiplier = fields.micro("multiplier", limit=MULTIPLIER_MICRO_LIMIT)
    adder = fields.micro("adder") if fields.has("adder") else 0
    cap = fields.micro("cap") if fields.has("cap") else None
    floor = fields.micro("floor") if fields.has("floor") else None
    if cap is not None and floor is not None and floor > cap:
        fields.refuse("floor", "lies above the cap")
    return DynamicTerms(series, multiplier, adder, cap, floor)
