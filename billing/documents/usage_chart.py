"""The chart of days: its scale, its marks and the finding that stands above it."""

from __future__ import annotations

from collections.abc import Sequence

from billing.documents.daily import DayUse
from billing.documents.paper import Bar, Pair, Usage
from billing.wording import say
from utility_crm.web.formats import NBSP, kwh, number, weekday_long
from utility_crm.web.formats import day as day_and_month

_WIDEST = 62
"""Days that a page is wide enough for; a longer bill has no chart of days."""


def usage_of(days: Sequence[DayUse], language: str) -> Usage | None:
    """Bars by day; None where there is nothing to draw. A year before is drawn where half of it is known."""
    if not any(day.micro_kwh > 0 for day in days) or len(days) > _WIDEST:
        return None
    _ = say(language)
    known = [day.before_micro_kwh for day in days if day.before_micro_kwh is not None]
    years = 2 * len(known) >= len(days) and any(known)
    highest = max(days, key=lambda day: day.micro_kwh)
    most = max([day.micro_kwh for day in days] + (known if years else []))
    step = _step(most / 1_000_000)
    count = int(most / 1_000_000 // step)
    ticks = tuple(_tick(step, place, place == count, language) for place in range(1, count + 1))
    notes: list[Pair] = [("day", _("kWh a day"))]
    if any(day.estimated for day in days):
        notes.append(("estimated", _("partly estimated")))
    if years:
        notes.append(("before", _("the same weekday a year before")))
    heading = _(
        "%(day)s was your highest day, with %(kwh)s kWh",
        day=weekday_long(highest.day, language),
        kwh=kwh(highest.micro_kwh, 1, language),
    )
    return Usage(
        heading[:1].upper() + heading[1:],
        most * 1.04 / 1_000_000,
        ticks,
        tuple(
            Bar(
                day.micro_kwh / 1_000_000,
                day.estimated > 0,
                day is highest,
                day.before_micro_kwh / 1_000_000 if years and day.before_micro_kwh is not None else None,
                _label(days, place, language),
            )
            for place, day in enumerate(days)
        ),
        tuple(notes),
    )


def _label(days: Sequence[DayUse], place: int, language: str) -> str:
    """The first and the last with their months, and each fifth between; none next to another."""
    if place in (0, len(days) - 1):
        return day_and_month(days[place].day, language)
    if (place + 1) % 5 == 0 and 1 < place < len(days) - 3:
        return str(days[place].day.day)
    return ""


def _step(most: float) -> float:
    """A round step that gives two to four lines."""
    size = 10.0 ** len(str(int(most)))
    for part in (0.5, 0.25, 0.2, 0.1, 0.05, 0.025, 0.02, 0.01, 0.005):
        if most / (size * part) >= 2:
            return size * part
    return most or 1.0


def _tick(step: float, place: int, last: bool, language: str) -> tuple[float, str]:
    value = step * place
    decimals = 0 if step == int(step) else 1 if round(step * 10, 6) == int(round(step * 10, 6)) else 2
    words = number(value, decimals, language)
    return value, f"{words}{NBSP}{say(language)('kWh')}" if last else words
