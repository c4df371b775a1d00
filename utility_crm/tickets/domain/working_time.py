"""Time in which somebody works: counted, and added, exactly.

Opening hours are spans of the wall clock of a zone, by weekday; nobody works on public holidays. An instant
is working time when the clock on the wall then shows a time within a span: an hour that the clocks skip is
not worked, one that they show twice is worked twice. Amounts are `timedelta`s, exact to the microsecond.

    worked(hours, a, add_worked(hours, a, amount)) == amount
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

DAY_MINUTES = 1440
_DAY = timedelta(days=1)
_NONE = timedelta()
_LONGEST_DAYS = 3700
"""No promise is kept over ten years: hours so short that it would are a mistake."""

Span = tuple[int, int]
"""From and until which minute of the day, half-open."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works. week: spans of each weekday, Monday first, in order and apart; closed: days on
    which nobody works beside public holidays of `country` (ISO 3166-1; "" has none) and its `subdivision`.

    Raises ValueError where spans lie outside a day, overlap, or nobody ever works.
    """

    zone: str
    week: tuple[tuple[Span, ...], ...]
    country: str = ""
    subdivision: str = ""
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        for spans in self.week:
            edges = [minute for span in spans for minute in span]
            if any(a >= b for a, b in spans) or edges != sorted(edges) or not within_a_day(edges):
                raise ValueError("spans of a day are in order, apart, and within 0 to 1440 minutes")
        if not any(self.week):
            raise ValueError("nobody ever works")


def within_a_day(minutes: list[int]) -> bool:
    """Whether all are minutes of a day; its end counts."""
    return all(0 <= minute <= DAY_MINUTES for minute in minutes)


def is_working_day(hours: Hours, day: date) -> bool:
    """Whether anybody works on that date."""
    return bool(_spans_of(hours, day))


def next_working_day(hours: Hours, day: date) -> date:
    """The first working day after a date."""
    return add_working_days(hours, day, 1)


def add_working_days(hours: Hours, day: date, count: int) -> date:
    """The `count`-th working day after a date, which itself is not counted."""
    for _ in range(_LONGEST_DAYS):
        if count <= 0:
            return day
        day += _DAY
        count -= is_working_day(hours, day)
    raise ValueError("these hours are too short for that")


def worked(hours: Hours, begins: datetime, ends: datetime) -> timedelta:
    """Working time in [begins, ends); none where the end is not after the beginning. Both aware."""
    total = _NONE
    for starts, stops in _open_from(hours, begins, ends):
        total += stops - starts
    return total


def add_worked(hours: Hours, begins: datetime, amount: timedelta) -> datetime:
    """The first instant (UTC) by which `amount` was worked since `begins`; of no amount, `begins` itself."""
    if amount <= _NONE:
        return begins.astimezone(UTC)
    left = amount
    for starts, stops in _open_from(hours, begins, begins + _LONGEST_DAYS * _DAY):
        if left <= stops - starts:
            return starts + left
        left -= stops - starts
    raise ValueError("these hours are too short for that")


def add_working(hours: Hours, begins: datetime, minutes: int) -> datetime:
    """`add_worked` of whole minutes."""
    return add_worked(hours, begins, timedelta(minutes=minutes))


def working_between(hours: Hours, begins: datetime, ends: datetime) -> float:
    """`worked` in minutes."""
    return worked(hours, begins, ends) / timedelta(minutes=1)


def _open_from(hours: Hours, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Open spans cut to [begins, ends), in order, in UTC."""
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    day = begins.date()
    while datetime.combine(day, time(), UTC) < ends:
        for starts, stops in _open_on(hours, day):
            starts, stops = max(starts, begins), min(stops, ends)
            if starts < stops:
                yield starts, stops
        day += _DAY


@lru_cache(maxsize=8192)
def _open_on(hours: Hours, utc_day: date) -> tuple[tuple[datetime, datetime], ...]:
    """Open spans of one day of UTC, in order.

    The day is cut where the zone's offset changes: within a piece the wall clock runs as UTC does.
    """
    midnight = datetime.combine(utc_day, time(), UTC)
    found = []
    for begins, ends, offset in _pieces(hours.zone, midnight):
        wall_begins, wall_ends = (begins + offset).replace(tzinfo=None), (ends + offset).replace(tzinfo=None)
        day = wall_begins.date()
        while datetime.combine(day, time()) < wall_ends:
            zero = datetime.combine(day, time())
            for first, last in _spans_of(hours, day):
                starts = max(zero + timedelta(minutes=first), wall_begins)
                stops = min(zero + timedelta(minutes=last), wall_ends)
                if starts < stops:
                    found.append((starts.replace(tzinfo=UTC) - offset, stops.replace(tzinfo=UTC) - offset))
            day += _DAY
    return tuple(found)


def _pieces(zone: str, midnight: datetime) -> list[tuple[datetime, datetime, timedelta]]:
    """The 24 hours from `midnight` (UTC) as (begins, ends, offset), cut to the second where clocks change."""
    place = ZoneInfo(zone)

    def offset(seconds: int) -> timedelta:
        return (midnight + timedelta(seconds=seconds)).astimezone(place).utcoffset() or _NONE

    cuts = [0]
    for hour in range(24):
        low, high = hour * 3600, (hour + 1) * 3600
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        if high < 86400:
            cuts.append(high)
    edges = [*cuts, 86400]
    at = [midnight + timedelta(seconds=seconds) for seconds in edges]
    return [(at[i], at[i + 1], offset(edges[i])) for i in range(len(cuts))]


def _spans_of(hours: Hours, day: date) -> tuple[Span, ...]:
    free = day in hours.closed or day in public_holidays(hours.country, hours.subdivision, day.year)
    return () if free else hours.week[day.weekday()]


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    """Public holidays of a year; none where the country is not known to the library."""
    if not country:
        return frozenset()
    try:
        return frozenset(country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        return frozenset()
