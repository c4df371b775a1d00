"""Schedules of 12 months x 24 hours, and months that are alike as seasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billing.domain.errors import TariffRefused
from billing.domain.urdb.rate import Rate, elements, whole

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Hours = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Period of each hour, from 0: by month, on weekdays and at weekends."""

    weekday: tuple[Hours, ...]
    weekend: tuple[Hours, ...]

    def month(self, month: int) -> tuple[Hours, Hours]:
        return self.weekday[month], self.weekend[month]

    def periods(self, month: int) -> list[int]:
        """Those that occur in a month, by their number."""
        return sorted({*self.weekday[month], *self.weekend[month]})


def read_schedule(rate: Rate, kind: str, periods: int) -> Schedule:
    """kind: energy or demand. periods: how many its structure has. Raises TariffRefused."""
    names = f"{kind}weekdayschedule", f"{kind}weekendschedule"
    tables = [_read_table(rate, name) for name in names]
    numbers = [period for table in tables for row in table for period in row]
    from_one = _counts_from_one(numbers, periods)
    for name, table in zip(names, tables, strict=True):
        for month, row in enumerate(table):
            for hour, period in enumerate(row):
                _check(period, periods, from_one, f"{rate.at(name)}[{month}][{hour}]", f"{kind}ratestructure")
    weekday, weekend = (tuple(tuple(p - from_one for p in row) for row in table) for table in tables)
    return Schedule(weekday, weekend)


def read_months(rate: Rate, name: str, periods: int) -> tuple[int, ...]:
    """The period of each month, from 0."""
    months = [whole(value, place) for value, place in rate.items(name, 12)]
    from_one = _counts_from_one(months, periods)
    for month, period in enumerate(months):
        _check(period, periods, from_one, f"{rate.at(name)}[{month}]", "flatdemandstructure")
    return tuple(period - from_one for period in months)


def read_coincident(rate: Rate, periods: int) -> tuple[int, ...]:
    """The periods, from 0, that any hour of the schedule of the grid's own peak has. Raises TariffRefused."""
    name = "coincidentrateschedule"
    table = _read_table(rate, name)
    from_one = _counts_from_one([period for row in table for period in row], periods)
    for month, row in enumerate(table):
        for hour, period in enumerate(row):
            _check(period, periods, from_one, f"{rate.at(name)}[{month}][{hour}]", "coincidentratestructure")
    return tuple(sorted({period - from_one for row in table for period in row}))


def _counts_from_one(numbers: Sequence[int], periods: int) -> int:
    """1 where a schedule can only be read so: the least is 1 or more, the most the number of periods."""
    return int(min(numbers) >= 1 and max(numbers) == periods)


def _check(period: int, periods: int, from_one: int, place: str, structure: str) -> None:
    if not from_one <= period < periods + from_one:
        raise TariffRefused(
            place, f"period {period} is not in {structure}, which has {periods} (from {from_one} on)"
        )


def _read_table(rate: Rate, name: str) -> list[list[int]]:
    rows: list[tuple[Any, str]] = rate.items(name, 12)
    return [[whole(value, at) for value, at in elements(row, place, 24)] for row, place in rows]


@dataclass(frozen=True, slots=True)
class Seasons:
    """Months that are alike in everything. name_of: of each month, empty where all are alike."""

    name_of: tuple[str, ...]

    @classmethod
    def of(cls, signatures: Sequence[object]) -> Seasons:
        """signatures: what tells months apart, twelve of them."""
        groups: dict[object, list[int]] = {}
        for month, signature in enumerate(signatures):
            groups.setdefault(signature, []).append(month)
        if len(groups) == 1:
            return cls(("",) * 12)
        names = {signature: _name(months) for signature, months in groups.items()}
        return cls(tuple(names[signature] for signature in signatures))

    def firsts(self) -> list[tuple[str, int]]:
        """Each season with a month that stands for it, in the order of the year."""
        return [(name, self.name_of.index(name)) for name in dict.fromkeys(self.name_of)]

    def document(self) -> list[dict[str, str]]:
        """As a tariff file writes them; empty for none."""
        found = []
        for name, months in self._stretches():
            end = months[-1] + 2
            until = f"{end:02d}-01" if end <= 12 else "01-01"
            found.append({"name": name, "from": f"{months[0] + 1:02d}-01", "to": until})
        return found if self.name_of[0] else []

    def _stretches(self) -> list[tuple[str, list[int]]]:
        found: list[tuple[str, list[int]]] = []
        for month, name in enumerate(self.name_of):
            if found and found[-1][0] == name:
                found[-1][1].append(month)
            else:
                found.append((name, [month]))
        return found


def _name(months: Sequence[int]) -> str:
    """Jan-Apr, Nov-Dec."""
    words: list[str] = []
    start = months[0]
    for month, following in zip(months, [*months[1:], 99], strict=True):
        if following != month + 1:
            words.append(MONTHS[start] if start == month else f"{MONTHS[start]}-{MONTHS[month]}")
            start = following
    return ", ".join(words)


def spans_of(row: Hours, period: int) -> list[str]:
    """The hours of a period in a day, neighbours together."""
    found: list[list[int]] = []
    for hour, of_hour in enumerate(row):
        if of_hour == period:
            if found and found[-1][1] == hour:
                found[-1][1] = hour + 1
            else:
                found.append([hour, hour + 1])
    return [f"{start:02d}:00-{end:02d}:00" for start, end in found]
