"""Days written in figures: in which order day, month and year stand is evidence, never a guess."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")
_FIGURES = re.compile(r"(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})")
_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})")


def parts_of(text: str) -> tuple[int, int, int, str] | None:
    """Three figures as they stand and the sign between them; None for what is not three figures."""
    if found := _TOGETHER.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3]), ""
    found = _FIGURES.fullmatch(text)
    if found is None or not _widths(found[1], found[4]):
        return None
    return int(found[1]), int(found[3]), int(found[4]), found[2]


def _widths(first: str, last: str) -> bool:
    """A year has four figures or, at the end, two; 2026-1-2 and 1.2.26 are days, 126-1-2 is not."""
    return (len(first) == 4 and len(last) <= 2) or (len(first) <= 2 and len(last) in (2, 4))


def orders_of(text: str) -> frozenset[Order]:
    """Every order in which it is a day. A year that stands first is followed by the month (ISO 8601), and
    with points the day comes first (CLDR knows no month.day.year)."""
    told = parts_of(text)
    if told is None:
        return frozenset()
    one, _two, _three, sign = told
    if one > 31 or sign == "" or len(text.split(sign or " ")[0]) == 4:
        possible: tuple[Order, ...] = ("ymd",)
    else:
        possible = ("dmy",) if sign == "." else ("dmy", "mdy")
    return frozenset(order for order in possible if day_of(text, order) is not None)


def day_of(text: str, order: Order) -> date | None:
    """The day, its figures in that order; a year that stands first is always one. Years of two figures are of
    1970 to 2069. None where there is no such day."""
    told = parts_of(text)
    if told is None:
        return None
    one, two, three, sign = told
    first_is_year = sign == "" or len(text.split(sign)[0]) == 4
    if first_is_year:
        year, month, day = one, two, three
    elif order == "ymd":
        return None
    else:
        day, month, year = (one, two, three) if order == "dmy" else (two, one, three)
        if year < 100:
            year += 2000 if year < 70 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None
