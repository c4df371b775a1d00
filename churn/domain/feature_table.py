"""Facts of customers as arrays, without a frame: what a model is scored on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """numeric: float64 (customers,) by name, NaN where unknown. categorical: text (customers,) by name."""

    numeric: Mapping[str, FloatArray]
    categorical: Mapping[str, TextArray]

    def __len__(self) -> int:
        columns = [*self.numeric.values(), *self.categorical.values()]
        return int(columns[0].size) if columns else 0
