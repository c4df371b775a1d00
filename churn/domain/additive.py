"""Boosted trees of one fact each as plain numbers: a curve in steps for every fact, and their sum.

Trees that may each ask of one fact alone add up to one curve a fact, so the model is as easily taken apart
as a logistic regression: what a fact contributes is read off its curve, exactly, and nobody who scores needs
what fitted it. (Lou, Caruana, Gehrke: Intelligible Models for Classification and Regression, KDD 2012.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from churn.domain.feature_table import FeatureTable, FloatArray, TextArray
from churn.domain.scoring import chance


@dataclass(frozen=True, eq=False)
class Curve:
    """What a number adds to the log-odds. edges: float64 (steps - 1,), rising; heights: float64 (steps,), of
    the step below the first edge, ..., from the last one on; unknown: of who has no value."""

    name: str
    edges: FloatArray
    heights: FloatArray
    unknown: float

    def term(self, values: FloatArray) -> FloatArray:
        """float64 (customers,)."""
        steps = self.heights[np.searchsorted(self.edges, values, side="right")]
        return np.where(np.isnan(values), self.unknown, steps)


@dataclass(frozen=True, slots=True)
class Levels:
    """What a category adds to the log-odds; otherwise: one that the fit never saw."""

    name: str
    heights: Mapping[str, float]
    otherwise: float

    def term(self, values: TextArray) -> FloatArray:
        """float64 (customers,)."""
        told = {one: self.heights.get(str(one), self.otherwise) for one in set(values.tolist())}
        return np.array([told[one] for one in values.tolist()], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class AdditiveModel:
    """A fitted model. `facts` in the order of the terms' columns."""

    intercept: float
    curves: tuple[Curve, ...]
    levels: tuple[Levels, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        return (*(one.name for one in self.curves), *(one.name for one in self.levels))

    def terms(self, table: FeatureTable) -> FloatArray:
        """float64 (customers, facts): what each fact adds to the log-odds. KeyError for a fact that is
        absent."""
        columns = [one.term(table.numeric[one.name]) for one in self.curves]
        columns += [one.term(table.categorical[one.name]) for one in self.levels]
        return np.column_stack(columns) if columns else np.zeros((len(table), 0))

    def log_odds(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,): those of leaving."""
        return np.asarray(self.terms(table).sum(axis=1) + self.intercept, dtype=np.float64)

    def chances(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,): the chance of leaving, 0 to 1."""
        return chance(self.log_odds(table))

    def raised(self, shift: float) -> AdditiveModel:
        """The same model with everybody's log-odds so much higher."""
        return replace(self, intercept=self.intercept + shift)

    def stretched(self, slope: float, shift: float) -> AdditiveModel:
        """The same model with log-odds `slope` times as far apart, and `shift` higher: how a calibration
        along a curve (Platt) leaves each fact its own part."""
        return AdditiveModel(
            self.intercept * slope + shift,
            tuple(
                Curve(one.name, one.edges, one.heights * slope, one.unknown * slope) for one in self.curves
            ),
            tuple(
                Levels(
                    one.name,
                    {name: high * slope for name, high in one.heights.items()},
                    one.otherwise * slope,
                )
                for one in self.levels
            ),
        )

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return {
            "kind": "additive",
            "intercept": self.intercept,
            "curves": [
                {
                    "name": one.name,
                    "edges": one.edges.tolist(),
                    "heights": one.heights.tolist(),
                    "unknown": one.unknown,
                }
                for one in self.curves
            ],
            "levels": [
                {"name": one.name, "heights": dict(one.heights), "otherwise": one.otherwise}
                for one in self.levels
            ],
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> AdditiveModel:
        """The model that `document()` wrote. ValueError for another kind."""
        if document.get("kind") != "additive":
            raise ValueError(f"no additive model: {document.get('kind')!r}")
        return cls(
            float(document["intercept"]),
            tuple(
                Curve(
                    one["name"],
                    np.asarray(one["edges"], dtype=np.float64),
                    np.asarray(one["heights"], dtype=np.float64),
                    float(one["unknown"]),
                )
                for one in document["curves"]
            ),
            tuple(
                Levels(one["name"], dict(one["heights"]), float(one["otherwise"]))
                for one in document["levels"]
            ),
        )
