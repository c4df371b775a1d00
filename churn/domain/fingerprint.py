"""What a model learned from, as one short name: the same rows and outcomes have the same one anywhere.

Rows are put in the order of their keys and columns in that of their names, so that neither decides. Numbers
are written with six digits: the last bits of a logarithm differ from processor to processor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from churn.domain.feature_table import FeatureTable, FloatArray
from churn.domain.figures import BoolArray

DIGITS = 6


def fingerprint(
    dates: Sequence[date], customers: npt.NDArray[np.int64], table: FeatureTable, left: BoolArray
) -> str:
    """SHA-256 in hexadecimal. dates, customers, left: of each row of the table. ValueError where they differ
    in length."""
    days = np.array([day.isoformat() for day in dates], dtype=str)
    if not days.size == customers.size == left.size or (len(table) and len(table) != left.size):
        raise ValueError("every row needs its date, its customer and its outcome")
    order = np.lexsort((customers, days))
    digest = hashlib.sha256()

    def add(name: str, cells: npt.NDArray[np.str_]) -> None:
        # Lengths stand before what they measure: no text can be mistaken for the next cell.
        digest.update(f"{len(name)}:{name}:{cells.size}\n".encode())
        digest.update("".join(f"{len(cell)}:{cell}\n" for cell in cells[order].tolist()).encode())

    add("as_of", days)
    add("customer", customers.astype(str))
    add("left", left.astype(np.int64).astype(str))
    for name in sorted(table.numeric):
        add(f"number {name}", _written(table.numeric[name]))
    for name in sorted(table.categorical):
        add(f"category {name}", table.categorical[name].astype(str))
    return digest.hexdigest()


def _written(values: FloatArray) -> npt.NDArray[np.str_]:
    """Unknown is nothing; there is one nought."""
    cells = np.char.mod(f"%.{DIGITS}g", values + 0.0)
    return np.where(np.isnan(values), "", cells)
