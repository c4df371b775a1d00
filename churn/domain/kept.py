"""Facts of everybody as one matrix of numbers: how they are kept, and read again without a frame.

A number is itself, NaN where unknown; a day is its ordinal; a word is its place among the words of its
column.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FeatureTable, FloatArray, TextArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns are: their names in order, which of them are days, and the words of those that are
    words."""

    names: tuple[str, ...]
    days: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]

    def document(self) -> dict[str, Any]:
        """The layout as JSON."""
        return {
            "names": list(self.names),
            "days": list(self.days),
            "words": {name: list(words) for name, words in self.words.items()},
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Layout:
        """The layout that `document()` wrote."""
        words = {name: tuple(found) for name, found in document["words"].items()}
        return cls(tuple(document["names"]), tuple(document["days"]), words)


@dataclass(frozen=True, eq=False)
class Kept:
    """customer_ids: int64 (customers,), rising. columns: float64 (names, customers), each in one piece."""

    customer_ids: IntArray
    columns: FloatArray
    layout: Layout

    def __len__(self) -> int:
        return int(self.customer_ids.size)

    def numbers(self, name: str) -> FloatArray:
        """float64 (customers,): a column as it is kept. ValueError for one that is not there."""
        column: FloatArray = self.columns[self.layout.names.index(name)]
        return column

    def table(self, numeric: tuple[str, ...], categorical: tuple[str, ...]) -> FeatureTable:
        """What a model is scored on."""
        return FeatureTable(
            {name: self.numbers(name) for name in numeric}, {name: self._words(name) for name in categorical}
        )

    def json(self, name: str, rows: IntArray) -> list[str]:
        """The values of some customers as JSON has them: whole numbers whole, unknown as null."""
        values = self.numbers(name)[rows]
        if name in self.layout.words:
            said = [json.dumps(word) for word in self.layout.words[name]]
            return _looked_up(values, dict(enumerate(said)))
        if name in self.layout.days:
            found = np.unique(values[~np.isnan(values)]).astype(np.int64).tolist()
            return _looked_up(values, {day: f'"{date.fromordinal(day).isoformat()}"' for day in found})
        known = ~np.isnan(values)
        if np.array_equal(values[known], np.rint(values[known])):
            return _marked(list(map(str, np.where(known, values, 0).astype(np.int64).tolist())), known)
        texts = [
            str(int(one)) if one.is_integer() else repr(one) for one in np.where(known, values, 0).tolist()
        ]
        return _marked(texts, known)

    def _words(self, name: str) -> TextArray:
        return np.array(self.layout.words[name], dtype=object)[self.numbers(name).astype(np.int64)]


def _looked_up(values: FloatArray, texts: Mapping[int, str]) -> list[str]:
    known = ~np.isnan(values)
    return [texts.get(place, "null") for place in np.where(known, values, -1).astype(np.int64).tolist()]


def _marked(texts: list[str], known: npt.NDArray[np.bool_]) -> list[str]:
    for place in np.flatnonzero(~known).tolist():
        texts[place] = "null"
    return texts
