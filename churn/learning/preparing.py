"""From typed columns to the matrix that each family of models wants. Learned in the training rows only."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from churn.domain.feature_table import FloatArray
from churn.learning.columns import Columns

RAREST = 10
"""Categories of fewer rows share one place."""

MOST_NATIVE = 200
"""Categories that boosted trees are told apart; their limit is 255."""

_SMALLEST = 1e-100


class SignedLog(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """x → sign(x) log(1 + |x| / s), s the median of what is not nought: tails of any length, and many
    noughts, become fit for a straight line."""

    def fit(self, matrix: Any, _left: Any = None) -> Self:
        """matrix: float64 (rows, columns)."""
        values = np.abs(np.asarray(matrix, dtype=np.float64))
        values = np.where(values > 0, values, np.nan)
        known = ~np.isnan(values).all(axis=0)
        self.scale_ = np.ones(values.shape[1])
        self.scale_[known] = np.maximum(np.nanmedian(values[:, known], axis=0), _SMALLEST)
        return self

    def transform(self, matrix: Any) -> FloatArray:
        """The same shape."""
        values = np.asarray(matrix, dtype=np.float64)
        return np.asarray(np.sign(values) * np.log1p(np.abs(values) / self.scale_), dtype=np.float64)


class Known(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """As it is; but a column of which no training row knew anything is 0: boosted trees cannot take it."""

    def fit(self, matrix: Any, _left: Any = None) -> Self:
        """matrix: float64 (rows, columns)."""
        self.known_ = ~np.isnan(np.asarray(matrix, dtype=np.float64)).all(axis=0)
        return self

    def transform(self, matrix: Any) -> FloatArray:
        """The same shape."""
        return np.where(self.known_, np.asarray(matrix, dtype=np.float64), 0.0)


class HowOften(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A category → the logarithm of how many training rows had it, 0 where none had."""

    def fit(self, matrix: Any, _left: Any = None) -> Self:
        """matrix: a frame of text."""
        self.counts_ = [matrix[name].value_counts().to_dict() for name in matrix.columns]
        return self

    def transform(self, matrix: Any) -> FloatArray:
        """float64 (rows, columns)."""
        found = [matrix[name].map(counts).to_numpy(dtype=np.float64, na_value=0.0)
                 for name, counts in zip(matrix.columns, self.counts_, strict=True)]  # fmt: skip
        return np.asarray(np.log1p(np.column_stack(found)), dtype=np.float64)


def plain(columns: Columns) -> ColumnTransformer:
    """Numbers filled and scaled as they are, one-hot categories."""
    return _together(
        ("numbers", make_pipeline(_filled(marked=True), StandardScaler()), columns.numeric),
        ("texts", _one_hot(), (*columns.categorical, *columns.crowded)),
    )


def curved(columns: Columns, seed: int) -> ColumnTransformer:
    """For a logistic regression that can follow curves: ranks as splines beside the signed logarithm."""
    ranks = make_pipeline(
        _filled(marked=False),
        QuantileTransformer(n_quantiles=50, subsample=None, random_state=0),
        SplineTransformer(n_knots=5, degree=2, include_bias=False, extrapolation="constant"),
    )
    logs = make_pipeline(SignedLog(), _filled(marked=True), StandardScaler())
    return _together(
        ("ranks", ranks, columns.numeric),
        ("logs", logs, columns.numeric),
        ("texts", _one_hot(), columns.categorical),
        *_crowded(columns, seed, scaled=True),
    )


def native(columns: Columns, seed: int) -> ColumnTransformer:
    """For boosted trees: categories first, as numbers of theirs, unknown numbers as NaN."""
    texts = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_NATIVE, dtype=np.float64
    )
    return _together(
        ("texts", texts, columns.categorical),
        ("numbers", Known(), columns.numeric),
        *_crowded(columns, seed, scaled=False),
    )


def flat(columns: Columns, seed: int) -> ColumnTransformer:
    """For a forest: one-hot categories, unknown numbers as NaN."""
    return _together(
        ("texts", _one_hot(), columns.categorical),
        ("numbers", Known(), columns.numeric),
        *_crowded(columns, seed, scaled=False),
    )


def _together(*parts: tuple[str, Any, tuple[str, ...]]) -> ColumnTransformer:
    return ColumnTransformer([(name, made, list(names)) for name, made, names in parts if names])


def _filled(*, marked: bool) -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=marked, keep_empty_features=True)


def _one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RAREST, sparse_output=False)


def _crowded(columns: Columns, seed: int, *, scaled: bool) -> list[tuple[str, Any, tuple[str, ...]]]:
    """What became of those that had the value, each training row told by others (cross-fitted), and how often
    it comes."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    told: Any = TargetEncoder(target_type="binary", cv=folds)
    often: Any = HowOften()
    if scaled:
        told, often = make_pipeline(told, StandardScaler()), make_pipeline(often, StandardScaler())
    return [("told", told, columns.crowded), ("often", often, columns.crowded)]
