"""The demo's time: fifteen months, fourteen whole periods of each cycle, local clocks."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utility_crm.demo.calendar import CYCLE_DAYS, Calendar, months_before

DAYS = st.dates(date(2024, 1, 1), date(2033, 12, 31))


@given(DAYS, st.sampled_from(CYCLE_DAYS))
def test_fourteen_periods_in_a_row_end_by_the_as_of_date_and_lie_within_the_readings(
    as_of: date, cycle: int
) -> None:
    calendar = Calendar(as_of)
    periods = calendar.periods(cycle)
    assert len(periods) == 14
    assert all(start.day == end.day == cycle for start, end in periods)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(periods))
    assert periods[-1][1] <= as_of
    following = months_before(periods[-1][1], -1)
    assert following > as_of  # so these are the last ones
    # The local day may begin an hour before its day of UTC does.
    assert periods[0][0] - timedelta(days=1) >= calendar.first_day


@given(DAYS)
def test_prices_change_on_the_first_of_a_month_about_two_months_before(as_of: date) -> None:
    change = Calendar(as_of).price_change
    assert change.day == 1
    assert 44 <= (as_of - change).days <= 76


def test_fifteen_months_end_with_the_day_before() -> None:
    calendar = Calendar(date(2026, 11, 20))
    assert calendar.first_day == date(2025, 8, 20)
    assert calendar.day(calendar.days - 1) == date(2026, 11, 19)
    assert months_before(date(2026, 3, 31), 13) == date(2025, 2, 28)


@settings(max_examples=8, deadline=None)
@given(st.dates(date(2025, 1, 1), date(2028, 12, 31)))
def test_every_half_hour_knows_its_local_day_and_slot(as_of: date) -> None:
    calendar = Calendar(as_of)
    days, slots = calendar.local
    start = datetime(calendar.first_day.year, calendar.first_day.month, calendar.first_day.day, tzinfo=UTC)
    for half_hour in range(0, calendar.days * 48, 7):
        local = (start + timedelta(minutes=30 * half_hour)).astimezone(ZoneInfo("Europe/London"))
        assert days.flat[half_hour] == (local.date() - calendar.first_day).days
        assert slots.flat[half_hour] == local.hour * 2 + local.minute // 30


def test_a_bank_holiday_is_no_workday() -> None:
    calendar = Calendar(date(2026, 11, 20))
    assert not calendar.workday[calendar.place(date(2025, 12, 25))]
    assert not calendar.workday[calendar.place(date(2026, 4, 6))]  # Easter Monday
    assert calendar.workday[calendar.place(date(2026, 4, 7))]
    assert not calendar.workday[calendar.place(date(2026, 4, 11))]


@pytest.mark.parametrize("wrong", [0, 19])
def test_a_utility_that_is_too_small_is_refused(wrong: int) -> None:
    from utility_crm.demo.plan import make_plan

    with pytest.raises(ValueError, match="too small"):
        make_plan(7, date(2026, 11, 20), wrong)
