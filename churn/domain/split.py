"""Which past dates a model learns from, and on which later one it is put to the test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from churn.domain.label import HORIZON_DAYS

STEPS_IN_WINDOW = 2
MOST_STEPS = 6
FIRST_MONTHS_DAYS = 60
"""A date needs two bills behind it to say how a bill changed."""


@dataclass(frozen=True, slots=True)
class TimeSplit:
    """Dates, newest first. `as_of`: the morning of whom the model in use is to tell. `test`: the newest whose
    window is over. `known`: all whose windows are over by now, the test's own among them; the model in use
    learns from these. `train`: those of them whose windows were over on the test's morning, so that the
    tested model knew nothing of the test's future.
    """

    as_of: date
    test: date
    train: tuple[date, ...]
    known: tuple[date, ...]


def time_split(as_of: date, first_bill_on: date, horizon_days: int = HORIZON_DAYS) -> TimeSplit | None:
    """The split on the morning of `as_of`, six or seven weeks from date to date; None where history does not
    reach back far enough to learn and to test.
    """
    earliest = first_bill_on + timedelta(days=FIRST_MONTHS_DAYS)
    over = horizon_days + 1
    test = as_of - timedelta(days=over)
    back = [timedelta(days=round(step * over / STEPS_IN_WINDOW)) for step in range(MOST_STEPS + 1)]
    known = tuple(test - days for days in back if test - days >= earliest)
    train = tuple(day for day in known if day <= test - timedelta(days=over))
    return TimeSplit(as_of, test, train, known) if train else None
