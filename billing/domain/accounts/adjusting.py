"""Charges on already rounded lines, in their order: discounts, minimums, taxes.

Days on which the same of them are in force are a group. Lines are split by group, and each group is adjusted
by itself (EXPLAIN A5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache

import numpy as np

from billing.domain.accounts.discounting import Discounted
from billing.domain.charges.discount import DiscountCharge
from billing.domain.charges.fixed import days_in_year, fixed_quantity
from billing.domain.charges.late_fee import LateFeeCharge
from billing.domain.charges.minimum import MinimumCharge
from billing.domain.charges.tax import TaxCharge
from billing.domain.errors import BeyondExact
from billing.domain.money import (
    INT64_MAX,
    MICRO,
    Int64Array,
    Rounding,
    div_round,
    in_int64,
    shares_of,
    within_bounds,
)
from billing.domain.plans.supply_state import SupplyState, YearSoFar
from billing.domain.reckoning.lines import LineColumn, closed_early
from billing.domain.tariffs.tariff import Version

Adjustment = DiscountCharge | MinimumCharge | TaxCharge


@dataclass(frozen=True, slots=True)
class Rule:
    """An adjustment and, where its base is "everything before", the codes of its version that it is not."""

    charge: Adjustment
    not_in_base: frozenset[str]

    def takes(self, line: LineColumn) -> bool:
        base = self.charge.base
        return line.code in base if base is not None else line.code not in self.not_in_base


@dataclass(frozen=True, slots=True)
class Group:
    rules: tuple[Rule, ...]
    days: tuple[date, ...]

    @property
    def starts_on(self) -> date:
        return self.days[0]

    @property
    def ends_before(self) -> date:
        return self.days[-1] + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all groups of a bill share. closes: the year whose last bill it is, None for none. closes_early:
    as the agreement ends, before the year does. dropped: minimums by the year that the tariff has on other
    days alone; where the year holds days of them, it is closed with them too."""

    currency: str
    decimals: int
    rounding: Rounding
    closes: int | None
    energy_unit: str = "kWh"
    closes_early: bool = False
    dropped: tuple[MinimumCharge, ...] = ()


def groups_of(
    days: Sequence[date],
    discounts: Sequence[Version],
    minimums: Sequence[Version],
    taxes: Sequence[Version],
) -> tuple[list[Group], list[int]]:
    """The groups, and the group of each day, from the version that each kind of adjustment has that day."""
    held: dict[tuple[Rule, ...], list[date]] = {}
    found = []
    for day, *versions in zip(days, discounts, minimums, taxes, strict=True):
        rules = _rules(*versions)
        held.setdefault(rules, []).append(day)
        found.append(rules)
    numbers = {rules: number for number, rules in enumerate(held)}
    return [Group(rules, tuple(theirs)) for rules, theirs in held.items()], [numbers[one] for one in found]


def order_of(versions: Sequence[Version]) -> dict[str, int]:
    """Place of each code on the bill: as in the first version; what a later one adds, by its neighbour."""
    codes: list[str] = []
    for version in versions:
        place = 0
        for charge in version.charges:
            if charge.code in codes:
                place = codes.index(charge.code) + 1
            else:
                codes.insert(place, charge.code)
                place += 1
    return {code: position for position, code in enumerate(codes)}


@lru_cache(maxsize=1024)
def _rules(discounts: Version, minimums: Version, taxes: Version) -> tuple[Rule, ...]:
    order = order_of((taxes, discounts, minimums))
    given: list[tuple[Version, Adjustment]] = [(discounts, charge) for charge in discounts.discounts]
    given += [(minimums, charge) for charge in minimums.minimums]
    given += [(taxes, charge) for charge in taxes.taxes]
    given.sort(key=lambda pair: order[pair[1].code])
    return tuple(Rule(charge, _not_in_base(version, charge)) for version, charge in given)


def _not_in_base(version: Version, charge: Adjustment) -> frozenset[str]:
    return frozenset() if charge.base is not None else codes_from(version, charge.code)


def codes_from(version: Version, code: str) -> frozenset[str]:
    """The code and those that stand after it."""
    codes = [charge.code for charge in version.charges if not isinstance(charge, LateFeeCharge)]
    return frozenset(codes[codes.index(code) :])


def adjusted(
    lines: Sequence[LineColumn],
    groups: Sequence[Group],
    frame: Frame,
    state: SupplyState,
    customers: int,
    order: Mapping[str, int],
) -> tuple[list[LineColumn], tuple[YearSoFar, ...]]:
    """The lines with those that adjust them; and what the next bill has to know of minimums by the year.
    order: the place of each code on the bill."""
    found = list(lines)
    years = {one.code: _spread(one, customers) for one in state.years}
    charges = {one.code: one for one in frame.dropped}
    in_time = sorted(range(len(groups)), key=lambda place: groups[place].ends_before)
    for place in in_time:
        group, is_last = groups[place], place == in_time[-1]
        if is_last:  # the year of what is in force no more is closed with the others
            own = {rule.charge.code for rule in group.rules}
            for code in [code for code in years if code not in own and code in charges]:
                found += _year_line(charges[code], years[code], group, frame, place)
        discounted = Discounted(customers)
        for rule in group.rules:
            mine, charge = [line for line in found if line.group == place], rule.charge
            if isinstance(charge, MinimumCharge) and charge.per == "year":
                charges[charge.code] = charge
                years[charge.code] = _year(rule, charge, mine, group, years.get(charge.code), customers)
                if is_last:  # the year is closed when all else is reckoned
                    found += _year_line(charge, years[charge.code], group, frame, place)
            elif isinstance(charge, DiscountCharge):
                stands_on = sorted(
                    (line for line in mine if rule.takes(line)), key=lambda one: order[one.code]
                )
                found.append(_discount(charge, stands_on, discounted, group, frame, place))
            else:
                found.append(_line(charge, _base(rule, mine, customers), group, frame, place))
    if frame.closes is not None:
        return found, ()
    return found, tuple(years.values())


def _base(rule: Rule, lines: Sequence[LineColumn], customers: int) -> Int64Array:
    base = np.zeros(customers, dtype=np.int64)
    for line in lines:
        if rule.takes(line):
            base += line.amount_minor
    return within_bounds(base, rule.charge.code)


def _line(charge: Adjustment, base: Int64Array, group: Group, frame: Frame, place: int) -> LineColumn:
    unit = 10 ** (6 - frame.decimals)
    if unit * int(np.abs(base).max(initial=0)) > INT64_MAX:
        raise BeyondExact(f"what '{charge.code}' is reckoned on is too large to be exact")
    if isinstance(charge, TaxCharge):
        price, quantity = charge.rate_ppm, base * unit
        amount = shares_of(base, charge.rate_ppm, frame.rounding)
    elif isinstance(charge, MinimumCharge):
        least = _minor(charge.price_micro, fixed_quantity(charge.per, group.days), frame)
        amount = np.maximum(least - base, 0)
        price, quantity = MICRO, amount * unit
    elif charge.rate_ppm:
        price, quantity = -charge.rate_ppm, base * unit
        amount = -shares_of(base, charge.rate_ppm, frame.rounding)
    else:
        most = _minor(charge.amount_micro, fixed_quantity(charge.per, group.days), frame)
        amount = -np.minimum(base, most)
        price, quantity = -MICRO, -amount * unit
    return _column(charge, price, quantity, amount, group, frame, place)


def _discount(
    charge: DiscountCharge,
    lines: Sequence[LineColumn],
    discounted: Discounted,
    group: Group,
    frame: Frame,
    place: int,
) -> LineColumn:
    """What it takes off the lines of its base, in the bill's order; of the first kWh, off those of energy."""
    if charge.up_to_micro is not None:
        lines = [line for line in lines if line.kind == "energy"]
    left = discounted.left(lines)
    base = discounted.base(left, charge.code)
    if charge.up_to_micro is None:
        found = _line(charge, base, group, frame, place)
    else:
        found = _of_first_kwh(charge, base, lines, group, frame, place)
    discounted.take(left, -found.amount_minor)
    return found


def _of_first_kwh(
    charge: DiscountCharge,
    base: Int64Array,
    lines: Sequence[LineColumn],
    group: Group,
    frame: Frame,
    place: int,
) -> LineColumn:
    """A discount on the first kWh: of its base the share of the energy that they are, at its mean price."""
    assert charge.up_to_micro is not None
    energy = np.zeros_like(base)
    for code in dict.fromkeys(line.code for line in lines):  # each charge counts the same energy
        of_code = sum((line.quantity_micro for line in lines if line.code == code), np.zeros_like(energy))
        energy = np.maximum(energy, of_code)
    part = fixed_quantity(charge.per, group.days)
    most = charge.up_to_micro * part.numerator // part.denominator
    unit = 10 ** (6 - frame.decimals)
    # Of each customer, the money of the first kWh as a fraction.
    shares = [
        (of * min(held, most), max(held, 1)) for of, held in zip(base.tolist(), energy.tolist(), strict=True)
    ]
    amount = in_int64(-div_round(of * charge.rate_ppm, held * MICRO, frame.rounding) for of, held in shares)
    quantity = in_int64(of * unit // held for of, held in shares)
    return _column(charge, -charge.rate_ppm, quantity, amount, group, frame, place)


def _column(
    charge: Adjustment,
    price_micro: int,
    quantity_micro: Int64Array,
    amount_minor: Int64Array,
    group: Group,
    frame: Frame,
    place: int,
) -> LineColumn:
    return LineColumn(
        charge.kind,
        charge.code,
        charge.label,
        frame.currency,
        price_micro,
        group.starts_on,
        group.ends_before,
        quantity_micro,
        within_bounds(amount_minor, charge.code),
        place,
    )


def _minor(price_micro: int, quantity: Fraction, frame: Frame) -> int:
    numerator = price_micro * quantity.numerator
    return div_round(numerator, quantity.denominator * 10 ** (6 - frame.decimals), frame.rounding)


def _spread(year: YearSoFar, customers: int) -> YearSoFar:
    """The same with an entry for each customer."""
    days, base = np.broadcast_to(year.days, customers), np.broadcast_to(year.base_minor, customers)
    owed = year.micro_days
    return YearSoFar(year.code, days, base, None if owed is None else np.broadcast_to(owed, customers))


def _year(
    rule: Rule,
    charge: MinimumCharge,
    lines: Sequence[LineColumn],
    group: Group,
    known: YearSoFar | None,
    customers: int,
) -> YearSoFar:
    """The year so far with a group of this bill: its days at its price, its lines."""
    count = len(group.days)
    days, base = np.full(customers, count, dtype=np.int64), _base(rule, lines, customers)
    owed = days * charge.price_micro
    if known is None:
        return YearSoFar(charge.code, days, base, owed)
    owed = owed + known.owed_micro_days(charge.price_micro)
    return YearSoFar(charge.code, days + known.days, base + known.base_minor, owed)


def _year_line(
    charge: MinimumCharge, year: YearSoFar, group: Group, frame: Frame, place: int
) -> list[LineColumn]:
    """What the year fell short, each day of it that was billed at the price of its own version (EXPLAIN A5:
    segments are priced separately); nothing before its last bill."""
    if frame.closes is None:
        return []
    owed, which = np.unique(year.owed_micro_days(charge.price_micro), return_inverse=True)
    unit = days_in_year(frame.closes) * 10 ** (6 - frame.decimals)
    least = [div_round(one, unit, frame.rounding) for one in owed.tolist()]
    amount = np.maximum(np.array(least, dtype=np.int64)[which] - year.base_minor, 0)
    quantity = amount * 10 ** (6 - frame.decimals)
    line = _column(charge, MICRO, quantity, amount, group, frame, place)
    return [replace(line, label=closed_early(charge.label)) if frame.closes_early else line]
