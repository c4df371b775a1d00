from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import ZONES, periods

from billing.domain.reckoning.axis import axis_of, day_starts_at, epoch_minute
from billing.domain.reckoning.days import Period


@settings(deadline=None, max_examples=60)
@given(periods(1, 30), st.sampled_from(ZONES), st.sampled_from([5, 15, 30, 60]), st.integers(0, 59))
def test_axis_equals_asking_the_clock_for_every_interval(
    period: Period, zone: str, minutes: int, phase: int
) -> None:
    axis = axis_of(zone, minutes, phase, period)
    clock = ZoneInfo(zone)
    days = list(period.dates())
    for index in range(axis.size):
        local = axis.starts_at(index).astimezone(clock)
        assert local.date() == days[axis.day_index[index]]
        assert local.hour * 60 + local.minute == axis.clock_minute[index]
        assert bool(local.fold) == bool(axis.repeated[index])
    if axis.size:
        before = axis.starts_at(0) - timedelta(minutes=minutes)
        after = axis.starts_at(axis.size - 1) + timedelta(minutes=minutes)
        assert before.astimezone(clock).date() < period.starts_on
        assert after.astimezone(clock).date() >= period.ends_before


def test_a_half_hour_that_comes_twice() -> None:
    axis = axis_of("Australia/Lord_Howe", 30, 0, Period(date(2013, 4, 7), date(2013, 4, 8)))
    assert axis.clock_minute[2:6].tolist() == [60, 90, 90, 120]
    assert np.flatnonzero(axis.repeated).tolist() == [4]


@pytest.mark.parametrize(
    ("zone", "day", "intervals"),
    [
        ("Europe/London", date(2013, 3, 31), 46),
        ("Europe/London", date(2013, 10, 27), 50),
        ("Australia/Lord_Howe", date(2013, 4, 7), 49),
        ("Australia/Lord_Howe", date(2013, 10, 6), 47),
        ("America/Sao_Paulo", date(2013, 10, 20), 46),  # midnight does not exist
        ("America/Sao_Paulo", date(2013, 2, 16), 50),  # the last hour of the day comes twice
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the day does not exist
    ],
)
def test_days_as_long_as_they_were(zone: str, day: date, intervals: int) -> None:
    assert axis_of(zone, 30, 0, Period(day, day + timedelta(days=1))).size == intervals


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(ZONES),
    st.lists(st.integers(1, 400), min_size=1, max_size=8, unique=True),
    st.sampled_from([5, 30, 60]),
)
def test_half_open_periods_cover_every_interval_exactly_once(
    zone: str, cuts: list[int], minutes: int
) -> None:
    """Over more than a year, so over both clock changes, however the year is cut."""
    first = date(2013, 1, 1)
    days = sorted({0, 401, *cuts})
    axes = [
        axis_of(zone, minutes, 0, Period(first + timedelta(days=start), first + timedelta(days=end)))
        for start, end in pairwise(days)
    ]
    seen = np.concatenate([axis.first_minute + np.arange(axis.size) * minutes for axis in axes])
    begin, end = (epoch_minute(day_starts_at(day, zone)) for day in (first, first + timedelta(days=401)))
    assert np.array_equal(seen, np.arange(-(-begin // minutes) * minutes, end, minutes))


def test_an_empty_period_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Period(date(2013, 1, 1), date(2013, 1, 1))


def test_day_start_is_an_instant_in_utc() -> None:
    assert day_starts_at(date(2013, 7, 1), "Europe/London").isoformat() == "2013-06-30T23:00:00+00:00"
    assert isinstance(day_starts_at(date(2013, 7, 1), "UTC"), datetime)
