"""Which columns a model learns from, and what each is to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

CROWDED = 30
"""Above this many categories one is told by how often it comes and by what became of those that had it."""

LARGEST = 1e30
"""Numbers beyond are taken as this: trees keep them in four bytes."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names. numeric: float64, NaN where unknown. categorical: text, "" where unknown. crowded: categorical
    with many values."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    crowded: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.numeric, *self.categorical, *self.crowded)

    def take(self, frame: pd.DataFrame) -> pd.DataFrame:
        """These columns of any frame, as every model here wants them. KeyError where one is missing."""
        numbers = {
            name: np.clip(frame[name].to_numpy(dtype=np.float64, na_value=np.nan), -LARGEST, LARGEST)
            for name in self.numeric
        }
        texts = {
            name: frame[name].astype(object).where(frame[name].notna(), "").map(str).astype(object)
            for name in (*self.categorical, *self.crowded)
        }
        return pd.DataFrame(numbers | texts, index=frame.index)


def columns_of(frame: pd.DataFrame) -> Columns:
    """The columns of a frame by their types: numbers and booleans are numeric, all else are categories."""
    numeric: list[str] = []
    categorical: list[str] = []
    crowded: list[str] = []
    for name in frame.columns:
        if pd.api.types.is_numeric_dtype(frame[name].dtype):
            numeric.append(str(name))
        else:
            (crowded if frame[name].nunique() > CROWDED else categorical).append(str(name))
    return Columns(tuple(numeric), tuple(categorical), tuple(crowded))
