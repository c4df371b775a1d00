"""Models of how much asking moves a customer, as plain numbers: scored with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from churn.domain.feature_table import FeatureTable, FloatArray
from churn.domain.models import Model, model_of


@dataclass(frozen=True, slots=True)
class Always:
    """The same chance for everybody: of an outcome that nobody in a group could have, or all had."""

    chance: float

    def chances(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,)."""
        return np.full(len(table), self.chance)

    def document(self) -> dict[str, Any]:
        return {"kind": "always", "chance": self.chance}


Learned = Model | Always


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of what several models say."""

    members: tuple[Learned, ...]

    def chances(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,), 0 to 1."""
        return np.asarray(np.mean([one.chances(table) for one in self.members], axis=0), dtype=np.float64)

    def document(self) -> list[dict[str, Any]]:
        return [one.document() for one in self.members]

    @classmethod
    def of(cls, documents: Sequence[Mapping[str, Any]]) -> Mean:
        return cls(
            tuple(
                Always(float(one["chance"])) if one.get("kind") == "always" else model_of(one)
                for one in documents
            )
        )


@dataclass(frozen=True, slots=True)
class TwoModels:
    """The chance of the outcome if asked, less that if left alone, each by a model of its own."""

    asked: Mean
    alone: Mean

    def uplift(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,), -1 to 1."""
        return self.asked.chances(table) - self.alone.chances(table)

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return {"kind": "two_model", "asked": self.asked.document(), "alone": self.alone.document()}


@dataclass(frozen=True, slots=True)
class Transformed:
    """One model of who was asked and had the outcome, or was left alone and had it not, both groups weighing
    the same: its chance p makes an uplift of 2p - 1 (Jaskowski, Jaroszewicz, Uplift modeling for clinical
    trial data, ICML Workshop on Clinical Data Analysis, 2012)."""

    agreed: Mean

    def uplift(self, table: FeatureTable) -> FloatArray:
        """float64 (customers,), -1 to 1."""
        return 2 * self.agreed.chances(table) - 1

    def document(self) -> dict[str, Any]:
        """The model as JSON."""
        return {"kind": "class_transformation", "agreed": self.agreed.document()}


UpliftModel = TwoModels | Transformed


def uplift_model_of(document: Mapping[str, Any]) -> UpliftModel:
    """The model that its `document()` wrote. ValueError for a kind that nobody knows."""
    kind = str(document.get("kind"))
    if kind == "two_model":
        return TwoModels(Mean.of(document["asked"]), Mean.of(document["alone"]))
    if kind == "class_transformation":
        return Transformed(Mean.of(document["agreed"]))
    raise ValueError(f"no uplift model of the kind {kind!r}")
