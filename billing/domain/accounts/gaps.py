"""Filling what is missing: the mean of the same slot on up to four nearest whole days of the same type.

Types are weekday, Saturday, Sunday and holiday. A whole day has every reading, none of them estimated.
"Nearest" counts days either way, the earlier first. The second pass through a repeated hour takes the same
hour of ordinary days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from billing.domain.money import Int64Array, Rounding, div_round
from billing.domain.reckoning.axis import Axis, axis_of, epoch_minute, local_date
from billing.domain.reckoning.days import HolidayCalendar, Period, day_kind, day_type
from billing.domain.reckoning.usage import BoolArray, Usage

NEAREST_DAYS = 4


@dataclass(frozen=True, eq=False)
class GapFill:
    """usage: exactly the period's intervals; what was filled is marked estimated there, the rest is as read.

    missing_count: intervals of the period that had no reading. not_fillable: those that still have none,
    because there is no whole day of their type to take them from; they stay missing in ``usage``.
    """

    usage: Usage
    missing_count: int
    filled_count: int
    not_fillable: tuple[datetime, ...]

    @property
    def missing_minutes(self) -> int:
        """To hold against a limit such as one day, 1,440."""
        return self.missing_count * self.usage.interval_minutes


@dataclass(frozen=True, eq=False)
class _Spread:
    """Usage laid over a span of local days: values and what is known of them, on the span's axis."""

    axis: Axis
    values: Int64Array
    missing: BoolArray
    estimated: BoolArray


def fill_gaps(usage: Usage, period: Period, timezone: str, holidays: HolidayCalendar | None) -> GapFill:
    """Fill the period's holes from all of ``usage``, which may reach beyond the period either way."""
    spread = _spread(usage, period, timezone)
    axis = spread.axis
    day_of_axis = axis.day_index.astype(np.int64)
    starts = (period.starts_on - axis.period.starts_on).days
    inside = (day_of_axis >= starts) & (day_of_axis < starts + period.days)
    holes = np.flatnonzero(inside & spread.missing)
    values, missing, estimated = spread.values.copy(), spread.missing.copy(), spread.estimated.copy()
    if holes.size:
        source = _Source(spread, holidays)
        for hole in holes:
            found = source.mean_at(int(hole))
            if found is not None:
                values[hole], missing[hole], estimated[hole] = found, False, True
    begin, end = np.flatnonzero(inside)[[0, -1]] + (0, 1)
    filled = Usage(
        axis.starts_at(int(begin)),
        axis.interval_minutes,
        values[begin:end],
        missing[begin:end],
        estimated[begin:end],
    )
    left = tuple(axis.starts_at(int(hole)) for hole in holes if missing[hole])
    return GapFill(filled, int(holes.size), int(holes.size) - len(left), left)


def _spread(usage: Usage, period: Period, timezone: str) -> _Spread:
    first, last = period.starts_on, period.ends_before
    if usage.micro_kwh.size:
        first = min(first, local_date(usage.starts_at, timezone))
        ends = usage.ends_before - timedelta(minutes=usage.interval_minutes)
        last = max(last, local_date(ends, timezone) + timedelta(days=1))
    start_minute = epoch_minute(usage.starts_at)
    axis = axis_of(timezone, usage.interval_minutes, start_minute, Period(first, last))
    offset = (start_minute - axis.first_minute) // usage.interval_minutes
    covered = slice(offset, offset + usage.micro_kwh.size)
    values = np.zeros(axis.size, dtype=np.int64)
    missing, estimated = np.ones(axis.size, dtype=bool), np.zeros(axis.size, dtype=bool)
    values[covered], missing[covered], estimated[covered] = usage.micro_kwh, usage.missing, usage.estimated
    return _Spread(axis, values, missing, estimated)


class _Source:
    """Whole days by type, and the value of any slot on them."""

    def __init__(self, spread: _Spread, holidays: HolidayCalendar | None) -> None:
        axis = spread.axis
        self._axis = axis
        days = list(axis.period.dates())
        self._types = np.array([day_type(day_kind(day, holidays)) for day in days])
        broken = (
            np.bincount(axis.day_index, weights=spread.missing | spread.estimated, minlength=len(days)) > 0
        )
        empty = np.bincount(axis.day_index, minlength=len(days)) == 0
        self._whole = ~broken & ~empty
        # A slot is a clock minute; the second pass through a repeated hour stands 1,440 columns further on.
        self._slot: npt.NDArray[np.int64] = axis.clock_minute.astype(np.int64) + 1440 * axis.repeated
        self._values = spread.values
        self._bounds = np.searchsorted(axis.day_index, np.arange(len(days) + 1))
        self._days: dict[int, dict[int, int]] = {}
        self._near: dict[int, list[int]] = {}

    def _nearest(self, day: int) -> list[int]:
        if day not in self._near:
            alike = np.flatnonzero(self._whole & (self._types == self._types[day]))
            self._near[day] = sorted((int(other) for other in alike), key=lambda d: (abs(d - day), d))
        return self._near[day]

    def _day(self, day: int) -> dict[int, int]:
        """Values of a day by slot; made for the few days that are asked for."""
        if day not in self._days:
            span = slice(int(self._bounds[day]), int(self._bounds[day + 1]))
            slots, values = self._slot[span].tolist(), self._values[span].tolist()
            self._days[day] = dict(zip(slots, values, strict=True))
        return self._days[day]

    def mean_at(self, index: int) -> int | None:
        """micro_kwh, half-even; None where no whole day of the type has the slot."""
        day, slot = int(self._axis.day_index[index]), int(self._slot[index])
        found: list[int] = []
        for other in self._nearest(day):
            known = self._day(other)
            value = known.get(slot, known.get(slot % 1440))
            if value is not None:
                found.append(value)
            if len(found) == NEAREST_DAYS:
                break
        return div_round(sum(found), len(found), Rounding.HALF_EVEN) if found else None
