"""One schedule of an energy charge over an axis: which label each interval carries, and which tiers fill."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from billing.domain.charges.energy import EnergyCharge
from billing.domain.charges.tiers import NO_CAP, Fill, Tier, TierRule, tier_words
from billing.domain.errors import NotRateable
from billing.domain.money import MICRO, Int64Array
from billing.domain.plans.demand import DemandPlan, flat_demand
from billing.domain.plans.tiering import TierPlan
from billing.domain.reckoning.summing import Keyed
from billing.domain.tariffs.labels import Intervals

Base = tuple[int, str, tuple[Tier, ...], TierRule | None, int]
"""Tax group, label, prices, how tiers fill, and the share that is charged: what makes the lines of a
label."""


@dataclass(frozen=True, slots=True)
class EnergyKey:
    """One energy line to be. ``group``: which taxes fall on it."""

    group: int
    code: str
    label: str
    price_micro: int
    starts_on: date
    ends_before: date
    share_ppm: int = MICRO


@dataclass(frozen=True, eq=False)
class EnergyPlan:
    """One schedule over the axis. key_of: int16 (intervals,), index into keys; -1: nothing is charged.

    With tiers, `key_of` is the first tier's key of the interval's label, and `key_of_tier`, int64 (labels,
    tiers), the key of each; -1 where a label has fewer.
    """

    code: str
    keys: tuple[EnergyKey, ...]
    key_of: npt.NDArray[np.int16]
    day_index: npt.NDArray[np.integer]
    tiers: TierPlan | None = None
    key_of_tier: Int64Array | None = None

    @cached_property
    def keyed(self) -> Keyed:
        return Keyed(self.key_of, len(self.keys), self.day_index)

    @cached_property
    def counts_all(self) -> bool:
        """Whether every interval has a key, so that the keys' energy is all energy."""
        return bool(self.key_of.size) and int(self.key_of.min()) >= 0 and not self.shares

    @cached_property
    def shares(self) -> tuple[tuple[int, Fraction], ...]:
        """The keys of which only a share is charged, and that share."""
        return tuple(
            (number, Fraction(key.share_ppm, MICRO))
            for number, key in enumerate(self.keys)
            if key.share_ppm != MICRO
        )

    @cached_property
    def present(self) -> tuple[int, ...]:
        """Keys that occur on the axis at all: a label that no hour of the period carries makes no line."""
        firsts = [int(key) for key in np.unique(self.key_of) if key >= 0]
        if self.key_of_tier is None:
            return tuple(firsts)
        rows = self.key_of_tier[np.isin(self.key_of_tier[:, 0], firsts)]
        return tuple(sorted(int(key) for key in rows.ravel() if key >= 0))


def flat_plan(
    code: str,
    spans: Mapping[Base, Sequence[date]],
    base_of: npt.NDArray[np.int16],
    day_index: npt.NDArray[np.integer],
) -> EnergyPlan:
    """Without tiers a label is a key. spans: the days on which each base is offered."""
    keys = tuple(
        EnergyKey(group, code, label, prices[0].price_micro, min(days), max(days) + timedelta(days=1), share)
        for (group, label, prices, _rule, share), days in spans.items()
    )
    return EnergyPlan(code, keys, base_of, day_index)


def tiered_plan(
    code: str,
    spans: Mapping[Base, Sequence[date]],
    base_of: npt.NDArray[np.int16],
    days: Sequence[date],
    charge_on: Sequence[EnergyCharge | None],
    offered_on: Sequence[Sequence[Base]],
    axis: Intervals,
    reading_minutes: int,
) -> EnergyPlan:
    """charge_on, offered_on: for each of `days`, the charge in force and the bases it offers.

    Raises NotRateable where labels that fill the same tiers have two different caps in one segment: a season
    that begins inside a month.
    """
    bases = list(spans)
    keys: list[EnergyKey] = []
    width = max(len(prices) for _group, _label, prices, _rule, _share in bases)
    key_of_tier = np.full((len(bases), width), -1, dtype=np.int64)
    for place, base in enumerate(bases):
        group, label, prices, rule, share = base
        first, last = min(spans[base]), max(spans[base])
        for number, tier in enumerate(prices):
            said = (
                f"{label}, {tier_words(prices, number, rule.unit_words)}"
                if rule and len(prices) > 1
                else label
            )
            key_of_tier[place, number] = len(keys)
            keys.append(
                EnergyKey(group, code, said, tier.price_micro, first, last + timedelta(days=1), share)
            )
    segment_on, rules, caps = _segments(bases, days, charge_on, offered_on, width)
    segment_of = segment_on[axis.day_index].astype(np.int32)
    fills: tuple[Fill, ...] = tuple(rule.fill for rule in rules)
    drawn = _drawn(code, rules, segment_of, axis, reading_minutes)
    tiers = TierPlan(fills, base_of, segment_of, caps, axis.day_index, drawn)
    first_key = np.append(key_of_tier[:, 0], -1).astype(np.int16)
    return EnergyPlan(code, tuple(keys), first_key[base_of], axis.day_index, tiers, key_of_tier)


def _segments(
    bases: Sequence[Base],
    days: Sequence[date],
    charge_on: Sequence[EnergyCharge | None],
    offered_on: Sequence[Sequence[Base]],
    width: int,
) -> tuple[npt.NDArray[np.int64], tuple[TierRule, ...], Int64Array]:
    """The segment of each day; how each segment fills, and its caps: int64 (segments, bases, tiers)."""
    held: dict[tuple[EnergyCharge | None, tuple[int, ...]], list[int]] = {}
    for index, (day, charge) in enumerate(zip(days, charge_on, strict=True)):
        held.setdefault((charge, _reset(charge, day, index)), []).append(index)
    segment_on = np.empty(len(days), dtype=np.int64)
    caps = np.full((len(held), len(bases), width), NO_CAP, dtype=np.int64)
    number_of = {base: place for place, base in enumerate(bases)}
    for segment, ((charge, _reset_at), places) in enumerate(held.items()):
        segment_on[places] = segment
        if charge is None or charge.tiers is None:
            continue
        offered = dict.fromkeys(base for place in places for base in offered_on[place])
        if charge.tiers.fill != "each":
            _check_one_cap(charge, offered, days[places[0]])
        for base in offered:
            for number, tier in enumerate(base[2][:-1]):
                assert tier.up_to_micro is not None, "only the last tier has no end"
                part = _part(charge.tiers, [days[place] for place in places], len(days))
                caps[segment, number_of[base], number] = tier.up_to_micro * part[0] // part[1]
    rules = [charge.tiers if charge and charge.tiers else TierRule() for charge, _at in held]
    return segment_on, tuple(rules), caps


def _drawn(
    code: str,
    rules: Sequence[TierRule],
    segment_of: npt.NDArray[np.int32],
    axis: Intervals,
    reading_minutes: int,
) -> tuple[DemandPlan, ...]:
    """The demands by which tiers in kWh per kW end, as the maxima of a plan: one a segment. A plan for each
    length of window among the segments, which is nearly always one or none."""
    return tuple(
        flat_demand(
            code, window, [rule.window_minutes == window for rule in rules], segment_of, axis, reading_minutes
        )
        for window in sorted({rule.window_minutes for rule in rules if rule.window_minutes})
    )


def _reset(charge: EnergyCharge | None, day: date, index: int) -> tuple[int, ...]:
    """What a day's tiers have in common with other days: they fill together."""
    if charge is None or charge.tiers is None or charge.tiers.by == "bill":
        return ()
    return (day.year, day.month) if charge.tiers.by == "month" else (index,)


def _part(rule: TierRule, days: Sequence[date], of_bill: int) -> tuple[int, int]:
    """The share of a cap that falls on these days of one segment, as a fraction."""
    if rule.unit.endswith("a day"):
        return len(days), 1
    if rule.by == "day":
        return 1, 1
    if rule.by == "bill":
        return len(days), of_bill
    return len(days), calendar.monthrange(days[0].year, days[0].month)[1]


def _check_one_cap(charge: EnergyCharge, offered: Mapping[Base, None], day: date) -> None:
    found = {tuple(tier.up_to_micro for tier in prices) for _group, _label, prices, _rule, _share in offered}
    if len(found) > 1:
        raise NotRateable(
            f"the tiers of '{charge.code}' end at different places in one {_unit(charge)} ({day:%B %Y}): a "
            "season begins inside it"
        )


def _unit(charge: EnergyCharge) -> str:
    assert charge.tiers is not None
    return {"month": "month", "day": "day", "bill": "bill"}[charge.tiers.by]
