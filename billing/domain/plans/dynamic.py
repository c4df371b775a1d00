"""One dynamic charge over an axis: which price each interval carries, in the charge's own series.

A price holds from its instant on. Readings shorter than its interval take the price that holds when they
begin; readings longer than it take the mean of the prices that hold during them, and the bill says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import gcd
from typing import Protocol

import numpy as np
import numpy.typing as npt

from billing.domain.charges.dynamic import DynamicTerms
from billing.domain.errors import MissingPrices, NotRateable
from billing.domain.money import MICRO, Int64Array
from billing.domain.plans.energy import EnergyKey
from billing.domain.reckoning.axis import instant_of
from billing.domain.reckoning.exact_sum import ExactSum
from billing.domain.reckoning.usage import BoolArray
from billing.domain.tariffs.labels import Intervals
from billing.domain.tariffs.price_series import PriceSeries, applied_prices

MEAN_WORDS = "mean price"
"""What a line says after its label: its price is one that many half-hours come to."""


class Priced(Protocol):
    """A charge by a series of prices."""

    @property
    def code(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def terms(self) -> DynamicTerms: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class DynamicKey:
    """One line to be. weights: int64 (intervals,), the price of each in units of `unit`, zero where it is not
    this line's or has none. unit: currency that a micro-kWh at weight one costs. unpriced: bool (intervals,),
    this line's without a price. coarse_minutes: of the series, where the readings are longer; else 0.
    """

    key: EnergyKey
    series: str
    weights: Int64Array
    unit: Fraction
    unpriced: BoolArray
    coarse_minutes: int


@dataclass(frozen=True, eq=False)
class DynamicPlan:
    """key_of: int16 (intervals,), index into keys; -1: nothing is charged. minutes: epoch minutes, int64
    (intervals,): the instants whose prices hold."""

    code: str
    keys: tuple[DynamicKey, ...]
    key_of: npt.NDArray[np.int16]
    minutes: Int64Array


@dataclass(frozen=True, eq=False)
class DynamicFound:
    """For each key of a plan: int64 (customers, keys) of energy, and what it comes to."""

    micro_kwh: Int64Array
    values: tuple[ExactSum, ...]


def dynamic_plan(
    code: str,
    charge_on: Sequence[Priced | None],
    days: Sequence[date],
    group_of_day: Sequence[int],
    prices: Mapping[str, PriceSeries],
    axis: Intervals,
) -> DynamicPlan:
    """charge_on: for each of `days`, the charge in force. prices: known series by name."""
    held: dict[tuple[int, str, DynamicTerms], list[int]] = {}
    for index, (charge, group) in enumerate(zip(charge_on, group_of_day, strict=True)):
        if charge is not None:
            held.setdefault((group, charge.label, charge.terms), []).append(index)
    number_on = np.full(len(days), -1, dtype=np.int16)
    for number, places in enumerate(held.values()):
        number_on[places] = number
    key_of = number_on[axis.day_index]
    keys = []
    for number, ((group, label, terms), places) in enumerate(held.items()):
        first, last = days[places[0]], days[places[-1]]
        key = EnergyKey(group, code, f"{label}, {MEAN_WORDS}", 0, first, last + timedelta(days=1))
        keys.append(_key(key, terms, key_of == number, prices.get(terms.series), axis))
    return DynamicPlan(code, tuple(keys), key_of, axis.minutes)


def _key(
    key: EnergyKey, terms: DynamicTerms, mine: BoolArray, series: PriceSeries | None, axis: Intervals
) -> DynamicKey:
    minutes = axis.minutes
    weights = np.zeros(minutes.size, dtype=np.int64)
    if series is None:
        return DynamicKey(key, terms.series, weights, Fraction(0), mine, 0)
    pieces = _pieces(axis.interval_minutes, series)
    prices = applied_prices(series, terms)
    unpriced = np.zeros(minutes.size, dtype=bool)
    most = max(int(prices.max(initial=0)), -int(prices.min(initial=0)))
    if most * pieces > np.iinfo(np.int64).max:
        raise NotRateable(f"prices of the series '{series.name}' are too large to be reckoned exactly")
    for piece in range(pieces):
        places = series.places(minutes + piece * series.interval_minutes)
        unpriced |= places < 0
        weights += np.where(places < 0, 0, prices[places] if prices.size else 0)
    unpriced &= mine
    weights[~mine | unpriced] = 0
    shared = gcd(*map(int, np.unique(weights)), 0) or 1
    weights //= shared
    return DynamicKey(
        key,
        series.name,
        weights,
        Fraction(shared, pieces * MICRO**3),
        unpriced,
        series.interval_minutes if pieces > 1 else 0,
    )


def _pieces(reading_minutes: int, series: PriceSeries) -> int:
    """How many prices hold during a reading."""
    if reading_minutes <= series.interval_minutes:
        return 1
    pieces, rest = divmod(reading_minutes, series.interval_minutes)
    if rest:
        raise NotRateable(
            f"readings of {reading_minutes} minutes do not divide into the {series.interval_minutes} minutes "
            f"of the price series '{series.name}'"
        )
    return pieces


def found_of(
    plan: DynamicPlan, micro_kwh: Int64Array, begin: int = 0, end: int | None = None
) -> DynamicFound:
    """Of the intervals [begin, end) of the plan's axis, which `micro_kwh` holds. Raises MissingPrices."""
    energy = np.zeros((micro_kwh.shape[0], len(plan.keys)), dtype=np.int64)
    values = []
    for number, key in enumerate(plan.keys):
        unpriced = key.unpriced[begin:end]
        if unpriced.any():
            _refuse_unpriced(key, micro_kwh, np.flatnonzero(unpriced), plan.minutes[begin:end])
        mine = plan.key_of[begin:end] == number
        energy[:, number] = (micro_kwh if mine.all() else micro_kwh[:, mine]).sum(axis=1, dtype=np.int64)
        values.append(ExactSum.of(micro_kwh, key.weights[begin:end]))
    return DynamicFound(energy, tuple(values))


def energy_by_dynamic_key(
    plan: DynamicPlan, micro_kwh: Int64Array, begin: int = 0, end: int | None = None
) -> Int64Array:
    """int64 (customers, keys): energy alone, whatever it costs."""
    found = np.zeros((micro_kwh.shape[0], len(plan.keys)), dtype=np.int64)
    for number in range(len(plan.keys)):
        found[:, number] = micro_kwh[:, plan.key_of[begin:end] == number].sum(axis=1, dtype=np.int64)
    return found


def _refuse_unpriced(key: DynamicKey, micro_kwh: Int64Array, places: Int64Array, minutes: Int64Array) -> None:
    used = micro_kwh[:, places] != 0
    if used.any():
        first = int(np.flatnonzero(used.any(axis=0))[0])
        rows = np.flatnonzero(used.any(axis=1)).tolist()
        raise MissingPrices(key.series, instant_of(int(minutes[places[first]])), tuple(rows))
