"""What of a change in use the weather does not explain, from sums over a customer's bills."""

from __future__ import annotations

import numpy as np

from churn.domain.feature_table import FloatArray

FEWEST_BILLS = 6
_SINGULAR = 1e-4
"""Of the product of the squares: below, degree days rose with the days alone, and say nothing."""


def expected_wh(
    fitted: FloatArray,
    days_days: FloatArray,
    days_cold: FloatArray,
    cold_cold: FloatArray,
    days_wh: FloatArray,
    cold_wh: FloatArray,
    days: FloatArray,
    cold: FloatArray,
) -> FloatArray:
    """float64 (customers,): the energy that a customer's earlier bills foretell for `days` with `cold`.

    Least squares of energy on days and degree days, without a constant, by the sums of products of the
    `fitted` earlier bills; a slope below nought is none. NaN with fewer than FEWEST_BILLS, and where nothing
    above nought is foretold.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        area = days_days * cold_cold - days_cold * days_cold
        slope = (days_days * cold_wh - days_cold * days_wh) / area
        slope = np.where((area > _SINGULAR * days_days * cold_cold) & (slope > 0), slope, 0.0)
        base = (days_wh - slope * days_cold) / days_days
        found = base * days + slope * cold
    return np.where((fitted >= FEWEST_BILLS) & (found > 0), found, np.nan)
