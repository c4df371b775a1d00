"""What being late costs by a tariff: for whoever posts it, and for what is said beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

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
    still left out; and what was posted for it, by code and turn, less what was taken back. layers: the parts
    of it that differ in days (amount, days); none where all of it has been late for the same."""

    overdue_minor: int
    days: int
    posted: Mapping[tuple[str, int], int]
    layers: tuple[tuple[int, int], ...] = ()

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        return self.layers or ((self.overdue_minor, self.days),)


@dataclass(frozen=True, slots=True)
class Stop:
    """Days on which so much of a bill bore no fee, or all of it (None); to no end where `ends_before` is
    None."""

    amount_minor: int | None
    starts_on: date
    ends_before: date | None


def layers_of(
    overdue_minor: int, held_minor: int, due_on: date, today: date, stops: Sequence[Stop]
) -> tuple[tuple[int, int], ...]:
    """What is late in parts: (amount, days from `due_on` to `today` that count). held_minor: what is open of
    the bill beside it, held back today. What is held takes the same end of the bill each time, so that a part
    that was held twice bears the least; the other end, which never was, all days."""
    end = held_minor + overdue_minor
    cuts = {one.amount_minor for one in stops if one.amount_minor and held_minor < one.amount_minor < end}
    edges = [held_minor, *sorted(cuts), end]
    found = []
    for low, high in pairwise(edges):
        spans = [
            (max(one.starts_on, due_on), min(one.ends_before or today, today))
            for one in stops
            if one.amount_minor is None or one.amount_minor >= high
        ]
        stood, until = 0, due_on
        for starts_on, ends_before in sorted(spans):
            stood += max(0, (ends_before - max(starts_on, until)).days)
            until = max(until, ends_before)
        found.append((high - low, max(0, (today - due_on).days) - stood))
    return tuple(found)


def fees_due(
    tariff: Tariff, on: date, late: LateBill, cap: LateFeeCap | None = None, bank_rate_ppm: int = 0
) -> tuple[DueFee, ...]:
    """The fees of the version in force `on` that day (the bill's) that are due and not posted, each code and
    turn once, in the tariff's order. A part that has been late for fewer months bears the latest turns. A fee
    of which the law allows nothing yet is left out, and comes when it
    allows something. Raises NotRateable before the first version."""
    found: list[DueFee] = []
    spent = sum(late.posted.values())
    for charge in tariff.version_on(on).late_fees:
        turns = [(amount, charge.turns(days)) for amount, days in late.parts]
        most = max(count for _, count in turns)
        for turn in range(1, most + 1):
            base = sum(amount for amount, count in turns if turn > most - count)
            full = charge.turn_minor(base, tariff.decimals, tariff.rounding)
            if not full or (charge.code, turn) in late.posted:
                continue
            amount = full
            if cap is not None:
                amount = min(full, _most_minor(cap, late, spent, bank_rate_ppm))
            if amount > 0:
                found.append(DueFee(charge.code, charge.label, turn, not charge.rate_ppm, full, amount))
                spent += amount
    return tuple(found)


def _most_minor(cap: LateFeeCap, late: LateBill, spent_minor: int, bank_rate_ppm: int) -> int:
    """What the law still allows, each part for its own days."""
    if cap.once_ppm and spent_minor:
        return 0
    allowed = sum(cap.most_minor(amount, days, 0, bank_rate_ppm) for amount, days in late.parts)
    return max(0, allowed - spent_minor)


def rightful_minor(amount_minor: int, overdue_minor: int, credited_minor: int, *, once: bool) -> int:
    """What a fee for `overdue_minor` would have been, had so much of that never been owed: an amount stays
    while anything was late, a percentage shrinks in proportion, rounded down."""
    left = max(0, overdue_minor - credited_minor)
    if once:
        return amount_minor if left else 0
    return amount_minor * left // overdue_minor
