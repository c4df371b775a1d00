"""Kinds of day: the seven weekdays, and the public holiday, which is a kind of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays as public_holidays

HOLIDAY = 7
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday")
MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
# What a tariff may write, and the kinds it stands for. A holiday is never also a weekday or a weekend.
DAY_WORDS: dict[str, tuple[int, ...]] = {
    **{name: (kind,) for kind, name in enumerate(DAY_NAMES)},
    "weekday": (0, 1, 2, 3, 4),
    "weekend": (5, 6),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Local dates, half-open."""

    starts_on: date
    ends_before: date

    def __post_init__(self) -> None:
        if self.ends_before <= self.starts_on:
            raise ValueError(f"an empty period: {self.starts_on} to {self.ends_before}")

    @property
    def days(self) -> int:
        return (self.ends_before - self.starts_on).days

    def dates(self) -> Iterator[date]:
        for offset in range(self.days):
            yield self.starts_on + timedelta(days=offset)


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """A calendar of the ``holidays`` package, as observed: (country, subdivision), such as GB and ENG."""

    country: str
    subdivision: str | None = None


@lru_cache(maxsize=512)
def holidays_of(calendar: HolidayCalendar, year: int) -> frozenset[date]:
    """Raises NotImplementedError for an unknown country or subdivision."""
    found = public_holidays.country_holidays(calendar.country, subdiv=calendar.subdivision, years=year)
    return frozenset(day for day in found if day.year == year)


def day_kind(day: date, calendar: HolidayCalendar | None) -> int:
    """0 Monday to 6 Sunday, or HOLIDAY."""
    if calendar is not None and day in holidays_of(calendar, day.year):
        return HOLIDAY
    return day.weekday()


def day_type(kind: int) -> int:
    """Kinds alike enough to stand for each other: 0 weekday, 1 Saturday, 2 Sunday, 3 holiday."""
    return 0 if kind < 5 else kind - 4
