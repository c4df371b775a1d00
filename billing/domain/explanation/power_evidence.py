"""How we know what power did beside demand charges: in the grid's own peak hours, and as the end of tiers."""

from __future__ import annotations

from billing.domain.explanation.comparison import Comparison
from billing.domain.explanation.figures import Figure, told_apart
from billing.domain.explanation.phrases import kwh_text
from billing.domain.rating.rated import Line, RatedBill
from billing.domain.tariffs.tariff import Version


def capacity(found: Comparison) -> tuple[Figure, ...]:
    """Power in the grid's peak hours, as billed: of each charge by it and each bill, that of its highest
    month."""
    codes = {charge.code for version in versions_of(found) for charge in version.capacity}
    of_bill = [_highest(bill, codes) for bill in (found.before, found.after)]
    figures = []
    for key in dict.fromkeys((*of_bill[1], *of_bill[0])):
        lines = [bill.get(key) for bill in of_bill]
        sizes = [line.quantity_micro if line else 0 for line in lines]
        told = told_apart(sizes[0], sizes[1], kwh_text)
        before, after = (text if line else None for text, line in zip(told, lines, strict=True))
        figures.append(Figure(key[1], before, after, key[2]))
    return tuple(figures)


def tiers_by_power(found: Comparison) -> bool:
    """Whether tiers end at hours of use of the highest demand."""
    charges = (charge for version in versions_of(found) for charge in version.energy)
    return any(charge.tiers is not None and charge.tiers.window_minutes > 0 for charge in charges)


def versions_of(found: Comparison) -> set[Version]:
    """By which either bill's energy and power are priced."""
    return {version for laid in found.game.sides for version, _season in laid.rules.energy}


def _highest(bill: RatedBill, codes: set[str]) -> dict[tuple[str, str, str], Line]:
    """By code, label and unit."""
    found: dict[tuple[str, str, str], Line] = {}
    for line in bill.lines:
        key = (line.code, line.label, line.unit)
        if line.code in codes and (key not in found or line.quantity_micro > found[key].quantity_micro):
            found[key] = line
    return found
