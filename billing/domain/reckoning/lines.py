"""One line of every bill of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from billing.domain.money import Int64Array

LineKind = Literal["fixed", "energy", "demand", "export", "discount", "minimum", "tax"]


@dataclass(frozen=True, eq=False)
class LineColumn:
    """Arrays are int64 (customers,). group: the group of adjustments that fall on it.

    quantity_micro: millionths of ``unit``: kWh; days, months or years, times kVA and the like; kW times
    months or days; the currency for what is reckoned on other lines: of a tax or a discount its base, of a
    minimum what is short. price_micro: millionths of the currency per unit; of a tax the rate in parts per
    million, of a discount in per cent the same with a minus, of others reckoned on lines one, or minus one.
    Of export, price and amount have a minus.
    mean_price_micro: int64 (customers,), where each has a mean price of its own; price_micro is then zero.
    """

    kind: LineKind
    code: str
    label: str
    unit: str
    price_micro: int
    starts_on: date
    ends_before: date
    quantity_micro: Int64Array
    amount_minor: Int64Array
    group: int = 0
    mean_price_micro: Int64Array | None = None

    def price_of(self, index: int) -> int:
        return self.price_micro if self.mean_price_micro is None else int(self.mean_price_micro[index])

    def shown(self, index: int) -> bool:
        """A minimum that is reached is no line of the bill, nor is export of nothing."""
        if self.kind == "export":
            return bool(self.quantity_micro[index])
        return self.kind != "minimum" or bool(self.amount_minor[index])


def closed_early(label: str) -> str:
    """What the line of a year says that is closed before its end, since the agreement ends: it is held
    against the share of the days billed, or paid out, and the next agreement begins a year of its own."""
    return f"{label}, the year closed with the agreement"
