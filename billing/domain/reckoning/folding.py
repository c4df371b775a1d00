"""Days that carry the same keys at the same places, laid upon each other: a month becomes a weekday and a
weekend day.

What is summed (or compared) by key afterwards is a day or two wide instead of a month, and laying days upon
each other goes along whole rows, where sums by runs of equal key stop at every change of key (EXPLAIN A7).
Integers do not mind the order, so the answer is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from billing.domain.money import Int64Array

IntArray = npt.NDArray[np.integer]

FEW = 8
"""So few customers are faster by runs."""


@dataclass(frozen=True, eq=False)
class Fold:
    """places: of each sort of day, its first column in the fold, its width, and where its days begin.

    key_of: int64 (columns of the fold,). when: int64 (columns of the fold, most days of a sort), the columns
    of the axis that lie upon each other, the first in time first; the last one repeated where a sort has
    fewer.
    """

    places: tuple[tuple[int, int, tuple[int, ...]], ...]
    key_of: Int64Array
    when: Int64Array

    @property
    def width(self) -> int:
        return int(self.key_of.size)


def fold_of(key_of: IntArray, day_index: IntArray) -> Fold | None:
    """key_of: of each column of an axis. None where too few days are alike for it to be worth it."""
    size = int(key_of.size)
    if not size:
        return None
    firsts = np.flatnonzero(np.concatenate(([True], day_index[1:] != day_index[:-1])))
    edges = np.append(firsts, size).tolist()
    sorts: dict[bytes, list[int]] = {}
    keys = np.ascontiguousarray(key_of, dtype=np.int64)
    width_of: dict[bytes, int] = {}
    for first, last in pairwise(edges):
        row = keys[first:last].tobytes()
        sorts.setdefault(row, []).append(first)
        width_of[row] = last - first
    if 2 * sum(width_of.values()) > size:
        return None
    places, column = [], 0
    for row, days in sorts.items():
        places.append((column, width_of[row], tuple(days)))
        column += width_of[row]
    most = max(len(days) for _column, _width, days in places)
    when = np.empty((column, most), dtype=np.int64)
    for first, width, begun in places:
        begins = np.array([*begun, *begun[-1:] * (most - len(begun))], dtype=np.int64)
        when[first : first + width] = begins[None, :] + np.arange(width)[:, None]
    folded_keys = np.concatenate([keys[days[0] : days[0] + width] for _column, width, days in places])
    return Fold(tuple(places), folded_keys, when)


def summed(values: Int64Array, fold: Fold) -> Int64Array:
    """int64 (customers, columns of the fold), from int64 (customers, columns of the axis)."""
    return _laid(values, fold, np.add)


def highest_of(values: Int64Array, fold: Fold) -> Int64Array:
    """The same, of each column the highest."""
    return _laid(values, fold, np.maximum)


def _laid(values: Int64Array, fold: Fold, join: np.ufunc) -> Int64Array:
    found = np.empty((values.shape[0], fold.width), dtype=np.int64)
    for column, width, days in fold.places:
        mine = found[:, column : column + width]
        mine[:] = values[:, days[0] : days[0] + width]
        for first in days[1:]:
            join(mine, values[:, first : first + width], out=mine)
    return found
