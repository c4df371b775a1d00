"""A logistic regression as plain numbers: scored with numpy alone, taken apart into one term a fact.

The web process reads a model from JSON and never loads what fitted it. The log-odds of a customer are the
sum of one term for each fact and an intercept, so what a fact contributes is exact, not an approximation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from churn.domain.feature_table import FeatureTable, FloatArray


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number as the model sees it: (x - mean) / scale, times its weight."""

    mean: float
    scale: float
    weight: float

    def term(self, values: FloatArray) -> FloatArray:
        return (values - self.mean) / self.scale * self.weight


@dataclass(frozen=True, slots=True)
class NumericFact:
    """A number of a customer. `fill` stands in for an unknown one; `unknown` weighs that it is not known."""

    name: str
    fill: float
    known: Scaled
    unknown: Scaled | None

    def term(self, values: FloatArray) -> FloatArray:
        """float64 (customers,): what this fact adds to the log-odds."""
        missing = np.isnan(values)
        term = self.known.term(np.where(missing, self.fill, values))
        return term if self.unknown is None else term + self.unknown.term(missing.astype(np.float64))


@dataclass(frozen=True, slots=True)
class CategoryFact:
    """A category of a customer; one that the fit never saw weighs nothing."""

    name: str
    weights: Mapping[str, float]

    def term(self, values: Any) -> FloatArray:
        told = {value: self.weights.get(str(value), 0.0) for value in set(values)}
        return np.array([told[value] for value in values], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A fitted model. `facts` in the order of the terms' columns."""

    intercept: float
    numeric: tuple[NumericFact, ...]
    categorical: tuple[CategoryFact, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        return (*(fact.name for fact in self.numeric), *(fact.name for fact in self.categorical))

    def terms(self, table: FeatureTable) -> FloatArray:
        """float64 (customers, facts): what each fact adds to the log-odds. KeyError for a fact that is
        absent."""
        columns = [fact.term(table.numeric[fact.name]) for fact in self.numeric]
        columns += [fact.term(table.categorical[fact.name]) for fact in self.categorical]
        return np.column_stack(columns) if columns else np.zeros((len(table), 0))

    def log_odds(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,): those of leaving."""
        return np.asarray(self.terms(table).sum(axis=1) + self.intercept, dtype=np.float64)

    def chances(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,): the chance of leaving, 0 to 1."""
        return chance(self.log_odds(table))

    def raised(self, shift: float) -> LogisticModel:
        """The same model with everybody's log-odds so much higher."""
        return replace(self, intercept=self.intercept + shift)

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return {
            "kind": "logistic",
            "intercept": self.intercept,
            "numeric": [_numeric_document(fact) for fact in self.numeric],
            "categorical": [{"name": fact.name, "weights": dict(fact.weights)} for fact in self.categorical],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> LogisticModel:
        """The model that `document()` wrote. ValueError for another kind."""
        if document.get("kind") != "logistic":
            raise ValueError(f"no logistic model: {document.get('kind')!r}")
        return cls(
            float(document["intercept"]),
            tuple(_numeric_of(item) for item in document["numeric"]),
            tuple(CategoryFact(item["name"], dict(item["weights"])) for item in document["categorical"]),
        )


def chance(log_odds: FloatArray) -> FloatArray:
    """Log-odds as a chance, without overflow at either end."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))


def points(terms: FloatArray, intercept: float, usual_terms: FloatArray) -> FloatArray:
    """What each fact moves a customer's chance, in percentage points, against the customer average in every
    term.

    terms: (customers, facts); usual_terms: (facts,), the mean of the terms over everybody. A row sums to
    the chance less that average customer's chance, times 100: each term's share of the log-odds is turned
    into points by the slope between the two.
    """
    moved = terms - usual_terms
    usual = usual_terms.sum() + intercept
    log_odds = terms.sum(axis=1) + intercept
    distance = log_odds - usual
    near = np.abs(distance) < 1e-9
    usual_chance = chance(np.array([usual]))[0]
    slope = np.where(
        near,
        usual_chance * (1 - usual_chance),
        (chance(log_odds) - usual_chance) / np.where(near, 1.0, distance),
    )
    return np.asarray(100.0 * moved * slope[:, None])


def _scaled_document(scaled: Scaled) -> dict[str, float]:
    return {"mean": scaled.mean, "scale": scaled.scale, "weight": scaled.weight}


def _numeric_document(fact: NumericFact) -> dict[str, Any]:
    return {
        "name": fact.name,
        "fill": fact.fill,
        "known": _scaled_document(fact.known),
        "unknown": None if fact.unknown is None else _scaled_document(fact.unknown),
    }


def _numeric_of(item: Mapping[str, Any]) -> NumericFact:
    unknown = item["unknown"]
    return NumericFact(
        item["name"],
        float(item["fill"]),
        Scaled(**item["known"]),
        None if unknown is None else Scaled(**unknown),
    )
