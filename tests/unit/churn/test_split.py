"""Dates to learn from and to be tested on: no window reaches into what is tested, or into today."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from churn.domain.label import Window
from churn.domain.split import time_split

TODAY = date(2026, 11, 20)


@given(st.integers(0, 900))
def test_the_test_is_later_than_all_it_learned_from(days_of_bills: int) -> None:
    first_bill_on = TODAY - timedelta(days=days_of_bills)
    split = time_split(TODAY, first_bill_on)
    if split is None:
        assert days_of_bills < 91 + 91 + 60
        return
    assert Window(split.test).is_over(TODAY)
    assert all(Window(day).is_over(split.test) for day in split.train)
    assert all(Window(day).is_over(TODAY) for day in split.known)
    assert set(split.train) < set(split.known) and split.test == split.known[0]
    assert min(split.known) >= first_bill_on + timedelta(days=60)


def test_a_year_of_bills_gives_three_dates_to_learn_from() -> None:
    split = time_split(TODAY, date(2025, 11, 22))
    assert split is not None
    assert split.test == date(2026, 8, 21)
    assert split.train == (date(2026, 5, 22), date(2026, 4, 7), date(2026, 2, 20))
    assert len(split.known) == 5
