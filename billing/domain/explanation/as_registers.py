"""A bill by intervals as registers would have counted it, to be held against a bill by registers.

What a dial does not tell (when within its hours something was used) is given up on both sides; the money is
not: where the registers would come to any other amount of any line, the bill is not told so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.periods import NO_PERIOD, minute_table
from billing.domain.errors import NotRateable
from billing.domain.explanation.register_sides import RegisterSide
from billing.domain.explanation.sides import Side
from billing.domain.money import Int64Array
from billing.domain.plans.plan import DayRules
from billing.domain.rating.rated import RatedBill
from billing.domain.rating.registers import RegisterMatrix, parts_of_rules
from billing.domain.reckoning.axis import axis_of, epoch_minute
from billing.domain.reckoning.usage import Usage


def as_registers(side: Side, names: Sequence[str]) -> RegisterSide | None:
    """The side as if registers of these names had counted it; None where they could not tell its money:
    prices of each hour, demand, rates that no register is said to count, energy given back."""
    if side.usage.export is not None:
        return None
    try:
        rules = side.rules()
        parts = parts_of_rules(rules)
        counted = _counted(side, side.usage, rules, parts, names)
        if counted is None:
            return None
        known, guessed = None, None
        if side.known is not None:
            known = _counted(side, side.actual(), rules, parts, names)
        guessed = (known or counted).estimated_micro_kwh[0]
        found = RegisterSide(
            counted, side.tariff, side.period, side.timezone, known, guessed, side.state
        )  # fmt: skip
        same = _lines(found.bill()) == _lines(side.bill())
    except NotRateable:
        return None
    return found if same else None


def _lines(bill: RatedBill) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for line in bill.lines:
        key = (line.kind, line.code, line.label)
        found[key] = found.get(key, 0) + line.amount_minor
    return {key: amount for key, amount in found.items() if amount}


def _counted(
    side: Side, usage: Usage, rules: DayRules, parts: Sequence[Sequence[int]], names: Sequence[str]
) -> RegisterMatrix | None:
    """What each register would have counted in each part, exactly; None where it is not said which does."""
    first = epoch_minute(usage.starts_at)
    axis = axis_of(side.zone, usage.interval_minutes, first, side.period)
    offset = (axis.first_minute - first) // usage.interval_minutes
    if offset < 0 or offset + axis.size > usage.micro_kwh.size:
        return None
    theirs = slice(offset, offset + axis.size)
    part_of = np.zeros(len(rules.days), dtype=np.int64)
    for number, places in enumerate(parts):
        part_of[list(places)] = number
    clocks = [_register_of(rules, place, names) for place in range(len(rules.days))]
    by_minute = [clock for clock in clocks if clock is not None]
    if len(by_minute) < len(clocks):
        return None
    at = np.stack(by_minute)[axis.day_index, axis.clock_minute]
    micro = np.zeros((1, len(parts), len(names)), dtype=np.int64)
    guessed = np.zeros_like(micro)
    where = part_of[axis.day_index], at
    np.add.at(micro[0], where, usage.micro_kwh[theirs])
    np.add.at(guessed[0], where, np.where(usage.estimated[theirs], usage.micro_kwh[theirs], 0))
    return RegisterMatrix(tuple(names), micro, guessed)


def _register_of(rules: DayRules, place: int, names: Sequence[str]) -> Int64Array | None:
    """int64 (1440,): of each minute of a day the register that counts it."""
    version, season = rules.energy[place]
    for charge in version.energy:
        labels = {period.label for period in charge.periods if period.covers(season)}
        if len(labels) > 1:
            return _by_label(charge, season, rules.kinds[place], names)
    return np.zeros(1440, dtype=np.int64) if len(names) == 1 else None


def _by_label(charge: EnergyCharge, season: str, kind: int, names: Sequence[str]) -> Int64Array | None:
    registers = {label: names.index(name) for name, label in charge.registers if name in names}
    table = minute_table(charge, season, kind)
    found = np.zeros(1440, dtype=np.int64)
    for number in np.unique(table).tolist():
        register = None if number == NO_PERIOD else registers.get(charge.periods[number].label)
        if register is None:
            return None
        found[table == number] = register
    return found
