"""When a task comes again: recurrence rules of RFC 5545 (section 3.3.10), counted by python-dateutil."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

from dateutil.rrule import DAILY, FR, MO, MONTHLY, TH, TU, WE, WEEKLY, YEARLY, rrule

REPEATS: Mapping[str, str] = MappingProxyType(
    {
        "daily": "FREQ=DAILY",
        "weekdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "weekly": "FREQ=WEEKLY",
        "fortnightly": "FREQ=WEEKLY;INTERVAL=2",
        "monthly": "FREQ=MONTHLY",
        "yearly": "FREQ=YEARLY",
    }
)
"""How a task may repeat, and how a calendar writes it. A month or a year without the first day's date has
it on its last day instead: RFC 5545 would leave it out, and a meter would not be read in February."""
_SHORTEST_MONTH = 28


def next_day(repeats: str, first: date, after: date) -> date | None:
    """The first day after `after` of a series that begins on `first`; None where the calendar ends.

    Raises KeyError for a name that is not in REPEATS.
    """
    REPEATS[repeats]
    begun = max(after, first - timedelta(days=1))
    try:
        found = _rule(repeats, first).after(datetime.combine(begun, time()))
    except ValueError:  # the year 10000
        return None
    return found.date() if found is not None else None


def _rule(repeats: str, first: date) -> Any:
    start = datetime.combine(first, time())
    if repeats == "daily":
        return rrule(DAILY, dtstart=start)
    if repeats == "weekdays":
        return rrule(WEEKLY, byweekday=(MO, TU, WE, TH, FR), dtstart=start)
    if repeats in ("weekly", "fortnightly"):
        return rrule(WEEKLY, interval=2 if repeats == "fortnightly" else 1, dtstart=start)
    # the last of the days 28 up to the date that this month has
    days = tuple(range(_SHORTEST_MONTH, first.day + 1)) or (first.day,)
    if repeats == "monthly":
        return rrule(MONTHLY, bymonthday=days, bysetpos=-1, dtstart=start)
    return rrule(YEARLY, bymonth=first.month, bymonthday=days, bysetpos=-1, dtstart=start)


def calendar_rule(repeats: str, first: date) -> dict[str, Any]:
    """The same as iCalendar writes it: the parts of an RRULE."""
    parts: dict[str, Any] = {}
    for part in REPEATS[repeats].split(";"):
        name, _, value = part.partition("=")
        parts[name] = value.split(",") if "," in value else value
    if repeats in ("monthly", "yearly") and first.day > _SHORTEST_MONTH:
        parts["BYMONTHDAY"] = list(range(_SHORTEST_MONTH, first.day + 1))
        parts["BYSETPOS"] = -1
        if repeats == "yearly":
            parts["BYMONTH"] = first.month
    return parts
