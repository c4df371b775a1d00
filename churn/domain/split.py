"""Which past dates a model learns from, and on which later one it is put to the test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from churn.domain.label import HORIZON_DAYS

STEP_DAYS = 30
MOST_DATES = 8
FIRST_MONTHS_DAYS = 60
"""A date needs two bills behind it to say how a bill changed."""


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """Dates, newest first. `test`: the newest whose window is over. `train`: those whose windows were over
    on the test's morning, so the tested model knew nothing of the test's future. `known`: all whose windows
    are over by now, the test's own among them; the model in use learns from these.
    """

    test: date
    train: tuple[date, ...]
    known: tuple[date, ...]

    @property
    def dates(self) -> tuple[date, ...]:
        """Every date that facts are needed of, each once."""
        return tuple(dict.fromkeys((self.test, *self.known, *self.train)))


def time_split(as_of: date, first_bill_on: date, horizon_days: int = HORIZON_DAYS) -> TimeSplit | None:
    """The split on the morning of `as_of`; None where history does not reach back far enough to learn and
    to test."""
    earliest = first_bill_on + timedelta(days=FIRST_MONTHS_DAYS)
    over = timedelta(days=horizon_days + 1)
    test = as_of - over
    known = _back_from(test, earliest)
    train = _back_from(test - over, earliest)
    return TimeSplit(test, train, known) if train else None


def _back_from(newest: date, earliest: date) -> tuple[date, ...]:
    dates = (newest - timedelta(days=STEP_DAYS * back) for back in range(MOST_DATES))
    return tuple(day for day in dates if day >= earliest)
