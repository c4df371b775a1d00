"""A day comes when it begins where the utility is: due dates over clock changes, month ends and the leap day.

Each row: a due date, the first step's waiting days, and the instant in UTC at which the step's day begins in
the zone, by hand: the minute before nothing is posted, at that instant it is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.cycles import Month, month_of_cycle
from billing.domain.dunning.deciding import Standing, decide
from billing.domain.dunning.file import read_strategy
from utility_crm.kit.clock import today_in


def strategy(after_days: int) -> dict[str, object]:
    step = {"step": "reminder", "after_days": after_days, "source": "s"}
    version = {"starts_on": "2020-01-01", "steps": [step], "stops": [], "orders": []}
    made = {"format": "dunning/1", "code": "test", "name": "Test", "currency": "GBP"}
    return {**made, "segments": ["household"], "versions": [version]}


@pytest.mark.parametrize(
    ("zone", "due_on", "days", "begins_at"),
    [
        ("Europe/London", date(2026, 3, 22), 7, "2026-03-29 00:00"),  # 23 hours
        ("Europe/London", date(2026, 3, 23), 7, "2026-03-29 23:00"),  # the day after
        ("Europe/London", date(2026, 10, 19), 7, "2026-10-26 00:00"),  # after 25 hours
        ("Australia/Lord_Howe", date(2026, 9, 28), 7, "2026-10-04 13:00"),  # after half an hour less
        ("Australia/Lord_Howe", date(2026, 3, 30), 7, "2026-04-05 13:30"),  # after half an hour more
        ("America/St_Johns", date(2026, 3, 2), 7, "2026-03-09 02:30"),
        ("America/St_Johns", date(2026, 12, 25), 7, "2027-01-01 03:30"),  # the turn of the year
        ("Asia/Kathmandu", date(2028, 2, 22), 7, "2028-02-28 18:15"),  # the leap day itself
        ("Asia/Kathmandu", date(2028, 2, 23), 7, "2028-02-29 18:15"),  # the day after it
        ("Asia/Kathmandu", date(2027, 2, 22), 7, "2027-02-28 18:15"),  # a year without one
        ("Pacific/Kiritimati", date(2026, 1, 17), 14, "2026-01-30 10:00"),  # the last of a month
        ("Pacific/Kiritimati", date(2026, 1, 31), 1, "2026-01-31 10:00"),
    ],
)
def test_a_step_is_posted_from_midnight_on_there(zone: str, due_on: date, days: int, begins_at: str) -> None:
    begins = datetime.fromisoformat(begins_at).replace(tzinfo=UTC)
    version = read_strategy(strategy(days)).versions[0]
    late = Standing(1000, 1000, due_on)
    before = decide(version, late, today_in(zone, begins - timedelta(minutes=1)))
    assert (before.step, before.due_on) == (None, due_on + timedelta(days=days))
    assert decide(version, late, today_in(zone, begins)).step == "reminder"


@pytest.mark.parametrize(
    ("month", "cycle_day", "first", "last"),
    [
        ("2028-02", 1, date(2028, 2, 1), date(2028, 2, 29)),
        ("2027-02", 1, date(2027, 2, 1), date(2027, 2, 28)),
        ("2028-02", 28, date(2028, 1, 28), date(2028, 2, 27)),
        ("2028-03", 28, date(2028, 2, 28), date(2028, 3, 27)),
        ("2027-01", 15, date(2026, 12, 15), date(2027, 1, 14)),
    ],
)
def test_a_cycle_over_a_months_end(month: str, cycle_day: int, first: date, last: date) -> None:
    starts_on, ends_before = Month.read(month).cycle(cycle_day)
    assert {(starts_on, ends_before - timedelta(days=1))} == {(first, last)}
    assert month_of_cycle(last, cycle_day) == Month.read(month)
    assert month_of_cycle(ends_before, cycle_day) == Month.read(month).plus(1)
