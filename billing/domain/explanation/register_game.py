"""Mixtures of two bills by registers, rated by the engine that made them.

Factors as in :mod:`billing.domain.explanation.game`, but for ``weather``, ``shift`` and ``peak``, of which a
dial tells nothing. The use of each register is a factor of its own: ``use:`` and the rate it counts; where
there is but one, ``volume``. ``reactive``: kVArh a day, where a tariff charges them. ``estimate``: what was
billed on estimates less what reads have shown since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from billing.domain.errors import NotRateable
from billing.domain.explanation.game import LineKey, line_key
from billing.domain.explanation.mixing import (
    RULE_FACTORS,
    Choice,
    bit,
    calorific_differs,
    choice_of,
    mixed_rules,
    rules_differ,
    supplies_differ,
)
from billing.domain.explanation.reactive_use import by_day, reactive_differs, with_reactive_of
from billing.domain.explanation.register_sides import RegisterSide
from billing.domain.explanation.shapley import MOST_FACTORS
from billing.domain.explanation.virtual_days import DayMaps, scaled
from billing.domain.money import Int64Array
from billing.domain.plans.plan import DayRules, compile_plan
from billing.domain.rating.pricing import measured, priced
from billing.domain.rating.registers import hour_counted, parts_of_rules, register_axis

_ORDER = ("days", "price", "fixed", "tariff", "calorific", "volume")
_AFTER_USE = ("reactive", "estimate", "discount", "tax")
USE = "use:"


@dataclass(frozen=True, eq=False)
class LaidRegisters:
    """billed, actual: int64 (days, registers), the same array where nothing has changed since."""

    side: RegisterSide
    rules: DayRules
    billed: Int64Array
    actual: Int64Array

    @property
    def days(self) -> int:
        return self.side.period.days


@dataclass(frozen=True, eq=False)
class RegisterGame:
    """names: the registers of either side, in order. use_of: the factor of each."""

    sides: tuple[LaidRegisters, LaidRegisters]
    maps: DayMaps
    switched: bool
    names: tuple[str, ...]
    use_of: tuple[str, ...]

    weather = None
    given_back = None
    warmed_micro_kwh = 0

    @classmethod
    def of(cls, before: RegisterSide, after: RegisterSide) -> RegisterGame:
        names = tuple(dict.fromkeys(sorted((*before.names, *after.names))))
        sides = (_laid(before, names), _laid(after, names))
        maps = DayMaps.of(before.period, after.period, (before.tariff.holidays, after.tariff.holidays))
        switched = before.tariff.code != after.tariff.code
        return cls(sides, maps, switched, names, _uses(sides, names))

    def active(self, most: int = MOST_FACTORS) -> tuple[str, ...]:
        """The factors that differ. Beyond `most`, all registers' use is one: ``volume``."""
        found = {name for name in RULE_FACTORS if rules_differ(self.sides, self.maps, name)}
        if self._registers_differ():
            found.add("price")
        if supplies_differ(self.sides, nets=False):
            found.add("fixed")
        if self.switched and found:
            found = {"tariff"}
        before, after = self.sides
        if before.side.period != after.side.period:
            found.add("days")
        if calorific_differs(self.sides, self.maps):
            found.add("calorific")
        if any(laid.billed is not laid.actual for laid in self.sides):
            found.add("estimate")
        uses = [use for number, use in enumerate(self.use_of) if self._use_differs(number)]
        if self.reacts and reactive_differs(by_day(self.sides), self.maps):
            found.add("reactive")
        if len(found) + len(uses) > most:
            uses = ["volume"]
        if len(found) + len(uses) > most:
            found = found - {"reactive"}  # it goes with the use
        if len(found) + len(uses) > most:
            found = found - {"discount"} | {"price"}
        order = (*_ORDER, *(use for use in self.use_of if use != "volume"), *_AFTER_USE)
        return tuple(name for name in order if name in found or name in uses)

    @property
    def reacts(self) -> bool:
        """Whether either tariff charges reactive energy."""
        return any(version.reactive for laid in self.sides for version, _season in laid.rules.energy)

    def _registers_differ(self) -> bool:
        """Whether the dials count other rates on any day."""
        said = [[tuple(one.registers for one in version.energy) for version, _ in laid.rules.energy]
                for laid in self.sides]  # fmt: skip
        return any(
            [said[0][int(i)] for i in before] != [said[1][int(i)] for i in after]
            for before, after in self.maps.maps
        )

    def _use_differs(self, number: int) -> bool:
        """Whether a register counted otherwise a day, or on other days."""
        before, after = (laid.actual[:, number] for laid in self.sides)
        if int(before.sum()) * after.size != int(after.sum()) * before.size:
            return True
        level = max(int(before.sum()), int(after.sum()))
        shapes = [
            [scaled(laid.actual[self.maps.maps[calendar][side], number], level) for calendar in (0, 1)]
            for side, laid in enumerate(self.sides)
        ]
        return any(not np.array_equal(shapes[0][calendar], shapes[1][calendar]) for calendar in (0, 1))

    def path(self, calendar: int, number: int, use: int, estimate: int) -> Int64Array:
        """int64 (days of the calendar,): what one register counts in a mixture."""
        level, error = self.sides[use], self.sides[estimate]
        # As in the game of intervals, the error of one side's estimates only moves the other's level.
        source = level.billed if estimate == use else level.actual
        missed = int(error.billed[:, number].sum()) - int(error.actual[:, number].sum())
        denominator = level.days * error.days
        numerator = int(level.actual[:, number].sum()) * error.days + missed * level.days
        total = (self.sides[calendar].days * numerator * 2 + denominator) // (2 * denominator)
        return scaled(source[self.maps.maps[calendar][use], number], max(0, total))

    def values(self, factors: tuple[str, ...]) -> dict[LineKey, Int64Array]:
        """Minor units of every line in all 2^n mixtures: int64 (2^n,), bit i set: factor i as after."""
        count = 1 << len(factors)
        by_choice: dict[Choice, list[int]] = {}
        for mask in range(count):
            by_choice.setdefault(choice_of(factors, mask, switched=self.switched), []).append(mask)
        found: dict[LineKey, Int64Array] = {}
        for choice, masks in by_choice.items():
            rules = mixed_rules(self.sides, self.maps, choice)
            parts = parts_of_rules(rules)
            daily = np.stack([self._counted(factors, choice.calendar, mask) for mask in masks])
            cut = np.stack([daily[:, places].sum(axis=1) for places in parts], axis=1)
            axis = register_axis(rules, parts, self.names, partial(self._other_hour, choice, rules))
            plan = compile_plan(rules, axis)
            values = np.ascontiguousarray(cut[:, axis.part, axis.register])
            state = self.sides[choice.fixed].side.state
            if self.reacts:
                name = "reactive" if "reactive" in factors else "volume"
                of = [bit(factors, mask, name) for mask in masks]
                state = with_reactive_of(self.sides, self.maps, choice.calendar, of, state)
            for line in priced(plan, measured(plan, values), state, len(masks)).lines:
                key = line_key(line.kind, line.code, line.label)
                found.setdefault(key, np.zeros(count, dtype=np.int64))[masks] += line.amount_minor
        return found

    def _counted(self, factors: tuple[str, ...], calendar: int, mask: int) -> Int64Array:
        """int64 (days of the calendar, registers)."""
        estimate = bit(factors, mask, "estimate")
        names = [use if use in factors else "volume" for use in self.use_of]
        # Where a register's use is equal, take the side that knows the estimates as billed.
        uses = [bit(factors, mask, name) if name in factors else estimate for name in names]
        paths = [self.path(calendar, number, use, estimate) for number, use in enumerate(uses)]
        return np.stack(paths, axis=1)

    def _other_hour(
        self, choice: Choice, rules: DayRules, register: str, places: Sequence[int]
    ) -> tuple[int, int]:
        """When a register counts that has no hour in a part of the days: as on the nearest day that has one;
        where the price's own side does not know it, when it counts on the other side."""
        by_distance = sorted(range(len(rules.days)), key=lambda place: (abs(place - places[0]), place))
        found = _first_hour(rules, register, by_distance)
        if found is not None:
            return found
        other = self.sides[1 - choice.price].rules
        theirs = _first_hour(other, register, range(len(other.days)))
        return places[0], 0 if theirs is None else theirs[1]


def _first_hour(rules: DayRules, register: str, places: Iterable[int]) -> tuple[int, int] | None:
    for place in places:
        version, season = rules.energy[place]
        try:
            return hour_counted(version, register, season, [place], rules)
        except NotRateable:
            continue
    return None


def _laid(side: RegisterSide, names: tuple[str, ...]) -> LaidRegisters:
    billed = side.daily(side.counted, names)
    actual = billed
    if side.known is not None:
        actual = side.daily(side.known, names)
        if np.array_equal(actual, billed):
            actual = billed
    return LaidRegisters(side, side.rules(), billed, actual)


def _uses(sides: tuple[LaidRegisters, LaidRegisters], names: tuple[str, ...]) -> tuple[str, ...]:
    """The factor of each register's use, named by the rate where that says which it is."""
    if len(names) == 1:
        return ("volume",)
    said = [{label for laid in sides if (label := laid.side.label_of(name))} for name in names]
    # Where the two tariffs say otherwise, the register's own name stands.
    labels = [min(found) if len(found) == 1 else name for found, name in zip(said, names, strict=True)]
    return tuple(
        f"{USE}{label if labels.count(label) == 1 else name}"
        for name, label in zip(names, labels, strict=True)
    )
