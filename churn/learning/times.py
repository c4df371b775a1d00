"""The time of each row, where a person named its column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churn.domain.feature_table import FloatArray
from churn.learning.kinds import days_of, numbers_of
from churn.learning.reading import Cells
from utility_crm.kit.errors import Invalid


@dataclass(frozen=True, eq=False)
class Times:
    """values: float64 (rows,), days since 1970 or whatever number the column holds."""

    values: FloatArray
    is_days: bool


def times_of(cells: Cells, title: str) -> Times:
    """Raises Invalid where a row has no time, or none that can be read, with its line."""
    texts = cells.frame[title].to_numpy(dtype=object)
    days = days_of(texts)
    found = days or numbers_of(texts)
    place = f"{cells.where}, column {title}"
    if found is None:
        raise Invalid("time", "The time must be days (2026-11-20) or numbers; it is neither.", place)
    unread = np.flatnonzero(np.isnan(found.values))
    if unread.size:
        row = int(unread[0])
        raise Invalid(
            "time",
            "%(many)s rows have no time that can be read; the first holds %(text)s.",
            f"{cells.place(row)}, column {title}",
            many=int(unread.size),
            text=f"“{texts[row]}”",
        )
    if np.unique(found.values).size < 2:
        raise Invalid("time", "All rows are of one time: nothing can be tested on a later one.", place)
    return Times(found.values, days is not None)
