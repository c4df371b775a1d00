"""A minimum: what stated lines fall short of it, by the day or month, or on the last bill of the year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from billing.domain.charges.bases import Base, read_base
from billing.domain.tariffs.json_place import Fields

MinimumPer = Literal["day", "month", "year"]


@dataclass(frozen=True, slots=True)
class MinimumCharge:
    code: str
    label: str
    price_micro: int
    per: MinimumPer
    base: Base = None
    kind: Literal["minimum"] = "minimum"

    @classmethod
    def read(cls, fields: Fields, codes_before: tuple[str, ...]) -> MinimumCharge:
        code, label = fields.code("code"), fields.text("label")
        price_micro = fields.micro("price")
        if price_micro <= 0:
            fields.refuse("price", "a minimum is more than 0")
        per = fields.one_of("per", ("day", "month", "year"))
        base = read_base(fields, code, codes_before, "a minimum")
        fields.finish()
        return cls(code, label, price_micro, cast("MinimumPer", per), base)
