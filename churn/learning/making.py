"""Columns a model can learn from, made of what a file's columns hold."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from churn.domain.feature_table import FloatArray, TextArray
from churn.learning.kinds import Categories, Days, Kind, Numbers
from churn.learning.reading import Cells

MOST_PAIRED_DAYS = 6
"""Up to this many columns of days, the time from each to each other is a column, too."""

SOME_FILLED = 0.005


class Features:
    """Gathers columns one by one. times: days since 1970 of each row, None where days are counted back from
    the newest day of all. naming: whether a column names rows."""

    def __init__(self, times: FloatArray | None) -> None:
        self._times = times
        self._days: dict[str, FloatArray] = {}
        self._sources: dict[str, tuple[str, ...]] = {}
        self.numbers: dict[str, FloatArray] = {}
        self.texts: dict[str, TextArray] = {}
        self.naming = False

    def add(self, title: str, kind: Kind, cells: Cells) -> list[str]:
        """Take the column in; what a person should know of it."""
        if isinstance(kind, Numbers):
            self._number(title, kind.values, title)
        elif isinstance(kind, Categories):
            self.texts[title] = kind.values
            self._sources[title] = (title,)
        elif isinstance(kind, Days):
            self._days[title] = kind.values
        else:
            self.naming |= kind.why in ("id", "text")
            share = 1.0 if kind.filled is None else float(kind.filled.mean())
            if kind.filled is not None and SOME_FILLED <= share <= 1 - SOME_FILLED:
                self._number(f"{title} (filled)", kind.filled.astype(np.float64), title)
        return _said(title, kind, cells)

    def made(self) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
        """The frame, and of each of its columns the file's columns that it is made of."""
        self._make_days()
        return pd.DataFrame({**self.numbers, **self.texts}), self._sources

    def _number(self, name: str, values: FloatArray, *sources: str) -> None:
        self.numbers[name] = values
        self._sources[name] = sources

    def _make_days(self) -> None:
        """Days before the row's own time (or the newest day of all), the month, and days between days."""
        if not self._days:
            return
        newest = max(float(np.nanmax(values)) for values in self._days.values())
        reference = np.full(1, newest) if self._times is None else self._times
        for title, values in self._days.items():
            self._number(f"{title} (days before)", reference - values, title)
            months = _months(values)
            if np.unique(months[~np.isnan(months)]).size > 1:
                self._number(f"{title} (month)", months, title)
        if len(self._days) <= MOST_PAIRED_DAYS:
            for one, other in combinations(self._days, 2):
                between = self._days[other] - self._days[one]
                if np.unique(between[~np.isnan(between)]).size > 1:
                    self._number(f"{one} to {other} (days)", between, one, other)


def _months(days: FloatArray) -> FloatArray:
    """1 to 12; NaN where the day is unknown."""
    known = ~np.isnan(days)
    months = np.full(days.size, np.nan)
    dates = days[known].astype("datetime64[D]")
    months[known] = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return months


def _said(title: str, kind: Kind, cells: Cells) -> list[str]:
    if not isinstance(kind, Numbers | Days):
        return []
    what = "a number" if isinstance(kind, Numbers) else "a day"
    notes = []
    if kind.refused:
        row = kind.refused[0]
        text = cells.frame[title].iloc[row]
        notes.append(
            f"“{title}”: {len(kind.refused)} cells are not {what} and count as unknown, "
            f"the first is “{text}” in line {cells.lines[row]}."
        )
    if isinstance(kind, Days) and kind.ambiguous:
        notes.append(f"“{title}”: days and months cannot be told apart; the day is taken first.")
    return notes
