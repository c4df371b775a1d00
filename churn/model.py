"""The one model: a logistic regression over filled, scaled numbers and one-hot categories.

Fitting needs scikit-learn and frames; what comes out is plain JSON (`churn.domain.scoring`), so that
nothing else does. Loaded by jobs and commands, never by the web process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from churn.domain.feature_table import FeatureTable, FloatArray
from churn.domain.figures import BoolArray
from churn.domain.scoring import CategoryFact, LogisticModel, NumericFact, Scaled

STRENGTH = 0.3
"""Inverse strength of the penalty where none is chosen. Weak enough for strong facts, strong enough for a few
dozen leavers."""


def pipeline(numeric: Sequence[str], categorical: Sequence[str], strength: float = STRENGTH) -> Pipeline:
    """The unfitted model. strength: the inverse of the penalty's. Unknown numbers become the median and,
    beside it, a mark that they were unknown."""
    numbers = Pipeline(
        [
            ("fill", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
            ("scale", StandardScaler()),
        ]
    )
    return Pipeline(
        [
            (
                "prepare",
                ColumnTransformer(
                    [
                        ("numeric", numbers, list(numeric)),
                        (
                            "categorical",
                            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                            list(categorical),
                        ),
                    ]
                ),
            ),
            ("model", LogisticRegression(C=strength, max_iter=2000, tol=1e-8)),
        ]
    )


def fit(
    frame: pd.DataFrame,
    left: BoolArray,
    numeric: Sequence[str],
    categorical: Sequence[str],
    weights: FloatArray | None = None,
    strength: float = STRENGTH,
) -> LogisticModel:
    """Fit on customers (rows) whose outcome is known, and write the model down as plain numbers. weights:
    float64 (rows,), how much each counts; None: all the same. strength: the inverse of the penalty's."""
    made = pipeline(numeric, categorical, strength)
    with threadpool_limits(1):  # two fits side by side on few cores crawl otherwise
        made.fit(frame[[*numeric, *categorical]], left, model__sample_weight=weights)
    return parameters(made, numeric, categorical)


def parameters(fitted: Pipeline, numeric: Sequence[str], categorical: Sequence[str]) -> LogisticModel:
    """The numbers of a fitted pipeline: the same chances without scikit-learn."""
    prepare, model = fitted["prepare"], fitted["model"]
    weights = model.coef_[0]
    facts = _numeric_facts(prepare.named_transformers_["numeric"], weights, numeric) if numeric else ()
    width = len(numeric) + sum(fact.unknown is not None for fact in facts)
    categories = prepare.named_transformers_["categorical"].categories_ if categorical else []
    rest = iter(weights[width:].tolist())
    return LogisticModel(
        float(model.intercept_[0]),
        facts,
        tuple(
            CategoryFact(name, {str(value): next(rest) for value in values})
            for name, values in zip(categorical, categories, strict=True)
        ),
    )


def _numeric_facts(numbers: Any, weights: Any, numeric: Sequence[str]) -> tuple[NumericFact, ...]:
    fill, scale = numbers["fill"], numbers["scale"]
    scaled = [
        Scaled(mean, spread, weight)
        for mean, spread, weight in zip(
            scale.mean_.tolist(), scale.scale_.tolist(), weights[: scale.mean_.size].tolist(), strict=True
        )
    ]
    marked = fill.indicator_.features_.tolist()
    unknown = {place: scaled[len(numeric) + order] for order, place in enumerate(marked)}
    return tuple(
        NumericFact(name, _fill(fill.statistics_[place]), scaled[place], unknown.get(place))
        for place, name in enumerate(numeric)
    )


def _fill(median: float) -> float:
    """What the imputer puts in: the median, or 0 for a number that nobody in the fit had."""
    return 0.0 if np.isnan(median) else float(median)


def table_of(frame: pd.DataFrame, numeric: Sequence[str], categorical: Sequence[str]) -> FeatureTable:
    """The frame's columns as plain arrays."""
    return FeatureTable(
        {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in numeric},
        {name: frame[name].to_numpy(dtype=object) for name in categorical},
    )
