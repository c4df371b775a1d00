"""Working time against a clock on the wall that is looked at every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utility_crm.tickets.domain.working_time import (
    Hours,
    add_worked,
    add_working,
    add_working_days,
    is_working_day,
    public_holidays,
    worked,
    working_between,
)

MINUTE = timedelta(minutes=1)
OFFICE = ((540, 1020),)
LONDON = Hours("Europe/London", (*(OFFICE,) * 5, (), ()), "GB")
ALWAYS = Hours("Europe/London", (((0, 1440),),) * 7)


def at(text: str, zone: str = "Europe/London", fold: int = 0) -> datetime:
    """The instant at which a wall clock shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@st.composite
def a_day(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Up to three spans of a day, some of them touching midnight."""
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple((edges[i], edges[i + 1]) for i in range(0, len(edges) - 1, 2))


hours_of_any_kind = st.builds(
    Hours,
    st.sampled_from(
        ["Europe/London", "Europe/Moscow", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"]
    ),
    st.tuples(*[a_day()] * 7).filter(any),
    st.sampled_from(["", "GB", "RU"]),
)
# Among them the changes of the clocks of 2018, when Sao Paulo skipped midnight and Lord Howe half an hour.
instants = st.datetimes(datetime(2018, 1, 1), datetime(2019, 1, 1)).map(
    lambda naive: naive.replace(second=0, microsecond=0, tzinfo=UTC)
)
at_changes = st.sampled_from(
    ["2018-03-25 00:30", "2018-10-28 00:10", "2018-11-04 02:40", "2018-02-18 01:30", "2018-04-01 14:40"]
).map(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))


def shows_working_time(hours: Hours, instant: datetime) -> bool:
    """What somebody sees who looks at the clock on the wall."""
    wall = instant.astimezone(ZoneInfo(hours.zone))
    if wall.date() in public_holidays(hours.country, "", wall.year):
        return False
    minute = wall.hour * 60 + wall.minute
    return any(first <= minute < last for first, last in hours.week[wall.weekday()])


@settings(max_examples=60, deadline=None)
@given(hours_of_any_kind, instants | at_changes, st.integers(0, 2 * 1440))
def test_what_is_worked_is_what_the_wall_clock_shows_minute_by_minute(
    hours: Hours, begins: datetime, minutes: int
) -> None:
    looked = sum(shows_working_time(hours, begins + place * MINUTE) for place in range(minutes))
    assert worked(hours, begins, begins + minutes * MINUTE) == looked * MINUTE


@settings(max_examples=150, deadline=None)
@given(hours_of_any_kind, instants | at_changes, st.timedeltas(timedelta(), timedelta(hours=40)))
def test_adding_and_counting_are_inverses(hours: Hours, begins: datetime, amount: timedelta) -> None:
    ends = add_worked(hours, begins, amount)
    assert worked(hours, begins, ends) == amount
    # It is the first such instant: a moment before, something is left.
    if amount:
        assert worked(hours, begins, ends - timedelta(microseconds=1)) < amount


@settings(max_examples=80, deadline=None)
@given(hours_of_any_kind, instants | at_changes, instants, instants)
def test_parts_add_up(hours: Hours, a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    assert worked(hours, a, b) + worked(hours, b, c) == worked(hours, a, c)
    assert add_worked(hours, a, worked(hours, a, b)) <= max(a, b)


def test_a_promise_of_friday_afternoon_ends_on_tuesday_after_a_bank_holiday() -> None:
    # Monday 31 August 2026 is the summer bank holiday of England, not of Scotland or the whole of GB.
    english = Hours("Europe/London", LONDON.week, "GB", "ENG")
    assert add_working(english, at("2026-08-28 16:00"), 120) == at("2026-09-01 10:00")
    assert working_between(english, at("2026-08-28 16:00"), at("2026-09-01 10:00")) == 120
    assert not is_working_day(english, date(2026, 8, 31))


def test_a_day_of_the_clocks_has_its_own_length() -> None:
    assert working_between(ALWAYS, at("2026-03-29 00:00"), at("2026-03-30 00:00")) == 23 * 60
    assert working_between(ALWAYS, at("2026-10-25 00:00"), at("2026-10-26 00:00")) == 25 * 60
    # The working day after the change begins an hour earlier by UTC.
    assert add_working(LONDON, at("2026-03-27 17:00"), 1) == datetime(2026, 3, 30, 8, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_worked_twice_and_one_that_is_skipped_never() -> None:
    night = Hours("Europe/London", (((60, 120),),) * 7)
    assert working_between(night, at("2026-10-25 00:00"), at("2026-10-26 00:00")) == 120
    assert working_between(night, at("2026-03-29 00:00"), at("2026-03-30 00:00")) == 0


def test_holidays_of_the_day_closed_by_the_house_and_working_days() -> None:
    closed = Hours("Europe/London", LONDON.week, "GB", closed=frozenset({date(2026, 11, 23)}))
    assert add_working_days(closed, date(2026, 11, 20), 1) == date(2026, 11, 24)
    assert add_working_days(LONDON, date(2026, 12, 24), 1) == date(2026, 12, 29)  # 25 Friday, 28 in lieu
    assert add_working_days(LONDON, date(2026, 12, 24), 0) == date(2026, 12, 24)


@pytest.mark.parametrize(
    "week",
    [((),) * 7, (((540, 540),),) * 7, (((60, 120), (100, 200)),) * 7, (((0, 1441),),) * 7, (((0, 10),),) * 6],
)
def test_hours_that_make_no_sense_are_refused(week: tuple[tuple[tuple[int, int], ...], ...]) -> None:
    with pytest.raises(ValueError):
        Hours("Europe/London", week)
