"""What being late costs by a tariff: for whoever posts it, and for what is said beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.domain.tariffs.tariff import Tariff


@dataclass(frozen=True, slots=True)
class LateFee:
    """One fee to be posted. code, label: of the tariff's charge."""

    code: str
    label: str
    amount_minor: int


def late_fees(tariff: Tariff, overdue_minor: int, days: int, on: date) -> tuple[LateFee, ...]:
    """The fees of the version in force `on` that day for `overdue_minor` (minor units) being `days` late;
    those that come to nothing are left out. Raises NotRateable before the first version."""
    found = []
    for charge in tariff.version_on(on).late_fees:
        amount = charge.amount_minor(overdue_minor, days, tariff.decimals, tariff.rounding)
        if amount:
            found.append(LateFee(charge.code, charge.label, amount))
    return tuple(found)


def late_fee(tariff: Tariff, overdue_minor: int, days: int, on: date) -> int:
    """All of them together, in minor units."""
    return sum(fee.amount_minor for fee in late_fees(tariff, overdue_minor, days, on))
