"""The rules of a mixture of two bills: for each day of a calendar, what prices it comes from either side.

The same for bills of intervals and of registers: neither looks at readings here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple, Protocol

from billing.domain.explanation.contents import CONTENT
from billing.domain.explanation.virtual_days import DayMaps
from billing.domain.money import Int64Array
from billing.domain.plans.plan import DayRules
from billing.domain.plans.supply_state import SupplyState
from billing.domain.reckoning.days import day_kind
from billing.domain.reckoning.volume import CalorificValue, Volume
from billing.domain.tariffs.tariff import Tariff

RULE_FACTORS = ("price", "fixed", "discount", "tax")


class Billed(Protocol):
    """What a bill of any kind of meter is priced by."""

    @property
    def tariff(self) -> Tariff: ...
    @property
    def state(self) -> SupplyState: ...


class Ruled(Protocol):
    """One laid side of a game."""

    @property
    def side(self) -> Billed: ...
    @property
    def rules(self) -> DayRules: ...


Pair = tuple[Ruled, Ruled]


class Choice(NamedTuple):
    """From which side (0 before, 1 after) each part of a plan comes."""

    calendar: int
    price: int
    fixed: int
    discount: int
    tax: int
    peak: int
    calorific: int

    @classmethod
    def all_of(cls, side: int, calendar: int) -> Choice:
        """Everything of one side, on the days of one."""
        return cls(calendar, side, side, side, side, side, side)


def bit(factors: tuple[str, ...], mask: int, name: str) -> int:
    """Of which side a mixture takes a factor: 0 for one that is equal on both."""
    return mask >> factors.index(name) & 1 if name in factors else 0


def choice_of(factors: tuple[str, ...], mask: int, *, switched: bool) -> Choice:
    calendar, peak = bit(factors, mask, "days"), bit(factors, mask, "peak")
    calorific = bit(factors, mask, "calorific")
    if switched:
        whole = bit(factors, mask, "tariff")
        return Choice(calendar, whole, whole, whole, whole, peak, calorific)
    # Rules that are equal on both sides, or merged with the price, go with the first that differ: another
    # version may still put its charges in another order, and neither bill is to decide it alone.
    lead = next((name for name in RULE_FACTORS if name in factors), "")
    price, fixed, discount, tax = (
        bit(factors, mask, name if name in factors else lead) for name in RULE_FACTORS
    )
    return Choice(calendar, price, fixed, discount, tax, peak, calorific)


def mixed_rules(sides: Pair, maps: DayMaps, choice: Choice) -> DayRules:
    of = maps.maps[choice.calendar]
    days = sides[choice.calendar].rules.days
    of_price, of_fixed = sides[choice.price].rules, sides[choice.fixed].rules
    holidays = sides[choice.price].side.tariff.holidays
    gas = sides[choice.calorific].rules
    return DayRules(
        days,
        tuple(day_kind(day, holidays) for day in days),
        tuple(of_price.energy[int(i)] for i in of[choice.price]),
        tuple(of_fixed.fixed[int(i)] for i in of[choice.fixed]),
        tuple(sides[choice.discount].rules.discounts[int(i)] for i in of[choice.discount]),
        tuple(sides[choice.tax].rules.taxes[int(i)] for i in of[choice.tax]),
        of_fixed.closes,
        of_price.currency,
        of_price.decimals,
        of_price.rounding,
        of_price.prices,
        _volume_on(days, gas, [gas.days[int(i)] for i in of[choice.calorific]]),
        of_fixed.others,
    )


def _volume_on(days: Sequence[date], given: DayRules, source: Sequence[date]) -> Volume | None:
    """The conversion of one side on other days: each has the calorific value of the day it stands for."""
    volume = given.volume
    if volume is None or volume.commodity == "water" or tuple(days) == tuple(source):
        return volume
    values: list[CalorificValue] = []
    for day, other in zip(days, source, strict=True):
        known = volume.value_on(other)
        if known is not None and (not values or values[-1].micro != known.micro):
            values.append(CalorificValue(day, known.micro))
    return replace(volume, values=tuple(values))


def calorific_differs(sides: Pair, maps: DayMaps) -> bool:
    """Whether the same cubic metres would be another number of kWh."""
    if any(one.rules.volume is None for one in sides):
        return False
    for calendar in (0, 1):
        factors = []
        for side in (0, 1):
            volume, days = sides[side].rules.volume, sides[side].rules.days
            assert volume is not None
            values = [volume.value_on(days[int(i)]) for i in maps.maps[calendar][side]]
            factors.append([value and volume.factor(value) for value in values])
        if factors[0] != factors[1]:
            return True
    return False


def rules_differ(sides: Pair, maps: DayMaps, name: str) -> bool:
    """Whether what a factor of RULE_FACTORS says differs on any day."""
    for calendar in (0, 1):
        days = sides[calendar].rules.days
        chosen = []
        for side in (0, 1):
            given = _given(name, sides[side].rules)
            chosen.append([given[int(i)] for i in maps.maps[calendar][side]])
        # The same versions need no look inside, which is the usual case.
        if chosen[0] != chosen[1] and any(
            CONTENT[name](*a) != CONTENT[name](*b) for a, b in zip(*chosen, strict=True)
        ):
            return True
        if name == "price" and _readings_of_days_differ(sides, days):
            return True
    return False


def _readings_of_days_differ(sides: Pair, days: tuple[date, ...]) -> bool:
    """Whether the tariffs know other holidays on these days, or round otherwise."""
    rules = [laid.rules for laid in sides]
    if (rules[0].decimals, rules[0].rounding) != (rules[1].decimals, rules[1].rounding):
        return True
    before, after = (laid.side.tariff.holidays for laid in sides)
    return before != after and any(day_kind(day, before) != day_kind(day, after) for day in days)


def supplies_differ(sides: Pair, *, nets: bool) -> bool:
    """Whether fixed charges or minimums meet another connection or another year so far. nets: whether
    either tariff sets off what is given back."""
    versions = {version for laid in sides for version in laid.rules.fixed}
    each = {charge.each for version in versions for charge in version.fixed if charge.each}
    looked_at = versions.union(*(laid.rules.others for laid in sides))
    yearly = {one.code for version in looked_at for one in version.minimums if one.per == "year"}
    states = [laid.side.state for laid in sides]
    connected = [[_first(state.connected_micro.get(one)) for one in sorted(each)] for state in states]
    years = [[_so_far(state, code) for code in sorted(yearly)] for state in states]
    counts = bool(yearly) or nets
    ends = [(laid.rules.closes, laid.side.state.ends) if counts else () for laid in sides]
    return connected[0] != connected[1] or years[0] != years[1] or ends[0] != ends[1]


def _first(values: Int64Array | None) -> int | None:
    return None if values is None else int(values[0])


def _so_far(state: SupplyState, code: str) -> tuple[int, int, int | None] | None:
    year = state.year(code)
    if year is None:
        return None
    return int(year.days[0]), int(year.base_minor[0]), _first(year.micro_days)


def _given(name: str, rules: DayRules) -> Sequence[tuple[Any, ...]]:
    """For each day what a factor takes its content from: a version, and for energy the season."""
    if name == "price":
        return rules.energy
    given = {"fixed": rules.fixed, "discount": rules.discounts, "tax": rules.taxes}
    return [(version,) for version in given[name]]
