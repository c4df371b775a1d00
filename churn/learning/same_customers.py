"""Which rows are of one customer, so that they are never on both sides of a split by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churn.learning.reading import Cells, IntArray
from churn.learning.target import Target

MOST_COPIES = 0.5
"""Where more rows than this repeat others, columns are few and customers alike."""

UNLIKE = 0.25
"""Of copies fewer than this part of two strangers' pairs have another outcome."""


def by_id(cells: Cells, title: str, notes: list[str]) -> IntArray | None:
    """Rows of one id together. A blank id is somebody of their own."""
    texts = cells.frame[title].to_numpy(dtype=object)
    blank = texts == ""
    if blank.any():
        first = cells.lines[int(np.flatnonzero(blank)[0])]
        notes.append(
            f"{int(blank.sum())} rows have no id, the first in line {first}; each is taken as a customer."
        )
    codes, found = pd.factorize(pd.Series(texts, dtype=object).mask(blank))
    again = len(texts) - int(blank.sum()) - len(found)
    if not again:
        return None
    codes = np.where(blank, len(found) + np.arange(len(texts)), codes)
    kept = pd.Series(texts[~blank])
    example = kept[kept.duplicated()].iloc[0]
    notes.append(
        f"Ids come again ({again} rows, “{example}” the first of them): "
        "rows of one id are never on both sides of a split by chance."
    )
    return codes.astype(np.int64)


def copies(cells: Cells, target: Target, naming: bool, notes: list[str]) -> IntArray | None:
    """Rows that are alike in every cell together: a copy would be tested on itself. naming: a column names
    rows; without one they may be customers who are alike, and then belong on both sides."""
    again = int(cells.frame.duplicated().sum())
    if not again or not (naming or _are_copies(cells, target)):
        return None
    first = cells.lines[int(np.flatnonzero(cells.frame.duplicated())[0])]
    notes.append(
        f"{again} rows repeat another one in every cell, the first in line {first}: "
        "such rows are never on both sides of a split by chance."
    )
    return np.asarray(cells.frame.groupby(list(cells.frame.columns), sort=False).ngroup(), dtype=np.int64)


def _are_copies(cells: Cells, target: Target) -> bool:
    """Whether rows that repeat others are copies, where no column names rows: rows are hardly ever alike, and
    those that are have nearly always the same outcome, as customers who are alike would not."""
    known = cells.frame.drop(columns=target.column)
    again = known.duplicated().to_numpy()
    if again.mean() > MOST_COPIES:
        return False
    first = (
        pd.Series(target.left)
        .groupby(known.groupby(list(known.columns), sort=False).ngroup())
        .transform("first")
    )
    share = float(target.left.mean())
    unlike = float((target.left != first.to_numpy())[again].mean())
    return unlike < UNLIKE * 2 * share * (1 - share)
