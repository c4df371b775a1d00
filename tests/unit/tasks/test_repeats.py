"""When tasks come again, and the days of a calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.tasks.domain.due import Due, due_of, moved, remind_at
from utility_crm.tasks.domain.grid import hours_shown, month_after, month_before, week_of, weeks_of_month
from utility_crm.tasks.domain.repeats import REPEATS, calendar_rule, next_day

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
LONDON = ZoneInfo("Europe/London")


@given(st.sampled_from(sorted(REPEATS)), DAYS, st.integers(-400, 800))
def test_the_next_day_is_after_and_nothing_lies_between(repeats: str, first: date, ahead: int) -> None:
    after = first + timedelta(days=ahead)
    found = next_day(repeats, first, after)
    assert found is not None and found > after and found >= first
    if repeats == "weekdays":
        assert found.weekday() < 5
    if repeats in ("weekly", "fortnightly"):
        assert (found - first).days % (14 if repeats == "fortnightly" else 7) == 0
    between = found - timedelta(days=1)
    if between > after:
        assert next_day(repeats, first, between) == found, "a day between would have come first"


@given(DAYS, st.integers(1, 36))
def test_every_month_has_one_on_the_first_days_date_or_on_its_last(first: date, months: int) -> None:
    day, seen = first, [first]
    for _ in range(months):
        following = next_day("monthly", first, day)
        assert following is not None
        seen.append(following)
        day = following
    for place, one in enumerate(seen):
        month = first.year * 12 + first.month - 1 + place
        year, number = divmod(month, 12)
        assert one == date(year, number + 1, min(first.day, monthrange(year, number + 1)[1]))


@given(DAYS)
def test_every_year_has_one(first: date) -> None:
    following = next_day("yearly", first, first)
    assert following is not None
    assert (following.year, following.month) == (first.year + 1, first.month)
    assert following.day == (28 if (first.month, first.day) == (2, 29) else first.day)


@given(st.sampled_from(sorted(REPEATS)), DAYS)
def test_a_calendar_program_counts_the_same_days(repeats: str, first: date) -> None:
    parts = ";".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in calendar_rule(repeats, first).items()
    )
    theirs = rrulestr(parts, dtstart=datetime.combine(first, datetime.min.time()))
    ours, day = [], first
    for _ in range(5):
        following = next_day(repeats, first, day)
        assert following is not None
        ours.append(following)
        day = following
    told = [one.date() for one in theirs.xafter(datetime.combine(first, datetime.min.time()), count=5)]
    assert ours == told


def test_an_unknown_rule_is_an_error_and_time_ends() -> None:
    with pytest.raises(KeyError):
        next_day("hourly", date(2026, 1, 1), date(2026, 1, 1))
    assert next_day("weekly", date(9999, 12, 25), date(9999, 12, 28)) is None


@given(DAYS)
def test_a_month_is_whole_weeks_around_it(day: date) -> None:
    weeks = weeks_of_month(day)
    every = [one for week in weeks for one in week]
    assert all(len(week) == 7 and week[0].weekday() == 0 for week in weeks)
    assert every == [every[0] + timedelta(days=step) for step in range(len(every))]
    inside = [one for one in every if (one.year, one.month) == (day.year, day.month)]
    assert len(inside) == monthrange(day.year, day.month)[1]
    assert all(any(one.month == day.month for one in week) for week in weeks)
    assert week_of(day) in weeks
    assert month_after(month_before(day)) == day.replace(day=1) == month_before(month_after(day))


@given(st.lists(st.integers(0, 23)))
def test_every_hour_with_something_in_it_is_shown(hours: list[int]) -> None:
    shown = hours_shown(hours)
    assert set(hours) <= set(shown) and {9, 16} <= set(shown) and set(shown) <= set(range(24))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)), DAYS)
def test_a_moved_task_keeps_its_hour_unless_the_clocks_skip_it(at: datetime, day: date) -> None:
    due = due_of(at, LONDON)
    assert due.at == at and due.on == at.astimezone(LONDON).date()
    there = moved(due, day, LONDON)
    assert there.at is not None and there.on == day
    wall, local = at.astimezone(LONDON), there.at.astimezone(LONDON)
    if local.time() != wall.time():
        assert wall.hour == 1 and local.hour == 2, "only the hour that spring leaves out"


def test_what_is_late_and_when_it_is_reminded_of() -> None:
    now = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
    today = now.date()
    assert not Due(today).is_late(now, today) and Due(today - timedelta(days=1)).is_late(now, today)
    assert Due(today, now - timedelta(minutes=1)).is_late(now, today) and not Due(today, now).is_late(
        now, today
    )
    assert remind_at(Due(today), None, LONDON) is None
    assert remind_at(Due(today), 60, LONDON) == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert remind_at(Due(date(2026, 7, 1)), 0, LONDON) == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert remind_at(Due(today, now), 30, LONDON) == datetime(2026, 11, 20, 14, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        due_of(datetime(2026, 1, 1), LONDON)
