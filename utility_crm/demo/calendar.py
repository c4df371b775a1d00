"""The demo's time: 15 months of days ending the day before the as-of date, and the billing periods in
them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import numpy.typing as npt

ZONE = "Europe/London"
MONTHS_OF_READINGS = 15
BILLS = 14
"""More than a year of them, so that the newest two have their like a year before."""
CYCLE_DAYS = (1, 8, 15, 22)
SLOTS = 48

Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


def months_before(day: date, months: int) -> date:
    """The same day of the month `months` earlier, or that month's last day where it has no such day."""
    place = day.year * 12 + day.month - 1 - months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def price_change_on(as_of: date) -> date:
    """The first of a month nearest to 60 days before the as-of date."""
    about = as_of - timedelta(days=60)
    first = about.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first if about - first <= following - about else following


@dataclass(frozen=True)
class Calendar:
    """`first_day` (counted) to `as_of` (not counted). Days are days of UTC, as the channels' blocks are."""

    as_of: date

    @cached_property
    def first_day(self) -> date:
        return months_before(self.as_of, MONTHS_OF_READINGS)

    @property
    def days(self) -> int:
        return (self.as_of - self.first_day).days

    def day(self, place: int) -> date:
        return self.first_day + timedelta(days=int(place))

    def place(self, day: date) -> int:
        """0 for the first day; below 0 before it."""
        return (day - self.first_day).days

    @cached_property
    def price_change(self) -> date:
        return price_change_on(self.as_of)

    @cached_property
    def public_holidays(self) -> frozenset[date]:
        years = range(self.first_day.year, self.as_of.year + 1)
        return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=years))

    def periods(self, cycle_day: int) -> tuple[tuple[date, date], ...]:
        """The last 14 half-open billing periods of a cycle that end on or before the as-of date, oldest
        first."""
        newest = self.as_of.replace(day=cycle_day)
        if newest > self.as_of:
            newest = months_before(newest, 1)
        ends = [months_before(newest, back) for back in range(BILLS, -1, -1)]
        return tuple(pairwise(ends))

    @cached_property
    def local(self) -> tuple[Int64, Int64]:
        """For each UTC half-hour (days, 48): the place of its local day (from `first_day`), and its local
        slot."""
        zone = ZoneInfo(ZONE)
        midnight = datetime(self.first_day.year, self.first_day.month, self.first_day.day, tzinfo=UTC)
        hours = [midnight + timedelta(hours=hour) for hour in range(self.days * 24)]
        shift = [instant.astimezone(zone).utcoffset() or timedelta(0) for instant in hours]
        slots_later = np.repeat([int(offset.total_seconds()) // 1800 for offset in shift], 2)
        clock = np.arange(self.days * SLOTS, dtype=np.int64) + slots_later
        shape = (self.days, SLOTS)
        return (clock // SLOTS).reshape(shape), (clock % SLOTS).reshape(shape)

    @cached_property
    def workday(self) -> Bool:
        """(days,): Monday to Friday and no public holiday."""
        days = [self.day(place) for place in range(self.days)]
        return np.array([day.weekday() < 5 and day not in self.public_holidays for day in days])
