"""Entries of a calendar laid out as the rows of a week and the weeks of a month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from utility_crm.kit.module import CalendarEntry
from utility_crm.tasks.domain.grid import Week, hours_shown, week_of, weeks_of_month

SHOWN_A_DAY = 4


@dataclass(frozen=True, slots=True)
class HourRow:
    """A row of the week: an hour of the day, or None for what has no hour; the entries of its seven days."""

    hour: int | None
    cells: tuple[tuple[CalendarEntry, ...], ...]


@dataclass(frozen=True, slots=True)
class DayCell:
    """A day of the month. more: entries that are not shown, but in its week."""

    day: date
    inside: bool
    entries: tuple[CalendarEntry, ...]
    more: int

    @property
    def count(self) -> int:
        return len(self.entries) + self.more


def week_rows(
    day: date, entries: Iterable[CalendarEntry], zone: ZoneInfo
) -> tuple[Week, tuple[HourRow, ...]]:
    """The week of a day: its days, and a row for what has no hour, then one an hour."""
    days = week_of(day)
    found: dict[tuple[int | None, date], list[CalendarEntry]] = {}
    for one in in_order(entries):
        hour = None if one.starts_at is None else one.starts_at.astimezone(zone).hour
        found.setdefault((hour, one.day), []).append(one)
    hours = hours_shown(hour for hour, on in found if hour is not None and on in days)
    return days, tuple(
        HourRow(hour, tuple(tuple(found.get((hour, on), ())) for on in days)) for hour in (None, *hours)
    )


def month_cells(day: date, entries: Iterable[CalendarEntry]) -> tuple[tuple[DayCell, ...], ...]:
    """The weeks of a day's month; of each day the first few entries, and how many more there are."""
    by_day: dict[date, list[CalendarEntry]] = {}
    for one in in_order(entries):
        by_day.setdefault(one.day, []).append(one)

    def cell(on: date) -> DayCell:
        every = by_day.get(on, [])
        shown = every if len(every) <= SHOWN_A_DAY else every[: SHOWN_A_DAY - 1]
        return DayCell(on, on.month == day.month, tuple(shown), len(every) - len(shown))

    return tuple(tuple(cell(on) for on in week) for week in weeks_of_month(day))


def in_order(entries: Iterable[CalendarEntry]) -> Sequence[CalendarEntry]:
    """By day, what has no hour first, then by the hour."""
    return sorted(
        entries, key=lambda one: (one.day, one.starts_at is not None, one.starts_at or one.day, one.key)
    )
