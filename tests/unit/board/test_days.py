"""A day so far against the same weekdays before."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.board.domain.days import compared, same_weekdays


def test_days_end_at_the_same_hour_on_the_wall_clock() -> None:
    now = datetime(2026, 11, 6, 14, 42, tzinfo=UTC)
    days = same_weekdays(now, date(2026, 11, 6), "Europe/London")
    assert [one.weeks_ago for one in days] == [0, 1, 2, 3, 4]
    assert (days[0].begins, days[0].ends) == (datetime(2026, 11, 6, tzinfo=UTC), now)
    # before the clocks went back, on 25 October, 14:42 in London was 13:42 in UTC
    assert days[2].begins == datetime(2026, 10, 22, 23, tzinfo=UTC)
    assert days[2].ends == datetime(2026, 10, 23, 13, 42, tzinfo=UTC)


def test_a_day_without_any_counts_for_nothing() -> None:
    one = compared([(3, 4), (1, 2), (0, 0), (1, 1), (0, 0)])
    assert (one.value, one.mean, one.days, one.change) == (0.75, 0.75, 2, 0)
    none = compared([(0, 0), (0, 0)])
    assert (none.value, none.mean, none.change) == (None, None, None)


@given(st.lists(st.integers(0, 50).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1))
def test_shares_stay_shares(days: list[tuple[int, int]]) -> None:
    one = compared([(float(part), whole) for part, whole in days])
    assert one.value is None or 0 <= one.value <= 1
    assert one.mean is None or 0 <= one.mean <= 1 + 1e-9
    assert one.days == sum(1 for _, whole in days[1:] if whole)
