"""Virtual days make every mixture of two bills defined (EXPLAIN B2).

A mixture has a calendar, a price day for each of its days (the tariff version and season of that day) and a
day of usage for each; the path is then scaled to the days of the calendar at the daily level of one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from billing.domain.money import Int64Array, muldiv
from billing.domain.reckoning.days import HOLIDAY, HolidayCalendar, Period, day_kind, day_type

DayMap = npt.NDArray[np.int64]


def types_of(period: Period, calendars: Sequence[HolidayCalendar | None]) -> tuple[int, ...]:
    """Day types by which days stand for each other: a holiday is one that any of the calendars knows."""
    found = []
    for day in period.dates():
        kinds = [day_kind(day, calendar) for calendar in calendars]
        found.append(day_type(HOLIDAY if HOLIDAY in kinds else day.weekday()))
    return tuple(found)


def map_days(of: Sequence[int], onto: Sequence[int]) -> DayMap:
    """For each day of ``onto`` (by type) the day of ``of`` that stands for it.

    Among the days of the same type, the one at the same relative position: floor(k * count_of /
    count_onto). Where there is no such type, any day: the one at the same relative position in the whole
    period.
    """
    days_of = {kind: [i for i, other in enumerate(of) if other == kind] for kind in set(of)}
    count_onto = {kind: list(onto).count(kind) for kind in set(onto)}
    seen = dict.fromkeys(count_onto, 0)
    mapped = np.empty(len(onto), dtype=np.int64)
    for index, kind in enumerate(onto):
        alike = days_of.get(kind)
        if alike is None:
            mapped[index] = index * len(of) // len(onto)
        else:
            mapped[index] = alike[seen[kind] * len(alike) // count_onto[kind]]
        seen[kind] += 1
    return mapped


@dataclass(frozen=True, eq=False)
class DayMaps:
    """maps[calendar][side]: days of ``side`` standing for the days of ``calendar``; 0 before, 1 after."""

    maps: tuple[tuple[DayMap, DayMap], tuple[DayMap, DayMap]]

    @classmethod
    def of(cls, before: Period, after: Period, calendars: Sequence[HolidayCalendar | None]) -> DayMaps:
        own = (np.arange(before.days, dtype=np.int64), np.arange(after.days, dtype=np.int64))
        if before == after:
            return cls(((own[0], own[0]), (own[0], own[0])))
        types = (types_of(before, calendars), types_of(after, calendars))
        return cls(((own[0], map_days(types[1], types[0])), (map_days(types[0], types[1]), own[1])))

    def days(self, calendar: int, side: int, of: Sequence[date]) -> tuple[date, ...]:
        return tuple(of[int(index)] for index in self.maps[calendar][side])


def scaled(path: Int64Array, total: int) -> Int64Array:
    """The same shape with this sum, exactly: differences of floor(cumulative * total / sum).

    path: int64, any shape, none negative. From a path of zeros the total is spread evenly.
    """
    if total < 0:
        raise ValueError("a total below zero has no shape")
    flat = path.ravel()
    now = int(flat.sum())
    if now == total:
        return path
    if now == 0:
        cumulative, now = np.arange(1, flat.size + 1, dtype=np.int64), flat.size
    else:
        cumulative = np.cumsum(flat)
    times, rest = divmod(total, now)
    target = cumulative * times + muldiv(cumulative, rest, now)
    return np.diff(target, prepend=0).reshape(path.shape)
