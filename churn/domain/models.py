"""The kinds of model that may be in use; of each, a customer's log-odds are a sum of one term a fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churn.domain.additive import AdditiveModel
from churn.domain.scoring import LogisticModel

Model = LogisticModel | AdditiveModel


def model_of(document: Mapping[str, Any]) -> Model:
    """The model that its `document()` wrote. ValueError for a kind that nobody knows."""
    kinds: dict[str, type[LogisticModel] | type[AdditiveModel]] = {
        "logistic": LogisticModel,
        "additive": AdditiveModel,
    }
    kind = str(document.get("kind"))
    if kind not in kinds:
        raise ValueError(f"no model of the kind {kind!r}")
    return kinds[kind].of(document)
