"""When a job is due: a grid for intervals, the wall clock for daily ones, the missed caught up once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.due import CUT_OFF_AT_MOST, Plan, Standing, due, next_time, waits_since

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = Plan(3600)
ZONES = st.sampled_from(
    ["Europe/London", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia",
     "Pacific/Kiritimati", "Africa/Casablanca", "America/Havana", "Asia/Tehran", "UTC"]
)  # fmt: skip
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
AT = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def lived(plan: Plan, since: datetime, until: datetime) -> list[datetime]:
    """When the job runs if somebody looks each moment it is due."""
    found, at = [], next_time(plan, since, since)
    while at < until:
        found.append(at)
        at = next_time(plan, at, at)
    return found


@pytest.mark.parametrize(
    ("zone", "at", "days"),
    [
        # the hour that London skips on 29 March, and has twice on 25 October
        ("Europe/London", time(1, 30), {date(2026, 3, 29): "01:30", date(2026, 10, 25): "00:30"}),
        # half an hour: from two o'clock on in October, from half past one on again in April
        ("Australia/Lord_Howe", time(2, 10), {date(2026, 10, 4): "15:40", date(2026, 4, 5): "15:40"}),
        ("Australia/Lord_Howe", time(1, 40), {date(2026, 10, 4): "15:10", date(2026, 4, 5): "14:40"}),
        # Cuba's clocks change at midnight: the first hour of 8 March is not there
        ("America/Havana", time(0, 30), {date(2026, 3, 8): "05:30", date(2026, 11, 1): "04:30"}),
    ],
)
def test_a_daily_job_where_the_clocks_change(zone: str, at: time, days: dict[date, str]) -> None:
    place = ZoneInfo(zone)
    for day, utc in days.items():
        noon = datetime.combine(day, time(12), place).astimezone(UTC)
        found = lived(Plan(86_400, at, zone), noon - timedelta(days=3), noon + timedelta(days=3))
        assert len(found) == 6
        that_day = [one for one in found if one.astimezone(place).date() == day]
        assert [f"{one:%H:%M}" for one in that_day] == [utc]


@given(INSTANTS, ZONES, AT)
def test_a_daily_job_has_each_calendar_day_once(since: datetime, zone: str, at: time) -> None:
    found = lived(Plan(86_400, at, zone), since, since + timedelta(days=40))
    days = [one.astimezone(ZoneInfo(zone)).date() for one in found]
    first, last = days[0], days[-1]
    assert days == [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert 39 <= len(days) <= 41


def test_a_day_that_the_date_line_swallowed_is_none() -> None:
    """Samoa went from 29 to 31 December 2011."""
    since = datetime(2011, 12, 28, 16, tzinfo=UTC)
    found = lived(Plan(86_400, time(4), "Pacific/Apia"), since, since + timedelta(days=4))
    days = [one.astimezone(ZoneInfo("Pacific/Apia")).date() for one in found]
    assert days == [date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1), date(2012, 1, 2)]


@given(INSTANTS, st.integers(1, 90_000), st.integers(0, 10**6))
def test_an_interval_keeps_its_grid_and_is_caught_up_once(begun: datetime, seconds: int, late: int) -> None:
    plan, now = Plan(seconds), begun + timedelta(seconds=late)
    coming = next_time(plan, begun, now)
    assert now < coming <= now + timedelta(seconds=seconds)
    assert (coming - begun) % timedelta(seconds=seconds) == timedelta()


@pytest.mark.parametrize("plan", [HOUR, Plan(86_400, time(3), "Europe/London")])
def test_a_night_without_a_clock_is_one_run(plan: Plan) -> None:
    job = Standing(due_at=NOON, started_at=NOON - timedelta(hours=1), finished_at=NOON)
    morning = NOON + timedelta(hours=55)
    assert waits_since(plan, job, morning) == NOON
    after = replace(job, due_at=next_time(plan, NOON, morning), started_at=morning, finished_at=morning)
    assert waits_since(plan, after, morning) is None
    assert after.due_at is not None and waits_since(plan, after, after.due_at) == after.due_at


def test_a_pause_holds_and_does_not_pile_up_and_a_wish_comes_before_it() -> None:
    job = Standing(due_at=NOON, paused_at=NOON)
    assert waits_since(HOUR, job, NOON + timedelta(days=3)) is None
    assert waits_since(HOUR, replace(job, asked_at=NOON), NOON) == NOON
    assert waits_since(HOUR, replace(job, paused_at=None), NOON + timedelta(days=3)) == NOON


def test_what_was_cut_off_is_begun_again_but_not_for_ever() -> None:
    job = Standing(due_at=NOON + timedelta(hours=1), started_at=NOON)
    for failures in range(CUT_OFF_AT_MOST):
        assert waits_since(HOUR, replace(job, failures=failures), NOON) == NOON
    worn = replace(job, failures=CUT_OFF_AT_MOST)
    assert waits_since(HOUR, worn, NOON) is None
    assert waits_since(HOUR, worn, NOON + timedelta(hours=1)) == NOON + timedelta(hours=1)
    assert waits_since(HOUR, replace(job, paused_at=NOON), NOON) is None


def test_what_never_ran_is_due_and_what_stands_too_far_off_comes_nearer() -> None:
    assert due(HOUR, Standing(), NOON) == NOON
    ran = Standing(started_at=NOON - timedelta(minutes=10), finished_at=NOON)
    assert due(HOUR, ran, NOON) == NOON + timedelta(minutes=50)
    assert due(Plan(60), replace(ran, due_at=NOON + timedelta(days=1)), NOON) == NOON + timedelta(minutes=1)
    assert due(HOUR, replace(ran, due_at=NOON - timedelta(days=1)), NOON) == NOON - timedelta(days=1)
