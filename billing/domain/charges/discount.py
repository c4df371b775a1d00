"""A discount or social tariff: a percentage off stated lines, or off the first kWh of them, or an amount;
never more than they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from billing.domain.charges.bases import Base, read_base
from billing.domain.charges.tiers import CAP_MICRO_LIMIT
from billing.domain.money import MICRO
from billing.domain.tariffs.json_place import Fields

DiscountPer = Literal["day", "month"]


@dataclass(frozen=True, slots=True)
class DiscountCharge:
    """rate_ppm of the base is taken off; where it is 0, amount_micro for each day or month is.

    up_to_micro: taken off only the first so many micro-kWh of each day or month, at the mean price of the
    base's energy; None: off all of it.
    """

    code: str
    label: str
    rate_ppm: int = 0
    amount_micro: int = 0
    per: DiscountPer = "month"
    base: Base = None
    up_to_micro: int | None = None
    kind: Literal["discount"] = "discount"

    @classmethod
    def read(cls, fields: Fields, codes_before: tuple[str, ...]) -> DiscountCharge:
        code, label = fields.code("code"), fields.text("label")
        rate_ppm, amount_micro, per, up_to = 0, 0, "month", None
        if fields.has("amount"):
            if fields.has("percent"):
                fields.refuse("percent", "a discount is a percentage or an amount, not both")
            amount_micro = fields.micro("amount")
            if amount_micro <= 0:
                fields.refuse("amount", "expected more than 0: what is taken off, without a minus")
            per = fields.one_of("per", ("day", "month"))
        else:
            percent_micro = fields.micro("percent", limit=100 * MICRO + 1)
            if percent_micro <= 0 or percent_micro % 100:
                fields.refuse("percent", "expected more than 0 and at most 100, with at most four decimals")
            rate_ppm = percent_micro // 100
            if fields.has("up_to"):
                up_to = fields.micro("up_to", limit=CAP_MICRO_LIMIT)
                if up_to <= 0:
                    fields.refuse("up_to", "expected more than 0: the first so many kWh")
                per = fields.one_of("per", ("day", "month"))
        base = read_base(fields, code, codes_before, "a discount")
        fields.finish()
        return cls(code, label, rate_ppm, amount_micro, cast("DiscountPer", per), base, up_to)
