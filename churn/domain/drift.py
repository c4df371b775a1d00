"""Whether customers are still those that a model learned from, and whether what it said came true.

The population stability index holds the shares of a fact's bins now against those when it was learned:
PSI = Σ (now − then) ln(now / then) (Siddiqi, Credit Risk Scorecards, 2006, chapter 8, whose thresholds of
0.10 and 0.25 these are; it is Jeffreys' divergence). Of few customers the index is large by chance alone:
unchanged, it is about (1/n + 1/m) times chi-squared with bins − 1 degrees of freedom (Yurdakul, Naranjo,
Statistical properties of the population stability index, Journal of Risk Model Validation, 2020). A fact has
changed only where it is beyond that, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np

from churn.domain.feature_table import FeatureTable, FloatArray, TextArray
from utility_crm.kit.shares import wilson, z_of

SOME, CHANGED = 0.10, 0.25
SURE = 0.998
"""Two-sided, so that one fact in a thousand is called changed by chance."""
BINS = 10
EQUAL = 1e-9
"""So little above a value that many have begins the next bin."""
SCORE = "score"
CAME_TRUE = "came_true"

State = Literal["same", "some", "changed"]


@dataclass(frozen=True, eq=False)
class NumberBins:
    """Bins of a number by its tenths when learned. edges: rising; a value on an edge lies above it. A value
    that a tenth or more have is a bin of its own: of a number that is nought for most, those who have more
    are told from them. shares: of each bin, that of the unknown last; they add up to one."""

    edges: FloatArray
    shares: FloatArray

    @classmethod
    def of(cls, values: FloatArray) -> NumberBins:
        known = values[~np.isnan(values)]
        cuts = np.quantile(known, np.arange(1, BINS) / BINS, method="higher") if known.size else np.zeros(0)
        edges = np.unique(cuts)
        heavy = edges[[np.count_nonzero(known == edge) * BINS >= known.size for edge in edges]]
        edges = np.unique(np.concatenate((edges, heavy + EQUAL * np.maximum(1.0, np.abs(heavy)))))
        return cls(edges, _shares(cls._counts(edges, values)))

    @staticmethod
    def _counts(edges: FloatArray, values: FloatArray) -> FloatArray:
        unknown = np.isnan(values)
        places = np.searchsorted(edges, values[~unknown], side="right")
        found = np.bincount(places, minlength=edges.size + 1).astype(np.float64)
        return np.append(found, float(unknown.sum()))

    def counts(self, values: FloatArray) -> FloatArray:
        """How many lie in each bin now."""
        return self._counts(self.edges, values)

    def document(self) -> dict[str, Any]:
        return {"edges": self.edges.tolist(), "shares": self.shares.tolist()}


@dataclass(frozen=True, eq=False)
class NameBins:
    """A bin for each name seen when learned, and one, the last, for all others."""

    names: tuple[str, ...]
    shares: FloatArray

    @classmethod
    def of(cls, values: TextArray) -> NameBins:
        names = tuple(sorted(set(values.astype(str).tolist())))
        return cls(names, _shares(cls._counts(names, values)))

    @staticmethod
    def _counts(names: Sequence[str], values: TextArray) -> FloatArray:
        places = {name: place for place, name in enumerate(names)}
        at = [places.get(str(value), len(names)) for value in values]
        return np.bincount(np.array(at, dtype=np.int64), minlength=len(names) + 1).astype(np.float64)

    def counts(self, values: TextArray) -> FloatArray:
        """How many have each name now."""
        return self._counts(self.names, values)

    def document(self) -> dict[str, Any]:
        return {"names": list(self.names), "shares": self.shares.tolist()}


@dataclass(frozen=True, eq=False)
class Watched:
    """How customers were when a model learned. customers: how many different ones; known: what had changed by
    the day of learning already, and so is no news."""

    customers: int
    numbers: Mapping[str, NumberBins]
    names: Mapping[str, NameBins]
    known: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: FeatureTable, scores: FloatArray, customers: int) -> Watched:
        """table, scores: of the rows learned from; the score is watched like a fact."""
        numbers = {name: NumberBins.of(values) for name, values in table.numeric.items()}
        names = {name: NameBins.of(values) for name, values in table.categorical.items()}
        return cls(customers, {**numbers, SCORE: NumberBins.of(scores)}, names)

    def moved(self, table: FeatureTable, scores: FloatArray) -> dict[str, Moved]:
        """How far each fact, and the score, has moved. A fact that is no longer known is left out."""
        numeric = {**table.numeric, SCORE: scores}
        pairs = [
            *((name, bins.shares, bins.counts(numeric[name])) for name, bins in self.numbers.items()
              if name in numeric),
            *((name, bins.shares, bins.counts(table.categorical[name])) for name, bins in self.names.items()
              if name in table.categorical),
        ]  # fmt: skip
        return {name: moved(shares, counts, self.customers) for name, shares, counts in pairs}

    def document(self) -> dict[str, Any]:
        return {
            "customers": self.customers,
            "numbers": {name: bins.document() for name, bins in self.numbers.items()},
            "names": {name: bins.document() for name, bins in self.names.items()},
            "known": list(self.known),
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Watched | None:
        """What `document()` wrote; None of a model that kept nothing."""
        if not document:
            return None
        return cls(
            int(document["customers"]),
            {
                name: NumberBins(np.array(one["edges"], dtype=np.float64), np.array(one["shares"]))
                for name, one in document["numbers"].items()
            },
            {
                name: NameBins(tuple(one["names"]), np.array(one["shares"]))
                for name, one in document["names"].items()
            },
            tuple(document["known"]),
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """The index of one fact, what it would reach by chance, and what is to be said of it."""

    index: float
    by_chance: float

    @property
    def state(self) -> State:
        if self.index < SOME or self.index <= self.by_chance:
            return "same"
        return "changed" if self.index >= CHANGED else "some"


def moved(then: FloatArray, counts: FloatArray, customers_then: int) -> Moved:
    """then: shares of each bin; counts: of the same bins now."""
    present = counts.sum()
    if not present or not customers_then:
        return Moved(0.0, 0.0)
    # Half a customer in every bin: what nobody had has no logarithm.
    expected = (then * customers_then + 0.5) / (customers_then + 0.5 * then.size)
    actual = (counts + 0.5) / (present + 0.5 * counts.size)
    by_chance = (1 / customers_then + 1 / present) * _chi_squared(max(1, then.size - 1))
    return Moved(psi(expected, actual), float(by_chance))


def psi(then: FloatArray, now: FloatArray) -> float:
    """The population stability index of two sets of shares, none of which is nought."""
    return float(((now - then) * np.log(now / then)).sum())


def _shares(counts: FloatArray) -> FloatArray:
    total = counts.sum()
    return counts / total if total else counts


def _chi_squared(degrees: int) -> float:
    """The quantile that one in a thousand exceeds (Wilson, Hilferty, PNAS 17, 1931)."""
    part = 2 / (9 * degrees)
    return float(degrees * (1 - part + z_of(SURE) * sqrt(part)) ** 3)


@dataclass(frozen=True, slots=True)
class CameTrue:
    """Calibration in the large: the share that was said to leave, and how many did. The interval is Wilson's
    of the share that left (95 %)."""

    customers: int
    left: int
    said: float

    @property
    def happened(self) -> float:
        return self.left / self.customers

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.left, self.customers)

    @property
    def holds(self) -> bool:
        """Whether what was said lies in the interval, or is off by less than a tenth of what happened: with
        many customers the interval alone would call small errors, of no consequence, failures."""
        low, high = self.interval
        return low <= self.said <= high or abs(self.said - self.happened) <= 0.1 * self.happened


def news(found: Mapping[str, Moved], came_true: CameTrue | None, known: Sequence[str]) -> tuple[str, ...]:
    """What calls for learning anew: facts that have changed, the most first, and `came_true` where what was
    said did not; without those of which the model knew when it learned."""
    changed = sorted(
        (name for name, one in found.items() if one.state == "changed"), key=lambda name: -found[name].index
    )
    wrong = [CAME_TRUE] if came_true is not None and not came_true.holds else []
    return tuple(name for name in (*wrong, *changed) if name not in known)
