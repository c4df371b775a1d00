"""Paying in parts: how an amount is split over months, and how far what was paid has come. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

MOST = 36
"""Instalments of a plan."""
GRACE_DAYS = 3
"""Days that money takes to be booked: an instalment or a promise is judged when they are over."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """So much by a day."""

    due_on: date
    amount_minor: int


def split(total_minor: int, count: int, first_on: date) -> tuple[Instalment, ...]:
    """An amount in monthly instalments as even as can be, the odd minor units in the first ones; they add up
    exactly. Fewer than asked for where the amount has not so many minor units.

    The day of the month is the first one's, or the month's last where it has none such.
    """
    count = max(1, min(count, MOST, total_minor))
    each, over = divmod(total_minor, count)
    return tuple(Instalment(months_after(first_on, place), each + (place < over)) for place in range(count))


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    after_year, after_month = divmod(year * 12 + month + 1, 12)
    last = (date(after_year, after_month + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def put_right(instalments: Sequence[Instalment], total_minor: int) -> tuple[Instalment, ...]:
    """The same days for another total above nothing: more is added to the last instalment, less is taken off
    the last ones, and those of which nothing is left are dropped."""
    found, left = [], total_minor
    for place, one in enumerate(instalments, 1):
        amount = left if place == len(instalments) else min(left, one.amount_minor)
        if amount > 0:
            found.append(Instalment(one.due_on, amount))
        left -= amount
    return tuple(found)


PlanState = Literal["running", "kept", "broken"]


def judged(instalments: Sequence[Instalment], paid_minor: int, today: date) -> PlanState:
    """kept once all is paid; broken when what should have been paid GRACE_DAYS ago has not been."""
    if paid_minor >= sum(one.amount_minor for one in instalments):
        return "kept"
    return (
        "broken"
        if paid_minor < should_be_paid(instalments, today - timedelta(days=GRACE_DAYS))
        else "running"
    )


def should_be_paid(instalments: Sequence[Instalment], today: date) -> int:
    """The sum of the instalments whose day is before today."""
    return sum(one.amount_minor for one in instalments if one.due_on < today)
