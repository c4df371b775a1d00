"""A fixed charge by day or by month.

By day: price x days, exact. By month: the sum over calendar months of price x days / days of that month, over
a common denominator, rounded once (EXPLAIN A5).
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from billing.domain.json_place import Fields
from billing.domain.money import Rounding, div_round


@dataclass(frozen=True, slots=True)
class FixedCharge:
    code: str
    label: str
    price_micro: int
    per: Literal["day", "month"]
    kind: Literal["fixed"] = "fixed"

    @classmethod
    def read(cls, fields: Fields) -> FixedCharge:
        code, label = fields.code("code"), fields.text("label")
        price_micro = fields.micro("price")
        per = fields.one_of("per", ("day", "month"))
        fields.finish()
        return cls(code, label, price_micro, "day" if per == "day" else "month")


def fixed_quantity(per: Literal["day", "month"], days: Iterable[date]) -> Fraction:
    """How many days, or how many months with a part of a month by its days."""
    months = Counter((day.year, day.month) for day in days)
    if per == "day":
        return Fraction(sum(months.values()))
    return sum((Fraction(n, calendar.monthrange(*month)[1]) for month, n in months.items()), Fraction(0))


def fixed_amount(quantity: Fraction, price_micro: int, decimals: int, rule: Rounding) -> int:
    """Minor units, rounded once from the exact fraction."""
    return div_round(quantity.numerator * price_micro, quantity.denominator * 10 ** (6 - decimals), rule)
