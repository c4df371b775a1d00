"""A percentage on already rounded lines, in parts per million."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from billing.domain.charges.bases import Base, read_base
from billing.domain.money import MICRO
from billing.domain.tariffs.json_place import Fields

PERCENT_MICRO_LIMIT = 1_000 * MICRO + 1


@dataclass(frozen=True, slots=True)
class TaxCharge:
    code: str
    label: str
    rate_ppm: int
    base: Base = None
    kind: Literal["tax"] = "tax"

    @classmethod
    def read(cls, fields: Fields, codes_before: tuple[str, ...]) -> TaxCharge:
        code, label = fields.code("code"), fields.text("label")
        percent_micro = fields.micro("percent", limit=PERCENT_MICRO_LIMIT)
        if not 0 <= percent_micro <= 100 * MICRO:
            fields.refuse(
                "percent", "expected 0 to 100: a tax is no discount, and no more than what it is on"
            )
        if percent_micro % 100:
            fields.refuse("percent", "has more than four decimals")
        base = read_base(fields, code, codes_before, "a tax")
        fields.finish()
        return cls(code, label, percent_micro // 100, base)
