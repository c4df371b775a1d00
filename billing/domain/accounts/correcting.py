"""What a corrected bill leaves out, and how a bill is taken back: lines with the sign turned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing.domain.money import Rounding, div_round

LineTuple = tuple[str, str, date, date, int, str, int, int]
"""charge, label, starts_on, ends_before, quantity_micro, unit, price_micro, amount_minor."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Sums of lines: net of tax, and each tax by its label and rate. Minor units."""

    net_minor: int
    taxes: tuple[tuple[tuple[str, int], int], ...]

    @property
    def total_minor(self) -> int:
        return self.net_minor + sum(amount for _, amount in self.taxes)

    def less(self, other: Owed) -> Owed:
        """self minus other, tax by tax."""
        sums = dict(self.taxes)
        for key, amount in other.taxes:
            sums[key] = sums.get(key, 0) - amount
        kept = tuple((key, amount) for key, amount in sorted(sums.items()) if amount)
        return Owed(self.net_minor - other.net_minor, kept)


def owed(lines: Iterable[LineTuple]) -> Owed:
    """What lines come to, by tax."""
    net, taxes = 0, dict[tuple[str, int], int]()
    for charge, label, _, _, _, _, price_micro, amount_minor in lines:
        if charge == "tax":
            taxes[label, price_micro] = taxes.get((label, price_micro), 0) + amount_minor
        else:
            net += amount_minor
    return Owed(net, tuple(sorted(taxes.items())))


def not_charged(
    more: Owed, starts_on: date, protected_before: date, currency: str, decimals: int
) -> tuple[LineTuple, ...]:
    """Lines that take back what `more` would cost for use before a day; none where it costs nothing.

    more: what the days before `protected_before` cost beyond what was billed for them. A credit is left as
    it is. The lines come to -more.total_minor exactly, each tax by its own line.
    """
    if more.total_minor <= 0:
        return ()
    unit = 10 ** (6 - decimals)
    net_micro = more.net_minor * unit
    days = (starts_on, protected_before)
    words = f"Not charged: used before {protected_before.isoformat()}"
    lines: list[LineTuple] = []
    if more.net_minor:
        lines.append(("discount", words, *days, net_micro, currency, -1_000_000, -more.net_minor))
    for (label, rate_micro), amount in more.taxes:
        lines.append(("tax", label, *days, -net_micro, currency, rate_micro, -amount))
    return tuple(lines)


def share_of(whole: Owed, days: int, all_days: int) -> Owed:
    """A part of it by days, each sum rounded by itself: where the days cannot be rated apart."""

    def share(amount: int) -> int:
        return div_round(amount * days, all_days, Rounding.HALF_UP)

    return Owed(share(whole.net_minor), tuple((key, share(amount)) for key, amount in whole.taxes))


def negated(lines: Sequence[LineTuple]) -> tuple[LineTuple, ...]:
    """A credit note's lines: quantity and amount with the sign turned, so that the two come to nothing."""
    return tuple((*line[:4], -line[4], line[5], line[6], -line[7]) for line in lines)
