"""Net, tax and gross of a bill, by rate: read off its lines, so that they add up to the total exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class TaxedLine(Protocol):
    """What is read of a line; of a tax, quantity_micro is its base and price_micro its rate in ppm."""

    @property
    def charge(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def quantity_micro(self) -> int: ...
    @property
    def price_micro(self) -> int: ...
    @property
    def amount_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One tax at one rate. base_micro: millionths of the currency; rate_ppm: 50,000 is five per cent."""

    label: str
    rate_ppm: int
    base_micro: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class TaxSummary:
    """net_minor + tax_minor is the total of the lines; tax_minor is the sum of the rows."""

    net_minor: int
    tax_minor: int
    rows: tuple[TaxRow, ...]

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


def tax_summary(lines: Iterable[TaxedLine]) -> TaxSummary:
    """Net, tax by label and rate in the order of the lines, and gross (a VAT invoice states the amount to be
    taxed per rate, the rate, and the tax: Council Directive 2006/112/EC, article 226, points 8 to 10)."""
    net = 0
    rates: dict[tuple[str, int], tuple[int, int]] = {}
    for line in lines:
        if line.charge != "tax":
            net += line.amount_minor
            continue
        key = line.label, line.price_micro
        base, tax = rates.get(key, (0, 0))
        rates[key] = base + line.quantity_micro, tax + line.amount_minor
    rows = tuple(TaxRow(*key, *sums) for key, sums in rates.items())
    return TaxSummary(net, sum(row.tax_minor for row in rows), rows)
