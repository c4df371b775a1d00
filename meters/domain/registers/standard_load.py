"""Standard load profiles: how an average household or business uses a year, where nothing else is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from meters.domain.decimals import IntArray
from meters.domain.registers.spreading import LoadProfile

QUARTERS = 96
DayKind = str
"""SA Saturday, FT Sunday or holiday, WT any other day."""


@dataclass(frozen=True, slots=True, eq=False)
class StandardLoad:
    """Quarter-hours by (month, kind of day): int64 (96,), thousandths of a kWh as published.

    `dynamic`: the day of the year is weighed, too (BDEW, "Standardlastprofile Strom 2025", profiles H25, P25
    and S25).
    """

    quarters: Mapping[tuple[int, DayKind], IntArray]
    dynamic: bool

    def profile(
        self,
        starts_at: datetime,
        ends_before: datetime,
        zone: ZoneInfo,
        is_holiday: Callable[[date], bool],
    ) -> LoadProfile:
        """Half-hours of all the UTC days that a span touches, on the local clock of `zone`."""
        first = starts_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        count = int((ends_before - first) / timedelta(minutes=30)) + 1
        weights = np.zeros(count, dtype=np.int64)
        days: dict[date, IntArray] = {}
        for place in range(count):
            local = (first + place * timedelta(minutes=30)).astimezone(zone)
            day = local.date()
            if day not in days:
                days[day] = self._day(day, is_holiday(day))
            quarter = (local.hour * 60 + local.minute) // 15
            weights[place] = days[day][quarter] + days[day][(quarter + 1) % QUARTERS]
        return LoadProfile(first, 30, weights)

    def _day(self, day: date, holiday: bool) -> IntArray:
        kind = "FT" if holiday or day.weekday() == 6 else "SA" if day.weekday() == 5 else "WT"
        values = self.quarters[day.month, kind]
        return values * _weight_of_day(day.timetuple().tm_yday) // 1_000 if self.dynamic else values


def _weight_of_day(day: int) -> int:
    """The association's polynomial of the day of the year, in thousandths, in integers."""
    exact = -392 * day**4 + 320_000 * day**3 - 70_200_000 * day**2 + 2_100_000_000 * day + 1_240_000_000_000
    return exact // 1_000_000_000
