"""Which week is meant when none is named."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.tasks.domain.grid import day_meant, week_of


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_week_that_is_meant_has_a_working_day_to_come(today: date) -> None:
    week = week_of(day_meant(today))
    assert week[0].weekday() == 0 and today <= week[-1]
    if today.weekday() == 6:
        assert week[0] == today + timedelta(days=1)
    else:
        assert today in week
