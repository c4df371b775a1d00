"""Bills of what registers counted, where there are no intervals: the same plan and the same prices.

A register counts one label's hours: the tariff says which (`registers` of an energy charge), and where a
charge has one label there is nothing to say. The period is cut where a price, an end of tiers or an
adjustment changes; of each part and register one interval stands for all of its hours, and the engine prices
those as any others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from billing.domain.accounts.adjusting import groups_of
from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.periods import minute_table
from billing.domain.errors import BeyondExact, NotRateable
from billing.domain.money import ENERGY_MICRO_LIMIT, Int64Array
from billing.domain.plans.plan import DayRules, compile_plan, rules_of
from billing.domain.plans.supply_state import NOTHING_KNOWN, ReactiveUse, SupplyState
from billing.domain.rating.pricing import Determinants, measured, priced
from billing.domain.rating.rated import RatedBatch
from billing.domain.reckoning.days import Period
from billing.domain.tariffs.tariff import Tariff, Version

_MINUTES = 30
REACTIVE_UNIT = "kVArh"
"""Of the registers that count reactive energy."""
Otherwise = Callable[[str, list[int]], tuple[int, int] | None]
"""(register, places of a part) -> a place and a minute of the clock; None: it has no hour there."""


@dataclass(frozen=True, eq=False)
class RegisterMatrix:
    """Both int64 (customers, parts, registers), micro-kWh, or micro-m3 of gas and water: consumption, and how
    much of it was not read. The parts are those of :func:`register_cuts`, names those of the registers."""

    names: tuple[str, ...]
    micro_kwh: Int64Array
    estimated_micro_kwh: Int64Array


@dataclass(frozen=True, eq=False)
class RegisterAxis:
    """One interval for each part and register that has hours in it; see domain.tariffs.labels.Intervals.

    part, register: int64 (intervals,), whose consumption each holds.
    """

    interval_minutes: int
    day_index: npt.NDArray[np.int64]
    clock_minute: npt.NDArray[np.int64]
    repeated: npt.NDArray[np.bool_]
    minutes: npt.NDArray[np.int64]
    part: npt.NDArray[np.int64]
    register: npt.NDArray[np.int64]


def register_cuts(tariff: Tariff, period: Period) -> tuple[date, ...]:
    """The first day of each part but the first. Raises NotRateable where no version is in force."""
    rules = rules_of(tariff, period)
    return tuple(rules.days[places[0]] for places in parts_of_rules(rules)[1:])


def parts_of_rules(rules: DayRules) -> list[list[int]]:
    """Days, as places, in whose time nothing that is priced changes."""
    _groups, group_of_day = groups_of(rules.days, rules.discounts, rules.fixed, rules.taxes)
    found: list[list[int]] = []
    last: object = None
    for place, (day, (version, season), group) in enumerate(
        zip(rules.days, rules.energy, group_of_day, strict=True)
    ):
        monthly = any(charge.tiers and charge.tiers.by == "month" for charge in version.energy)
        monthly |= any(charge.by == "month" for charge in version.reactive)
        gas = None if rules.volume is None else rules.volume.value_on(day)
        month = (day.year, day.month) if monthly else None
        now = (version.energy, version.reactive, season, group, month, gas)
        if now != last:
            found.append([])
        found[-1].append(place)
        last = now
    return found


def rate_registers(
    usage: RegisterMatrix, tariff: Tariff, period: Period, *, state: SupplyState = NOTHING_KNOWN
) -> RatedBatch:
    """Price ``period`` (local dates) for every row of ``usage``. state: of the same customers, with the kVArh
    of each day where the tariff charges them; see `reactive_of_parts`.

    Raises UnknownReactive where it charges them and they are not known; NotRateable where the tariff needs
    intervals: demand, prices of each hour, tiers that fill in the order of time over several labels; and
    where it does not say what a register counts.
    """
    rules = rules_of(tariff, period)
    for version in dict.fromkeys(version for version, _season in rules.energy):
        _refuse_intervals(version)
    parts = parts_of_rules(rules)
    used = np.any(usage.micro_kwh != 0, axis=0)

    def idle(register: str, places: list[int]) -> None:
        """What counted nothing need not be told."""
        if used[parts.index(places), usage.names.index(register)]:
            version, season = rules.energy[places[0]]
            hour_counted(version, register, season, places, rules)  # says why

    axis = register_axis(rules, parts, usage.names, idle)
    plan = compile_plan(rules, axis)
    values = np.ascontiguousarray(usage.micro_kwh[:, axis.part, axis.register])
    guessed = np.ascontiguousarray(usage.estimated_micro_kwh[:, axis.part, axis.register])
    if np.abs(values.astype(np.float64)).sum(axis=1).max(initial=0) * (1 + 1e-6) > ENERGY_MICRO_LIMIT:
        raise BeyondExact("more energy than can be reckoned exactly: a million million kWh in one bill")
    if plan.has_tiers and int(values.min(initial=0)) < 0:
        raise NotRateable("tiers are of energy that is not negative")
    customers = values.shape[0]
    found = measured(plan, values)
    without: Determinants = measured(plan, values - guessed)
    if plan.volume is not None:
        values, guessed = plan.volume.converted(values), plan.volume.converted(guessed)
    outcome = priced(plan, found, state, customers)
    # An estimate is what would not be in a line without it, as of intervals.
    read = priced(plan, without, state, customers).lines
    estimated = tuple(
        line.quantity_micro - other.quantity_micro if line.kind == "energy" else None
        for line, other in zip(outcome.lines, read, strict=True)
    )
    return RatedBatch(
        period,
        tariff.currency,
        tariff.decimals,
        outcome.lines,
        estimated,
        int(values.shape[1]),
        np.zeros(customers, dtype=np.int64),
        np.count_nonzero(guessed, axis=1).astype(np.int64),
        values.sum(axis=1, dtype=np.int64),
        guessed.sum(axis=1, dtype=np.int64),
        years=outcome.years,
    )


def reactive_of_parts(tariff: Tariff, period: Period, micro_kvarh: Int64Array) -> ReactiveUse:
    """What registers of reactive energy counted, as the days of a supply's state: each part evenly over its
    days, exactly. micro_kvarh: int64 (customers, parts), of `register_cuts`."""
    rules = rules_of(tariff, period)
    return ReactiveUse(period.starts_on, over_days(parts_of_rules(rules), micro_kvarh))


def over_days(parts: Sequence[Sequence[int]], micro: Int64Array) -> Int64Array:
    """int64 (customers, days) from int64 (customers, parts): each part evenly over its days, what is left of
    the division on the first of them."""
    found = np.zeros((micro.shape[0], sum(len(places) for places in parts)), dtype=np.int64)
    for number, places in enumerate(parts):
        share, rest = np.divmod(micro[:, number], len(places))
        for nth, place in enumerate(places):
            found[:, place] = share + (nth < rest)
    return found


def _refuse_intervals(version: Version) -> None:
    by_time = [one.code for one in version.demand]
    by_time += [one.code for one in version.capacity]
    by_time += [one.code for one in version.dynamic]
    by_time += [one.code for one in version.export]
    by_time += [one.code for one in version.energy if one.net is not None]
    if by_time:
        raise NotRateable(f"'{by_time[0]}' needs readings of intervals, and there are only registers")
    for charge in version.energy:
        rule = charge.tiers
        if rule is None:
            continue
        if rule.window_minutes or rule.by == "day":
            raise NotRateable(f"the tiers of '{charge.code}' need readings of intervals, not of registers")
        if rule.fill == "time" and len({period.label for period in charge.periods}) > 1:
            raise NotRateable(
                f"the tiers of '{charge.code}' fill in the order of time, which registers do not tell"
            )


def register_axis(
    rules: DayRules, parts: Sequence[list[int]], names: Sequence[str], otherwise: Otherwise
) -> RegisterAxis:
    """otherwise: asked for the hour of a register that the rules do not tell in a part."""
    rows = []
    for number, places in enumerate(parts):
        version, season = rules.energy[places[0]]
        for register, name in enumerate(names):
            try:
                at: tuple[int, int] | None = hour_counted(version, name, season, places, rules)
            except NotRateable:
                at = otherwise(name, places)
            if at is not None:
                rows.append((*at, number, register))
    rows.sort()
    day, minute, part, register_of = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    none = np.zeros(day.size, dtype=np.int64)
    return RegisterAxis(_MINUTES, day, minute, none.astype(bool), none, part, register_of)


def hour_counted(
    version: Version, register: str, season: str, places: Sequence[int], rules: DayRules
) -> tuple[int, int]:
    """A day, as a place, and a minute of its clock at which a register counts. Raises NotRateable."""
    return _hour_of(_counted(version, register, season), places, rules, season)


def _counted(version: Version, register: str, season: str) -> list[tuple[EnergyCharge, str]]:
    """Each charge with the label that the register counts of it. Raises NotRateable where that is not
    said."""
    found = []
    for charge in version.energy:
        labels = list(dict.fromkeys(period.label for period in charge.periods if period.covers(season)))
        named = dict(charge.registers).get(register)
        if named is None and len(labels) > 1:
            raise NotRateable(
                f"'{charge.code}' does not say whether register {register} counts {' or '.join(labels)}"
            )
        found.append((charge, named or labels[0]))
    return found


def _hour_of(
    counted: Sequence[tuple[EnergyCharge, str]], places: Sequence[int], rules: DayRules, season: str
) -> tuple[int, int]:
    """A day, as a place, and a minute of its clock at which all charges have the labels. Raises
    NotRateable."""
    for kind in dict.fromkeys(rules.kinds[place] for place in places):
        fits = np.ones(1440, dtype=bool)
        for charge, label in counted:
            mine = [number for number, period in enumerate(charge.periods) if period.label == label]
            fits &= np.isin(minute_table(charge, season, kind), mine)
        if fits.any():
            return next(place for place in places if rules.kinds[place] == kind), int(np.argmax(fits))
    said = " and ".join(f"'{label}' of '{charge.code}'" for charge, label in counted)
    days = f"{rules.days[places[0]]} to {rules.days[places[-1]]}"
    raise NotRateable(f"a register counts {said}, which no hour of {days} is")
