"""Reactive energy: kVArh taken beyond an allowed share of the kWh of the same time are priced.

The share is the tangent of the phase angle that is let pass: 33 % is a power factor of 0.95, 50 % one of
0.89.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from billing.domain.money import MICRO
from billing.domain.tariffs.json_place import Fields

ReactiveBy = Literal["month", "bill"]


@dataclass(frozen=True, slots=True)
class ReactiveCharge:
    """price_micro: of a kVArh above allowed_ppm of the kWh. by: over what both are added up."""

    code: str
    label: str
    price_micro: int
    allowed_ppm: int
    by: ReactiveBy = "month"
    kind: Literal["reactive"] = "reactive"

    @classmethod
    def read(cls, fields: Fields) -> ReactiveCharge:
        code, label = fields.code("code"), fields.text("label")
        price_micro = fields.micro("price")
        allowed_micro = fields.micro("allowed", limit=1_000 * MICRO)
        if allowed_micro < 0 or allowed_micro % 100:
            fields.refuse("allowed", "expected per cent of the kWh, 0 or more, with at most four decimals")
        by = fields.one_of("by", ("month", "bill")) if fields.has("by") else "month"
        fields.finish()
        return cls(code, label, price_micro, allowed_micro // 100, cast("ReactiveBy", by))
