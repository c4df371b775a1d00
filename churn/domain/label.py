"""What churn is: supply lost to another supplier by choice, soon after a date.

A customer who is supplied on the as-of date has *left* when one of their agreements ends with the reason
`switched` on one of the next 90 days. Losing one of several supplies counts: it was lost by choice. Whoever
moved, died or was cut off, and so had no supply left when the window ended, could not show us what they
would have chosen: they are *unknown* and take part in neither fitting nor testing. Everybody else *stayed*;
a changed tariff is followed by another agreement and is no end, and whoever moved to a place that we supply
too is still here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

HORIZON_DAYS = 90
SWITCHED = "switched"


class Outcome(StrEnum):
    """What became of a customer within the window."""

    LEFT = "left"
    STAYED = "stayed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Supply:
    """One agreement: supplied from `starts_on` until before `ends_before` (None: still), and why it ended."""

    starts_on: date
    ends_before: date | None = None
    end_reason: str | None = None

    def supplied_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_before is None or day < self.ends_before)


@dataclass(frozen=True, slots=True)
class Window:
    """The days that decide: the first day without supply lies in (as_of, as_of + days]."""

    as_of: date
    days: int = HORIZON_DAYS

    @property
    def last_day(self) -> date:
        return self.as_of + timedelta(days=self.days)

    def holds(self, day: date | None) -> bool:
        return day is not None and self.as_of < day <= self.last_day

    def is_over(self, today: date) -> bool:
        """Whether every day of it is past on the morning of `today`."""
        return self.last_day < today


def outcome(supplies: Iterable[Supply], window: Window) -> Outcome | None:
    """What became of one customer; None for somebody without supply on the as-of date."""
    known = list(supplies)
    if not any(supply.supplied_on(window.as_of) for supply in known):
        return None
    if any(supply.end_reason == SWITCHED and window.holds(supply.ends_before) for supply in known):
        return Outcome.LEFT
    if any(supply.supplied_on(window.last_day) for supply in known):
        return Outcome.STAYED
    return Outcome.UNKNOWN


def outcomes(supplies: Mapping[int, Sequence[Supply]], window: Window) -> dict[int, Outcome]:
    """The outcome of every customer supplied on the as-of date, by customer."""
    found = ((customer, outcome(theirs, window)) for customer, theirs in supplies.items())
    return {customer: became for customer, became in found if became is not None}
