from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from rating_cases import ZONES, periods, random_usage, usage_over

from billing.domain.accounts.gaps import fill_gaps
from billing.domain.reckoning.axis import axis_of, epoch_minute
from billing.domain.reckoning.days import HolidayCalendar, Period
from billing.domain.reckoning.usage import Usage

LONDON = "Europe/London"
ENGLAND = HolidayCalendar("GB", "ENG")


def with_holes(usage: Usage, *holes: int, estimated: tuple[int, ...] = ()) -> Usage:
    missing = np.zeros(usage.micro_kwh.size, dtype=bool)
    guessed = missing.copy()
    missing[list(holes)] = True
    guessed[list(estimated)] = True
    return Usage.of(usage.starts_at, usage.interval_minutes, usage.micro_kwh, missing, guessed)


def daily(values: list[int], starts_on: date, zone: str = LONDON) -> tuple[Usage, Period]:
    """Each day all of one value, so that a filled value names the days it came from."""
    period = Period(starts_on, starts_on + timedelta(days=len(values)))
    axis = axis_of(zone, 30, 0, period)
    return usage_over(period, zone, lambda count: np.array(values)[axis.day_index]), period


def test_mean_of_the_four_nearest_whole_days_of_the_type() -> None:
    # Monday 1 July 2013 on; the hole is on Thursday the 11th.
    usage, period = daily([10 ** (day % 7) * (1 if day < 14 else 3) for day in range(21)], date(2013, 7, 1))
    found = fill_gaps(with_holes(usage, 10 * 48 + 5), period, LONDON, None)
    # Wednesday and Friday, Tuesday, Monday; the weekend is another type
    assert found.usage.micro_kwh[10 * 48 + 5] == round((100 + 10_000 + 10 + 1) / 4)
    assert (found.missing_count, found.filled_count, found.not_fillable) == (1, 1, ())
    assert found.missing_minutes == 30


def test_of_two_days_equally_near_the_earlier_serves() -> None:
    usage, period = daily([1000 * day for day in range(1, 22)], date(2013, 7, 1))
    # Friday the 12th, with a hole on Thursday: Wednesday 10, Tuesday 9, Monday 15, then 8 before 16.
    found = fill_gaps(with_holes(usage, 11 * 48, 10 * 48 + 7), period, LONDON, None)
    assert found.usage.micro_kwh[11 * 48] == (10_000 + 9_000 + 15_000 + 8_000) // 4


def test_weekends_are_filled_from_their_own_day_only() -> None:
    usage, period = daily([1, 1, 1, 1, 1, 60, 700] * 3, date(2013, 7, 1))
    found = fill_gaps(with_holes(usage, 5 * 48, 6 * 48 + 3), period, LONDON, None)
    assert found.usage.micro_kwh[5 * 48] == 60
    assert found.usage.micro_kwh[6 * 48 + 3] == 700


def test_holidays_are_their_own_type_and_may_not_be_fillable() -> None:
    usage, period = daily([5] * 31, date(2013, 5, 1))
    second = with_holes(usage, 5 * 48, 26 * 48)  # both bank holidays of May have a hole
    found = fill_gaps(second, period, LONDON, ENGLAND)
    assert found.filled_count == 0
    assert found.missing_count == 2
    assert [at.date() for at in found.not_fillable] == [date(2013, 5, 5), date(2013, 5, 26)]
    assert found.usage.missing.sum() == 2
    assert fill_gaps(second, period, LONDON, None).filled_count == 2


def test_days_with_holes_or_estimates_are_not_whole() -> None:
    usage, period = daily([7, 7, 900, 7, 7, 7, 7], date(2013, 7, 1))
    holed = with_holes(usage, 48, 2 * 48 + 1)
    assert fill_gaps(holed, period, LONDON, None).usage.micro_kwh[48] == 7
    guessed = with_holes(usage, 48, estimated=(2 * 48 + 1,))
    found = fill_gaps(guessed, period, LONDON, None)
    assert found.usage.micro_kwh[48] == 7
    assert found.usage.estimated.sum() == 2


def test_readings_beyond_the_period_serve_and_are_not_returned() -> None:
    usage, whole = daily([3] * 28, date(2013, 7, 1))
    period = Period(date(2013, 7, 8), date(2013, 7, 9))
    found = fill_gaps(with_holes(usage, *range(7 * 48, 8 * 48)), period, LONDON, None)
    assert found.missing_count == found.filled_count == 48
    assert found.usage.micro_kwh.tolist() == [3] * 48
    assert found.usage.starts_at == usage.starts_at + timedelta(days=7)
    assert whole.days == 28


def test_a_period_without_any_reading_is_all_missing() -> None:
    usage, _ = daily([3] * 7, date(2013, 7, 1))
    found = fill_gaps(usage, Period(date(2013, 8, 1), date(2013, 8, 8)), LONDON, None)
    assert found.missing_count == found.filled_count == 7 * 48


def test_repeated_hour_takes_the_same_hour_of_ordinary_days() -> None:
    usage, period = daily([1, 1, 1, 1, 1, 1, 50, 1, 1, 1, 1, 1, 1, 8], date(2013, 10, 21))
    # Sunday the 27th has 50 half-hours; its second 01:00 is the fifth.
    found = fill_gaps(with_holes(usage, 6 * 48 + 4), period, LONDON, None)
    assert found.usage.micro_kwh[6 * 48 + 4] == 8
    assert found.usage.micro_kwh.size == 14 * 48 + 2


def test_repeated_half_hour_of_lord_howe() -> None:
    """The clock goes back by thirty minutes: 01:30 comes twice, and each has its own reading."""
    zone = "Australia/Lord_Howe"
    usage, period = daily([1, 1, 1, 1, 1, 1, 50, 1, 1, 1, 1, 1, 1, 8], date(2013, 4, 1), zone)
    found = fill_gaps(with_holes(usage, 6 * 48 + 4), period, zone, None)
    assert found.usage.micro_kwh.size == 14 * 48 + 1
    assert found.usage.micro_kwh[6 * 48 + 4] == 8


@settings(deadline=None, max_examples=60)
@given(periods(1, 20), st.sampled_from(ZONES), st.integers(0, 2**32 - 1), st.floats(0, 0.2))
def test_filling_touches_holes_only(period: Period, zone: str, seed: int, share: float) -> None:
    wide = Period(period.starts_on - timedelta(days=10), period.ends_before + timedelta(days=10))
    whole = random_usage(wide, zone, seed)
    missing = np.random.default_rng(seed).random(whole.micro_kwh.size) < share
    usage = Usage.of(whole.starts_at, 30, whole.micro_kwh, missing)
    found = fill_gaps(usage, period, zone, ENGLAND)
    axis = axis_of(zone, 30, epoch_minute(usage.starts_at), period)
    offset = (axis.first_minute - epoch_minute(usage.starts_at)) // 30
    span = slice(offset, offset + axis.size)
    assert found.usage.micro_kwh.size == axis.size
    assert found.missing_count == missing[span].sum()
    assert found.filled_count + len(found.not_fillable) == found.missing_count
    assert np.array_equal(found.usage.estimated | found.usage.missing, missing[span])
    read = ~missing[span]
    assert np.array_equal(found.usage.micro_kwh[read], usage.micro_kwh[span][read])
    assert found.usage.micro_kwh.max(initial=0) <= whole.micro_kwh.max()
