"""Net metering: of each label, import less export less credit; what is left of export is credit for the next
span.

A span is a month (or a bill), cut where season, version or adjustments change. Credit of a label goes to the
label that is in force at the same hour of the next span's weekdays; NREL's SAM looks at 0, 5, 11 and 17 h, in
this order, and so do we (EXPLAIN A5). Credit of a label that none of these hours carries stays with its name,
or goes to the label of midnight where there is none.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.export_credit import NetRule
from billing.domain.charges.periods import NO_PERIOD, minute_table
from billing.domain.charges.tiers import NO_CAP
from billing.domain.money import Int64Array
from billing.domain.plans.energy import Base, EnergyPlan
from billing.domain.plans.supply_state import KwhCredit, SupplyState, SurplusSoFar
from billing.domain.plans.tiering import share_out
from billing.domain.reckoning.lines import closed_early
from billing.domain.reckoning.summing import Keyed, energy_by_key
from billing.domain.tariffs.labels import Intervals
from billing.domain.tariffs.tariff import Version

HOURS = (0, 5, 11, 17)
"""Hours of a weekday's clock at which labels of two spans are held to be the same."""
MONDAY = 0


@dataclass(frozen=True, slots=True)
class NetSpan:
    """Days in which import and export are set off. bases: those it offers, by label. at_hours: the label at
    each of HOURS. settles: the year ends with it."""

    segment: int
    group: int
    rule: NetRule
    bases: Mapping[str, int]
    at_hours: tuple[str, ...]
    settles: bool
    starts_on: date
    ends_before: date


@dataclass(frozen=True, eq=False)
class NetPlan:
    """energy: the charge as if nothing were given back; keyed: by span and base of it."""

    code: str
    energy: EnergyPlan
    spans: tuple[NetSpan, ...]
    bases: int
    keyed: Keyed

    def sums(self, micro_kwh: Int64Array, begin: int = 0, end: int | None = None) -> Int64Array:
        """int64 (customers, spans, bases) of the intervals [begin, end)."""
        found = energy_by_key(micro_kwh, self.keyed, begin, end)
        return found.reshape(micro_kwh.shape[0], len(self.spans), self.bases)


@dataclass(frozen=True, slots=True)
class NetUse:
    """The same as Netted, of one bill."""

    code: str
    label: str
    starts_on: date
    ends_before: date
    imported_micro_kwh: int
    exported_micro_kwh: int
    brought_micro_kwh: int
    left_micro_kwh: int


@dataclass(frozen=True, eq=False)
class Netted:
    """One label of one span; int64 (customers,), micro-kWh, none negative: billed is imported - exported -
    brought + left. brought: credit of before; left: credit that remains."""

    code: str
    label: str
    starts_on: date
    ends_before: date
    imported: Int64Array
    exported: Int64Array
    brought: Int64Array
    left: Int64Array

    def of(self, index: int) -> NetUse:
        amounts = (int(each[index]) for each in (self.imported, self.exported, self.brought, self.left))
        return NetUse(self.code, self.label, self.starts_on, self.ends_before, *amounts)


@dataclass(frozen=True, eq=False)
class NetFlow:
    """energy: int64 (customers, keys) of the plan's keys. paid: of each span that settles, what is paid out.

    credits, surplus: what the next bill begins with.
    """

    energy: Int64Array
    paid: tuple[tuple[NetSpan, Int64Array], ...]
    labels: tuple[Netted, ...]
    credits: tuple[KwhCredit, ...]
    surplus: SurplusSoFar


def net_plan(
    energy: EnergyPlan,
    bases: Sequence[Base],
    days: Sequence[date],
    charge_on: Sequence[EnergyCharge | None],
    prices_on: Sequence[tuple[Version, str]],
    offered_on: Sequence[Sequence[Base]],
    group_of_day: Sequence[int],
    axis: Intervals,
) -> NetPlan:
    """energy: compiled with the tiers that every net charge has."""
    assert energy.tiers is not None, "a net charge has tiers, if only one"
    firsts = np.searchsorted(axis.day_index, np.arange(len(days)))
    segment_of = energy.tiers.segment_of
    segments = [int(segment_of[min(int(at), segment_of.size - 1)]) for at in firsts]
    held: dict[tuple[int, int, EnergyCharge, str], list[int]] = {}
    for index, (charge, (_version, season)) in enumerate(zip(charge_on, prices_on, strict=True)):
        if charge is not None:
            held.setdefault((segments[index], group_of_day[index], charge, season), []).append(index)
    span_on = np.full(len(days), -1, dtype=np.int64)
    spans = []
    for number, ((segment, group, charge, season), places) in enumerate(held.items()):
        span_on[places] = number
        assert charge.net is not None, "a code keeps its meaning over all versions"
        mine = [days[place] for place in places]
        spans.append(
            NetSpan(
                segment,
                group,
                charge.net,
                {base[1]: bases.index(base) for base in offered_on[places[0]]},
                _labels_at(charge, season),
                any(_ends_the_year(day, charge.net) for day in mine),
                mine[0],
                mine[-1] + timedelta(days=1),
            )
        )
    span_of = span_on[axis.day_index]
    base_of = energy.tiers.base_of
    key_of = np.where((span_of >= 0) & (base_of >= 0), span_of * len(bases) + base_of, -1)
    keyed = Keyed(key_of, len(spans) * len(bases), axis.day_index)
    return NetPlan(energy.code, energy, tuple(spans), len(bases), keyed)


def _ends_the_year(day: date, rule: NetRule) -> bool:
    return day.month == rule.year_ends and day.day == calendar.monthrange(day.year, day.month)[1]


def _labels_at(charge: EnergyCharge, season: str) -> tuple[str, ...]:
    table = minute_table(charge, season, MONDAY)
    places = [int(table[hour * 60]) for hour in HOURS]
    assert NO_PERIOD not in places, "energy has a price at every hour"
    return tuple(charge.periods[place].label for place in places)


def net_flow(plan: NetPlan, imported: Int64Array, exported: Int64Array, state: SupplyState) -> NetFlow:
    """imported, exported: of `NetPlan.sums`. state: the credit that the bill begins with; where the supply
    ends with it, so does the year."""
    customers = imported.shape[0]
    used = np.zeros_like(imported)
    carried = [one for one in state.credits if one.code == plan.code]
    surplus = np.zeros(customers, dtype=np.int64)
    for known in state.surplus:
        if known.code == plan.code:
            surplus += known.micro_kwh
    paid: list[tuple[NetSpan, Int64Array]] = []
    labels: list[Netted] = []
    for number, span in enumerate(plan.spans):
        brought = _brought(carried, span, customers)
        left: dict[str, Int64Array] = {}
        for label, base in span.bases.items():
            taken, given = imported[:, number, base], exported[:, number, base]
            net = taken - given - brought[label]
            used[:, number, base] = np.maximum(net, 0)
            left[label] = np.maximum(-net, 0)
            surplus = surplus + given - taken
            days = span.starts_on, span.ends_before
            labels.append(Netted(plan.code, label, *days, taken, given, brought[label], left[label]))
        last = number == len(plan.spans) - 1
        early = last and state.ends and bool(span.rule.year_ends) and not span.settles
        if span.settles or early:
            rule = replace(span.rule, label=closed_early(span.rule.label)) if early else span.rule
            paid.append((replace(span, rule=rule), _paid(span, left, surplus)))
            surplus = np.zeros(customers, dtype=np.int64)
            left = {label: np.zeros(customers, dtype=np.int64) for label in left}
        carried = [KwhCredit(plan.code, label, _hour_of(label, span), rest) for label, rest in left.items()]
    so_far = SurplusSoFar(plan.code, surplus)
    return NetFlow(_by_tier(plan, used), tuple(paid), tuple(labels), tuple(carried), so_far)


def _paid(span: NetSpan, left: Mapping[str, Int64Array], surplus: Int64Array) -> Int64Array:
    if span.rule.pays == "surplus":
        return np.maximum(surplus, 0)
    return np.asarray(sum(left.values(), np.zeros_like(surplus)))


def _hour_of(label: str, span: NetSpan) -> int:
    return HOURS[span.at_hours.index(label)] if label in span.at_hours else -1


def _brought(carried: Sequence[KwhCredit], span: NetSpan, customers: int) -> dict[str, Int64Array]:
    found = {label: np.zeros(customers, dtype=np.int64) for label in span.bases}
    for credit in carried:
        target = credit.label if credit.label in found else span.at_hours[0]
        if credit.hour in HOURS:
            target = span.at_hours[HOURS.index(credit.hour)]
        found[target] = found[target] + credit.micro_kwh
    return found


def _by_tier(plan: NetPlan, used: Int64Array) -> Int64Array:
    """Of each segment, the net energy of its labels over the tiers: int64 (customers, keys)."""
    tiers, key_of_tier = plan.energy.tiers, plan.energy.key_of_tier
    assert tiers is not None and key_of_tier is not None, "a net charge has tiers, if only one"
    found = np.zeros((used.shape[0], len(plan.energy.keys)), dtype=np.int64)
    for segment, fill in enumerate(tiers.fills):
        spans = [number for number, span in enumerate(plan.spans) if span.segment == segment]
        energy = used[:, spans].sum(axis=1)
        total = energy.sum(axis=1)
        before = np.zeros_like(energy)
        for tier in range(key_of_tier.shape[1]):
            caps = tiers.caps[segment, :, tier]
            if fill == "each":
                below = np.minimum(energy, caps)
            else:
                cap = int(caps.max(where=caps < NO_CAP, initial=-1))
                below = share_out(energy, total, np.minimum(total, cap if cap >= 0 else NO_CAP))
            offered = key_of_tier[:, tier] >= 0
            found[:, key_of_tier[offered, tier]] += (below - before)[:, offered]
            before = below
    return found
