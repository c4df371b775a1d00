"""DTM values of MSCONS as seconds (UN/EDIFACT code list 2379), and local clocks turned into instants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from meters.domain.days import FIRST_YEAR, LAST_YEAR
from meters.domain.local_clock import DAY, to_instants

_EPOCH = date(1970, 1, 1).toordinal()
_SHAPES = {
    "102": re.compile(r"(\d{8})", re.ASCII),
    "203": re.compile(r"(\d{8})(\d\d)(\d\d)", re.ASCII),
    "204": re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)", re.ASCII),
    "303": re.compile(r"(\d{8})(\d\d)(\d\d)()([+-]\d\d|UTC|GMT)", re.ASCII),
    "304": re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)([+-]\d\d|UTC|GMT)", re.ASCII),
}
ADVICE = "a time like 202401312300+00 in format 303, 202401312300 in 203 or 20240131 in 102"


@dataclass(frozen=True, slots=True)
class Time:
    """`seconds` since 1970: UTC for an instant, else what a clock showed (midnight for a date)."""

    seconds: int
    kind: Literal["instant", "clock", "date"]


@lru_cache(maxsize=8_192)
def read_time(text: str, code: str) -> Time | None:
    """What a DTM says, with its format's code; None where it is not in that format, or in another one.

    >>> read_time("202401010015+01", "303")
    Time(seconds=1704064500, kind='instant')
    """
    shape = _SHAPES.get(code)
    found = shape.fullmatch(text) if shape else None
    if found is None:
        return None
    day = _day(found[1])
    if day is None:
        return None
    if code == "102":
        return Time(day * DAY, "date")
    hour, minute, second = int(found[2]), int(found[3]), int(found[4] or 0) if found.re.groups > 3 else 0
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and minute + second):
        return None
    seconds = day * DAY + hour * 3600 + minute * 60 + second
    if found.re.groups < 5:
        return Time(seconds, "clock")
    offset = int(found[5]) if found[5][0] in "+-" else 0
    return Time(seconds - offset * 3600, "instant") if -12 <= offset <= 14 else None


@lru_cache(maxsize=512)
def _day(text: str) -> int | None:
    """Days since 1970 of eight digits."""
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
    return day.toordinal() - _EPOCH if FIRST_YEAR <= day.year < LAST_YEAR else None


def instant_of(time: Time, zone: ZoneInfo, hour: int = 0) -> int:
    """Seconds since 1970 in UTC of one time alone; a date is its day's start, `hour` hours after midnight."""
    if time.kind == "instant":
        return time.seconds
    shown = time.seconds + (hour * 3600 if time.kind == "date" else 0)
    instants, _never = to_instants(np.array([shown], dtype=np.int64), zone)
    return int(instants[0])


def moment(seconds: int, offset_minutes: int) -> datetime:
    """An instant as a time with an offset."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(timezone(timedelta(minutes=offset_minutes)))
