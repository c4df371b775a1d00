"""By when a request about one's data is answered. Pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import holidays

_WORKING_DAYS = 10
"""152-FZ, art. 20(1), for access; five more where a reason is told."""


def month_after(day: date, months: int = 1) -> date:
    """The same day of a later month, or its last: 31 January and a month is 28 or 29 February (Regulation
    1182/71, art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def working_days_after(day: date, days: int, country: str) -> date:
    """So many working days later, holidays of the country left out."""
    closed = holidays.country_holidays(country, years=(day.year, day.year + 1))
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            days -= 1
    return day


def due_on(received_on: date, kind: str, country: str) -> date:
    """GDPR, art. 12(3): one month. Russia, 152-FZ: ten working days to show the data (art. 20(1)), thirty
    days
    to destroy it (art. 21(4), (5))."""
    if country == "RU":
        if kind == "export":
            return working_days_after(received_on, _WORKING_DAYS, country)
        return received_on + timedelta(days=30)
    return month_after(received_on)


def extended_to(received_on: date, kind: str, country: str) -> date:
    """Where a reason is told in time. GDPR, art. 12(3): two months more. Russia: five working days more to
    show
    it (art. 20(1)); to destroy it, six months where it cannot be done sooner (art. 21(6))."""
    if country == "RU":
        if kind == "export":
            return working_days_after(received_on, _WORKING_DAYS + 5, country)
        return month_after(received_on, 6)
    return month_after(received_on, 3)
