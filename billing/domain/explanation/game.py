"""Every mixture of before and after, rated by the same engine in one batch a plan.

Factors of the present charges: ``days`` (calendar), ``price``, ``fixed``, ``volume`` (kWh a day), ``shift``
(shape over hours and days), ``estimate`` (billed minus now known), ``tax`` (change of the rule). Where the
tariff was switched, ``price``, ``fixed`` and ``tax`` are one: ``tariff``. A factor that is equal on both
sides is dropped; that changes no other effect. Later factors (weather, peak, discount) take their place in
FACTORS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np

from billing.domain.days import day_kind
from billing.domain.explanation.sides import Side, lay
from billing.domain.explanation.virtual_days import DayMaps, scaled
from billing.domain.money import Int64Array
from billing.domain.plan import DayRules, Plan, compile_plan
from billing.domain.pricing import LineColumn, determinants, lines_of
from billing.domain.tariff import Version

# The fixed order decides ties when effects are rounded.
FACTORS = ("days", "price", "fixed", "tariff", "volume", "shift", "estimate", "tax")
RULE_FACTORS = ("price", "fixed", "tax")
USE_FACTORS = ("volume", "shift", "estimate")

LineKey = tuple[str, str, str]  # kind, code, label (of an energy line; else empty)


def line_key(kind: str, code: str, label: str) -> LineKey:
    """What makes two lines the same row: an energy line's label, any other's code alone."""
    return (kind, code, label if kind == "energy" else "")


@dataclass(frozen=True, eq=False)
class LaidSide:
    """billed, actual: int64 (days, slots), the same array where nothing has changed since."""

    side: Side
    rules: DayRules
    billed: Int64Array
    actual: Int64Array

    @property
    def days(self) -> int:
        return self.side.period.days


@dataclass(frozen=True, eq=False)
class Game:
    """Two laid sides and how their days stand for each other; 0 is before, 1 after."""

    sides: tuple[LaidSide, LaidSide]
    maps: DayMaps
    slot_minutes: int
    switched: bool

    @classmethod
    def of(cls, before: Side, after: Side) -> Game:
        slot_minutes = gcd(before.usage.interval_minutes, after.usage.interval_minutes)
        laid = tuple(_lay(side, slot_minutes) for side in (before, after))
        calendars = (before.tariff.holidays, after.tariff.holidays)
        maps = DayMaps.of(before.period, after.period, calendars)
        return cls((laid[0], laid[1]), maps, slot_minutes, before.tariff.code != after.tariff.code)

    def active(self) -> tuple[str, ...]:
        """The factors that differ, in the order of FACTORS."""
        found = {name for name in RULE_FACTORS if self._rules_differ(name)}
        if self.switched and found:
            found = {"tariff"}
        before, after = self.sides
        if before.side.period != after.side.period:
            found.add("days")
        if int(before.actual.sum()) * after.days != int(after.actual.sum()) * before.days:
            found.add("volume")
        if any(self._shapes_differ(calendar) for calendar in (0, 1)):
            found.add("shift")
        if any(laid.billed is not laid.actual for laid in self.sides):
            found.add("estimate")
        return tuple(name for name in FACTORS if name in found)

    def _rules_differ(self, name: str) -> bool:
        for calendar in (0, 1):
            days = self.sides[calendar].rules.days
            chosen = []
            for side in (0, 1):
                given = _given(name, self.sides[side].rules)
                chosen.append([given[int(i)] for i in self.maps.maps[calendar][side]])
            # The same versions need no look inside, which is the usual case.
            if chosen[0] != chosen[1] and any(
                _CONTENT[name](*a) != _CONTENT[name](*b) for a, b in zip(*chosen, strict=True)
            ):
                return True
            if name == "price" and self._readings_of_days_differ(days):
                return True
        return False

    def _readings_of_days_differ(self, days: tuple[date, ...]) -> bool:
        """Whether the tariffs know other holidays on these days, or round otherwise."""
        rules = [laid.rules for laid in self.sides]
        if (rules[0].decimals, rules[0].rounding) != (rules[1].decimals, rules[1].rounding):
            return True
        before, after = (laid.side.tariff.holidays for laid in self.sides)
        return before != after and any(day_kind(day, before) != day_kind(day, after) for day in days)

    def _shapes_differ(self, calendar: int) -> bool:
        shapes = [self.sides[s].actual[self.maps.maps[calendar][s]] for s in (0, 1)]
        total = max(int(shape.sum()) for shape in shapes)
        return not np.array_equal(scaled(shapes[0], total), scaled(shapes[1], total))

    def path(self, calendar: int, volume: int, shift: int, estimate: int) -> Int64Array:
        """int64 (days of the calendar, slots): the usage of a mixture."""
        shape_side = self.sides[shift]
        # The error of one side's estimates cannot be laid on the other's shape; there it only moves the
        # level.
        source = shape_side.billed if estimate == shift else shape_side.actual
        shape = source[self.maps.maps[calendar][shift]]
        level, error = self.sides[volume], self.sides[estimate]
        missed = int(error.billed.sum()) - int(error.actual.sum())
        # days * (level a day + error a day), over the common denominator
        numerator = int(level.actual.sum()) * error.days + missed * level.days
        denominator = level.days * error.days
        total = (self.sides[calendar].days * numerator * 2 + denominator) // (2 * denominator)
        return scaled(shape, max(0, total))

    def rules(self, calendar: int, price: int, fixed: int, tax: int) -> DayRules:
        maps = self.maps.maps[calendar]
        days = self.sides[calendar].rules.days
        of_price, of_fixed, of_tax = (self.sides[side].rules for side in (price, fixed, tax))
        holidays = self.sides[price].side.tariff.holidays
        return DayRules(
            days,
            tuple(day_kind(day, holidays) for day in days),
            tuple(of_price.energy[int(i)] for i in maps[price]),
            tuple(of_fixed.fixed[int(i)] for i in maps[fixed]),
            tuple(of_tax.taxes[int(i)] for i in maps[tax]),
            of_price.currency,
            of_price.decimals,
            of_price.rounding,
        )

    def plan(self, calendar: int, price: int, fixed: int, tax: int) -> Plan:
        days, slots = self.sides[calendar].days, 1440 // self.slot_minutes
        day_index = np.repeat(np.arange(days, dtype=np.int32), slots)
        clock = np.tile(np.arange(slots, dtype=np.int16) * self.slot_minutes, days)
        return compile_plan(self.rules(calendar, price, fixed, tax), day_index, clock)

    def values(self, factors: tuple[str, ...]) -> dict[LineKey, Int64Array]:
        """Minor units of every line in all 2^n mixtures: int64 (2^n,), bit i set: factor i as after."""
        count = 1 << len(factors)
        by_plan: dict[tuple[int, int, int, int], list[int]] = {}
        paths: dict[tuple[int, int, int, int], Int64Array] = {}
        found: dict[LineKey, Int64Array] = {}
        for mask in range(count):
            by_plan.setdefault(self._plan_choice(factors, mask), []).append(mask)
        for choice, masks in by_plan.items():
            rows = []
            for mask in masks:
                volume, shift, estimate = (_bit(factors, mask, name) for name in USE_FACTORS)
                if "shift" not in factors:
                    shift = estimate  # shapes are equal, so take the one that knows the estimates as billed
                key = (choice[0], volume, shift, estimate)
                if key not in paths:
                    paths[key] = self.path(*key).ravel()
                rows.append(paths[key])
            for line in rate_paths(np.stack(rows), self.plan(*choice)):
                row = found.setdefault(
                    line_key(line.kind, line.code, line.label), np.zeros(count, dtype=np.int64)
                )
                row[masks] += line.amount_minor
        return found

    def _plan_choice(self, factors: tuple[str, ...], mask: int) -> tuple[int, int, int, int]:
        calendar = _bit(factors, mask, "days")
        if self.switched:
            whole = _bit(factors, mask, "tariff")
            return (calendar, whole, whole, whole)
        price, fixed, tax = (_bit(factors, mask, name) for name in RULE_FACTORS)
        return (calendar, price, fixed, tax)


def rate_paths(paths: Int64Array, plan: Plan) -> tuple[LineColumn, ...]:
    """Price paths (mixtures, days * slots) that share one plan: the two stages of any bill."""
    energy = [determinants(found, paths) for found in plan.energy]
    return lines_of(plan, energy, paths.shape[0])


def _lay(side: Side, slot_minutes: int) -> LaidSide:
    billed = lay(side.usage, side.period, side.zone, slot_minutes)
    actual = billed
    if side.known is not None:
        actual = lay(side.actual(), side.period, side.zone, slot_minutes)
        if np.array_equal(actual, billed):
            actual = billed
    return LaidSide(side, side.rules(), billed, actual)


def _bit(factors: tuple[str, ...], mask: int, name: str) -> int:
    return mask >> factors.index(name) & 1 if name in factors else 0


def _given(name: str, rules: DayRules) -> Sequence[tuple[Any, ...]]:
    """For each day what a factor takes its content from: a version, and for energy the season."""
    if name == "price":
        return rules.energy
    return [(version,) for version in (rules.fixed if name == "fixed" else rules.taxes)]


@lru_cache(maxsize=512)
def price_content(version: Version, season: str) -> tuple[Any, ...]:
    """What a version charges for energy in a season, without the names of seasons."""
    return tuple(
        (
            charge.code,
            charge.tiers,
            tuple(
                (period.label, period.prices, period.day_kinds, period.spans, period.otherwise)
                for period in charge.periods
                if period.covers(season)
            ),
        )
        for charge in version.energy
    )


@lru_cache(maxsize=512)
def _tax_content(version: Version) -> tuple[Any, ...]:
    codes = [charge.code for charge in version.charges]
    return tuple((tax, tuple(codes[codes.index(tax.code) :])) for tax in version.taxes)


_CONTENT: dict[str, Callable[..., Any]] = {
    "price": price_content,
    "fixed": lambda version: version.fixed,
    "tax": _tax_content,
}
