"""A fixed charge by the day, month or year, of the supply or for each kVA, kW or connection that it has.

By day: price x days, exact. By month or year: the sum over calendar months (years) of price x days / days of
that month, over a common denominator, rounded once (EXPLAIN A5).
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, cast

from billing.domain.tariffs.json_place import Fields

FixedPer = Literal["day", "month", "year"]
Each = Literal["kVA", "kW", "connection"]


@dataclass(frozen=True, slots=True)
class FixedCharge:
    """each: the quantity of the supply that the price is multiplied by; None: none."""

    code: str
    label: str
    price_micro: int
    per: FixedPer
    each: Each | None = None
    kind: Literal["fixed"] = "fixed"

    @property
    def unit(self) -> str:
        return f"{self.each} {self.per}" if self.each else self.per

    @classmethod
    def read(cls, fields: Fields) -> FixedCharge:
        code, label = fields.code("code"), fields.text("label")
        price_micro = fields.micro("price")
        per = fields.one_of("per", ("day", "month", "year"))
        each = fields.one_of("each", ("kVA", "kW", "connection")) if fields.has("each") else None
        fields.finish()
        return cls(code, label, price_micro, cast("FixedPer", per), cast("Each | None", each))


def fixed_quantity(per: FixedPer, days: Iterable[date]) -> Fraction:
    """How many days, or how many months or years with a part by its days."""
    months = Counter((day.year, day.month) for day in days)
    if per == "day":
        return Fraction(sum(months.values()))
    if per == "year":
        return sum((Fraction(n, days_in_year(year)) for (year, _), n in months.items()), Fraction(0))
    return sum((Fraction(n, calendar.monthrange(*month)[1]) for month, n in months.items()), Fraction(0))


def days_in_year(year: int) -> int:
    return 366 if calendar.isleap(year) else 365
