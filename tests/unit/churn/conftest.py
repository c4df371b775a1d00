"""Customers for models to be fitted on: numbers, one of which nobody knows and one that never differs."""

from __future__ import annotations

import numpy as np
import pandas as pd


def facts_of(count: int, seed: int) -> tuple[pd.DataFrame, np.random.Generator]:
    """The facts of some customers, and the draw with which to say who of them left."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "use": np.where(draw.random(count) < 0.2, np.nan, draw.normal(3, 2, count)),
            "late": draw.poisson(1.0, count).astype(float),
            "never": np.full(count, np.nan),
            "flat": np.ones(count),
            "segment": draw.choice(["household", "industry"], count).astype(object),
            "tariff": draw.choice(["a", "b", "c"], count).astype(object),
        }
    )
    return frame, draw
