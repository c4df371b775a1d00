"""Every mixture of before and after, rated by the same engine in one batch a plan.

Factors: ``days`` (calendar), ``price``, ``fixed``, ``weather`` (kWh a day that a fit lays to the
temperature), ``volume`` (kWh a day beyond that), ``shift`` (shape over hours and days), ``peak`` (the same
for demand alone: its highest relative to the volume, and what a ratchet looks back upon), ``estimate``
(billed minus now known), ``discount`` and ``tax`` (change of the rule). ``fixed`` holds minimums too, the
connection that a price is multiplied by, and the year so far. Where the tariff was switched, ``price``,
``fixed``, ``discount`` and ``tax`` are one: ``tariff``. Of energy given back: ``export_volume`` and
``export_shift``, and ``credit``, what net metering brought in from earlier bills. ``calorific``: kWh a cubic
metre of gas; ``reactive``: kVArh a day, or an interval where power is in kVA. A factor that is equal on
both sides is dropped; that changes no other effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import gcd

import numpy as np

from billing.domain.explanation.given_back import (
    Given,
    credit_rows,
    given_factors,
    given_path,
    laid_given,
    mixed_state,
)
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
from billing.domain.explanation.reactive_use import (
    Laid,
    by_day,
    by_interval,
    intervals_of,
    reactive_differs,
    reactive_rows,
    with_reactive_of,
)
from billing.domain.explanation.shapley import MOST_FACTORS
from billing.domain.explanation.sides import Grid, GridAxis, Side, lay, twice
from billing.domain.explanation.virtual_days import DayMaps, scaled
from billing.domain.explanation.weather.parting import Weather
from billing.domain.money import Int64Array
from billing.domain.plans.plan import DayRules, Plan, compile_plan
from billing.domain.plans.supply_state import NOTHING_KNOWN, EarlierDemand, SupplyState
from billing.domain.rating.pricing import measured, priced
from billing.domain.reckoning.lines import LineColumn

# The fixed order decides ties when effects are rounded.
FACTORS = (
    "days", "price", "fixed", "tariff", "calorific", "weather", "volume", "shift", "peak", "reactive",
    "export_volume", "export_shift", "credit", "estimate", "discount", "tax",
)  # fmt: skip
# Beyond the most that a game has, the first of a pair goes with the second.
MERGED = (
    ("discount", "price"),
    ("reactive", "volume"),
    ("credit", "fixed"),
    ("export_shift", "export_volume"),
)
LABELLED = ("energy", "demand", "export")
"""Kinds of line that a charge has several of, told apart by their labels."""

LineKey = tuple[str, str, str]  # kind, code, label (of an energy or demand line; else empty)


def line_key(kind: str, code: str, label: str) -> LineKey:
    """What makes two lines the same row: a label where the charge has labels, else its code alone."""
    return (kind, code, label if kind in LABELLED else "")


@dataclass(frozen=True, eq=False)
class LaidSide:
    """billed, actual: int64 (days, columns), the same array where nothing has changed since."""

    side: Side
    rules: DayRules
    billed: Int64Array
    actual: Int64Array

    @property
    def days(self) -> int:
        return self.side.period.days

    @property
    def earlier(self) -> tuple[EarlierDemand, ...]:
        return self.side.state.earlier(self.side.period.starts_on)


@dataclass(frozen=True, eq=False)
class Game:
    """Two laid sides and how their days stand for each other; 0 is before, 1 after."""

    sides: tuple[LaidSide, LaidSide]
    maps: DayMaps
    grid: Grid
    switched: bool
    given_back: Given | None
    weather: Weather | None = None
    reacted: Laid = (None, None)
    plans: dict[Choice, Plan] = field(default_factory=dict, init=False, repr=False)
    """Those made so far; axes likewise, by whose calendar and whose prices."""
    axes: dict[tuple[int, int], GridAxis] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, before: Side, after: Side, weather: Weather | None = None) -> Game:
        slot_minutes = gcd(*(length for side in (before, after) for length in _lengths(side) if length))
        again = [twice(side.usage, side.period, side.zone, slot_minutes) for side in (before, after)]
        grid = Grid.of(slot_minutes, again[0] | again[1])
        laid = tuple(_lay(side, grid) for side in (before, after))
        calendars = (before.tariff.holidays, after.tariff.holidays)
        maps = DayMaps.of(before.period, after.period, calendars)
        switched, given = before.tariff.code != after.tariff.code, laid_given((before, after), grid)
        reacted = by_interval((before, after), grid)
        return cls((laid[0], laid[1]), maps, grid, switched, given, weather, reacted)

    def active(self, most: int = MOST_FACTORS) -> tuple[str, ...]:
        """The factors that differ, in the order of FACTORS; beyond `most` they are merged, see MERGED."""
        found = {name for name in RULE_FACTORS if rules_differ(self.sides, self.maps, name)}
        if "price" not in found and any(self._series_differ(calendar) for calendar in (0, 1)):
            found.add("price")
        if supplies_differ(self.sides, nets=self._nets):
            found.add("fixed")
        if self.switched and found:
            found = {"tariff"}
        before, after = self.sides
        if before.side.period != after.side.period:
            found.add("days")
        if calorific_differs(self.sides, self.maps):
            found.add("calorific")
        # Micro-kWh over both numbers of days: exact.
        beyond = int(after.actual.sum()) * before.days - int(before.actual.sum()) * after.days
        if self.warmed_micro_kwh:
            found.add("weather")
            beyond -= self.warmed_micro_kwh * before.days * after.days
        if beyond:
            found.add("volume")
        reshaped = any(self._shapes_differ(calendar) for calendar in (0, 1))
        if reshaped:
            found.add("shift")
        if self.demand_counts and (reshaped or _drawn_otherwise(before, after)):
            found.add("peak")
        if any(laid.billed is not laid.actual for laid in self.sides):
            found.add("estimate")
        if self.reacts and reactive_differs(by_day(self.sides), self.maps):
            found.add("reactive")
        if reactive_differs(self.reacted, self.maps):
            found.add("reactive")
        if self.given_back is not None:
            found |= given_factors(self.given_back, self.maps)
        states = [credit_rows(laid.side.state) for laid in self.sides]
        if self._nets and states[0] != states[1]:
            found.add("credit")
        for small, large in MERGED:
            if len(found) > most and small in found:
                found = found - {small} | {large}
        return tuple(name for name in FACTORS if name in found)

    @property
    def warmed_micro_kwh(self) -> int:
        """What the weather added a day, as fitted, from before to after."""
        if self.weather is None:
            return 0
        before, after = self.weather.micro_kwh_a_day
        return after - before

    @property
    def demand_counts(self) -> bool:
        """Whether either tariff has something that depends on the highest demand."""
        return any(version.reads_demand for laid in self.sides for version, _season in laid.rules.energy)

    @property
    def reacts(self) -> bool:
        """Whether either tariff charges reactive energy by the day."""
        return any(version.reactive for laid in self.sides for version, _season in laid.rules.energy)

    @property
    def _nets(self) -> bool:
        """Whether either tariff sets off what is given back against later use."""
        versions = (version for laid in self.sides for version, _season in laid.rules.energy)
        return any(charge.net for version in versions for charge in version.energy)

    def _series_differ(self, calendar: int) -> bool:
        """Whether the days' prices differ where they come from a series."""
        versions = [version for laid in self.sides for version, _season in laid.rules.energy]
        if not any(version.dynamic or any(one.terms for one in version.export) for version in versions):
            return False
        whole = [self.plan(Choice.all_of(side, calendar)) for side in (0, 1)]
        plans = [(*plan.dynamic, *plan.export.by_series) for plan in whole]
        weights = [
            [(key.key.label, key.unit, key.weights.tolist()) for plan in found for key in plan.keys]
            for found in plans
        ]
        return weights[0] != weights[1]

    def _shapes_differ(self, calendar: int) -> bool:
        shapes = [self.sides[s].actual[self.maps.maps[calendar][s]] for s in (0, 1)]
        total = max(int(shape.sum()) for shape in shapes)
        return not np.array_equal(scaled(shapes[0], total), scaled(shapes[1], total))

    def path(self, calendar: int, weather: int, volume: int, shift: int, estimate: int) -> Int64Array:
        """int64 (days of the calendar, columns): the usage of a mixture.

        Its level is that of the volume's side, moved by the weather's where that is of the other.
        """
        shape_side = self.sides[shift]
        # The error of one side's estimates cannot be laid on the other's shape; there it only moves the
        # level.
        source = shape_side.billed if estimate == shift else shape_side.actual
        shape = source[self.maps.maps[calendar][shift]]
        level, error = self.sides[volume], self.sides[estimate]
        missed = int(error.billed.sum()) - int(error.actual.sum())
        # days * (level a day + error a day + weather a day), over the common denominator
        denominator = level.days * error.days
        numerator = int(level.actual.sum()) * error.days + missed * level.days
        numerator += (weather - volume) * self.warmed_micro_kwh * denominator
        total = (self.sides[calendar].days * numerator * 2 + denominator) // (2 * denominator)
        return scaled(shape, max(0, total))

    def plan(self, choice: Choice) -> Plan:
        """Made once: the words of an explanation ask again for what its amounts were made with."""
        found = self.plans.get(choice)
        if found is None:
            rules = mixed_rules(self.sides, self.maps, choice)
            reading_minutes = self.sides[choice.peak].side.usage.interval_minutes
            axis = self._axis(choice.calendar, choice.price)
            reactive_minutes = (
                _lengths(self.sides[choice.peak].side)[1] or _lengths(self.sides[1 - choice.peak].side)[1]
            )
            found = compile_plan(rules, axis, reading_minutes, reactive_minutes)
            self.plans[choice] = found
        return found

    def _axis(self, calendar: int, price: int) -> GridAxis:
        found = self.axes.get((calendar, price))
        if found is None:
            of_price = self.sides[price]
            price_days = [of_price.rules.days[int(i)] for i in self.maps.maps[calendar][price]]
            found = self.axes[calendar, price] = self.grid.axis(price_days, of_price.side.zone)
        return found

    def values(self, factors: tuple[str, ...]) -> dict[LineKey, Int64Array]:
        """Minor units of every line in all 2^n mixtures: int64 (2^n,), bit i set: factor i as after."""
        count = 1 << len(factors)
        by_plan: dict[Choice, list[int]] = {}
        paths: dict[tuple[int, int, int, int, int], Int64Array] = {}
        found: dict[LineKey, Int64Array] = {}
        for mask in range(count):
            by_plan.setdefault(choice_of(factors, mask, switched=self.switched), []).append(mask)
        for choice, masks in by_plan.items():
            plan = self.plan(choice)
            rows: dict[str, list[Int64Array]] = {"shift": [], "peak": []}
            for mask in masks:
                volume, estimate = bit(factors, mask, "volume"), bit(factors, mask, "estimate")
                weather = bit(factors, mask, "weather") if "weather" in factors else volume
                for name, of_name in rows.items():
                    # Where shapes are equal, take the one that knows the estimates as billed.
                    shape = bit(factors, mask, name) if name in factors else estimate
                    key = (choice.calendar, weather, volume, shape, estimate)
                    if key not in paths:
                        paths[key] = self.path(*key).ravel()
                    of_name.append(paths[key])
            drawn = np.stack(rows["peak"]) if plan.depends_on_demand else None
            earlier, state = self.sides[choice.peak].earlier, self.sides[choice.fixed].side.state
            exported = self._exported(factors, choice.calendar, masks)
            if self._nets:
                name = "credit" if "credit" in factors else "fixed"
                of = [bit(factors, mask, name) for mask in masks]
                state = mixed_state(state, [laid.side.state for laid in self.sides], of)
            if self.reacts:
                name = "reactive" if "reactive" in factors else "volume"
                of = [bit(factors, mask, name) for mask in masks]
                state = with_reactive_of(self.sides, self.maps, choice.calendar, of, state)
            name = "reactive" if "reactive" in factors else "volume"
            of = [bit(factors, mask, name) for mask in masks]
            reactive = reactive_rows(self.reacted, self.maps, choice.calendar, of)
            for line in rate_paths(np.stack(rows["shift"]), plan, drawn, earlier, state, exported, reactive):
                row = found.setdefault(
                    line_key(line.kind, line.code, line.label), np.zeros(count, dtype=np.int64)
                )
                row[masks] += line.amount_minor
        return found

    def _exported(self, factors: tuple[str, ...], calendar: int, masks: Sequence[int]) -> Int64Array | None:
        """What is given back in each mixture, int64 (mixtures, days * columns)."""
        if self.given_back is None:
            return None
        hours = "export_shift" if "export_shift" in factors else "export_volume"
        sides = [(bit(factors, mask, "export_volume"), bit(factors, mask, hours)) for mask in masks]
        paths = {pair: given_path(self.given_back, self.maps, calendar, *pair).ravel() for pair in set(sides)}
        return np.stack([paths[pair] for pair in sides])


def rate_paths(
    paths: Int64Array,
    plan: Plan,
    drawn: Int64Array | None = None,
    earlier: Sequence[EarlierDemand] = (),
    state: SupplyState = NOTHING_KNOWN,
    exported: Int64Array | None = None,
    reactive: Int64Array | None = None,
) -> tuple[LineColumn, ...]:
    """Price paths (mixtures, days * columns) that share one plan: the two stages of any bill.

    drawn: what demand is read from, where it is not the same. earlier: what it looks back upon; state: what
    else is known of the supply. exported: the energy given back. reactive: what power in kVA is read from
    too.
    """
    if drawn is not None:
        drawn, _rest = plan.export.set_off(drawn, exported)
    paths, exported = plan.export.set_off(paths, exported)
    found = measured(
        plan, paths, demand_micro_kwh=drawn, earlier=earlier, exported=exported, reactive=reactive
    )
    return priced(plan, found, state, paths.shape[0]).lines


def _drawn_otherwise(before: LaidSide, after: LaidSide) -> bool:
    """Whether demand is read from readings of another length, or looks back upon something else."""
    known = [
        [(one.code, one.label, one.months_back, one.month, one.micro_kw.tolist()) for one in laid.earlier]
        for laid in (before, after)
    ]
    lengths = [_lengths(laid.side) for laid in (before, after)]
    reactive = {length for _own, length in lengths if length}
    return known[0] != known[1] or lengths[0][0] != lengths[1][0] or len(reactive) > 1


def _lengths(side: Side) -> tuple[int, int]:
    """Minutes of its readings, and of its reactive energy's where power is measured of them; else 0."""
    found = intervals_of(side)
    return side.usage.interval_minutes, 0 if found is None else found.interval_minutes


def _lay(side: Side, grid: Grid) -> LaidSide:
    billed = lay(side.usage, side.period, side.zone, grid)
    actual = billed
    if side.known is not None:
        actual = lay(side.actual(), side.period, side.zone, grid)
        if np.array_equal(actual, billed):
            actual = billed
    return LaidSide(side, side.rules(), billed, actual)
