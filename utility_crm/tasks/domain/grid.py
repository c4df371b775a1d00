"""The days of a week and of a month, as a calendar lays them out: weeks begin on Monday (ISO 8601)."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable
from datetime import date, timedelta

Week = tuple[date, ...]
_MONDAYS_FIRST = Calendar(firstweekday=0)


def week_of(day: date) -> Week:
    """The seven days, Monday first, of the week of a day."""
    monday = day - timedelta(days=day.weekday())
    return tuple(monday + timedelta(days=step) for step in range(7))


def day_meant(today: date) -> date:
    """The day whose week is asked about when none is named: on a Sunday the week that begins tomorrow, since
    the other is over."""
    return today + timedelta(days=1) if today.weekday() == 6 else today


def weeks_of_month(day: date) -> tuple[Week, ...]:
    """The whole weeks that a day's month touches: four to six of them."""
    return tuple(tuple(week) for week in _MONDAYS_FIRST.monthdatescalendar(day.year, day.month))


def month_before(day: date) -> date:
    """The first day of the month before a day's."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(day: date) -> date:
    """The first day of the month after a day's."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def hours_shown(hours: Iterable[int], least: tuple[int, int] = (9, 17)) -> range:
    """The hours that a week shows: the working day, and wider where something lies outside it."""
    every = [*hours]
    return range(min([least[0], *every]), max([least[1], *(hour + 1 for hour in every)]))
