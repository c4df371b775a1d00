"""What being late costs by a tariff: for whoever posts it, and for what is said beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billing.domain.accounts.late_fee_caps import LateFeeCap
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


@dataclass(frozen=True, slots=True)
class DueFee:
    """A late fee to be posted now. turn: 1 for an amount, which comes once; of a percentage the month of
    being late, from 1. full_minor: by the tariff; amount_minor: as far as the law allows it."""

    code: str
    label: str
    turn: int
    once: bool
    full_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class LateBill:
    """What a late fee depends on: how much of a bill is late and for how many days, those on which fees stood
    still left out; and what was posted for it, by code and turn, less what was taken back."""

    overdue_minor: int
    days: int
    posted: Mapping[tuple[str, int], int]


def fees_due(
    tariff: Tariff, on: date, late: LateBill, cap: LateFeeCap | None = None, bank_rate_ppm: int = 0
) -> tuple[DueFee, ...]:
    """The fees of the version in force `on` that day (the bill's) that are due and not posted, each code and
    turn once, in the tariff's order. A fee of which the law allows nothing yet is left out, and comes when it
    allows something. Raises NotRateable before the first version."""
    found: list[DueFee] = []
    spent = sum(late.posted.values())
    for charge in tariff.version_on(on).late_fees:
        full = charge.turn_minor(late.overdue_minor, tariff.decimals, tariff.rounding)
        for turn in range(1, charge.turns(late.days) + 1):
            if not full or (charge.code, turn) in late.posted:
                continue
            amount = full
            if cap is not None:
                amount = min(full, cap.most_minor(late.overdue_minor, late.days, spent, bank_rate_ppm))
            if amount > 0:
                found.append(DueFee(charge.code, charge.label, turn, not charge.rate_ppm, full, amount))
                spent += amount
    return tuple(found)


def rightful_minor(amount_minor: int, overdue_minor: int, credited_minor: int, *, once: bool) -> int:
    """What a fee for `overdue_minor` would have been, had so much of that never been owed: an amount stays
    while anything was late, a percentage shrinks in proportion, rounded down."""
    left = max(0, overdue_minor - credited_minor)
    if once:
        return amount_minor if left else 0
    return amount_minor * left // overdue_minor
