"""When letters are gathered: at a set hour of working days, by the supplier's own clock and calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays, list_supported_countries

from utility_crm.kit.settings import Settings

_SATURDAY = 5
_LONGEST_FEAST = 30


def is_working_day(day: date, country: str, subdivision: str = "") -> bool:
    """Whether it is no Saturday, Sunday or public holiday; where the holidays are not known, no weekend."""
    return day.weekday() < _SATURDAY and day not in _holidays(country, subdivision, day.year)


def cut_due(now: datetime, given: Settings) -> date | None:
    """The day whose letters are to be gathered at `now`, if it is a working day past its hour; else None."""
    if not given.letters_at:
        return None
    wall = now.astimezone(ZoneInfo(given.timezone))
    if wall.time() < time.fromisoformat(given.letters_at):
        return None
    return wall.date() if is_working_day(wall.date(), given.country, given.subdivision) else None


def next_cut(now: datetime, given: Settings, *, today_done: bool) -> datetime | None:
    """When letters are gathered next (UTC); None: never. `today_done`: today's were.

    An hour that is past and was missed is made up for at once, so it is the next one still.
    """
    if not given.letters_at:
        return None
    zone, at = ZoneInfo(given.timezone), time.fromisoformat(given.letters_at)
    day = now.astimezone(zone).date() + timedelta(days=today_done)
    for _ in range(_LONGEST_FEAST):
        if is_working_day(day, given.country, given.subdivision):
            return datetime.combine(day, at, zone).astimezone(UTC)
        day += timedelta(days=1)
    return None


@lru_cache(maxsize=16)
def _holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    known = list_supported_countries()
    if country not in known:
        return frozenset()
    part = subdivision if subdivision in known[country] else None
    return frozenset(country_holidays(country, subdiv=part, years=year))
