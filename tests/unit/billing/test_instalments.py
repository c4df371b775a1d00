"""Paying in parts adds up to the whole, and is judged when its days are over."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.accounts.instalments import GRACE_DAYS, MOST, Instalment, judged, months_after, split
from billing.queries.dunning import PlanRow

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(st.integers(1, 10**9), st.integers(1, 60), DAYS)
def test_parts_add_up_and_are_even(total: int, count: int, first_on: date) -> None:
    parts = split(total, count, first_on)
    amounts = [one.amount_minor for one in parts]
    assert sum(amounts) == total and len(parts) == min(count, MOST, total)
    assert min(amounts) > 0 and max(amounts) - min(amounts) <= 1 and amounts == sorted(amounts, reverse=True)
    days = [one.due_on for one in parts]
    assert days[0] == first_on and days == sorted(set(days))
    assert all(later.day <= first_on.day for later in days)


def test_a_month_without_the_day_takes_its_last() -> None:
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_after(date(2027, 11, 30), 3) == date(2028, 2, 29)
    assert months_after(date(2026, 12, 15), 1) == date(2027, 1, 15)


PARTS = (Instalment(date(2026, 1, 10), 100), Instalment(date(2026, 2, 10), 100))


def test_a_plan_is_broken_after_the_days_of_grace_and_kept_when_all_is_paid() -> None:
    over = date(2026, 1, 10) + timedelta(days=GRACE_DAYS)
    assert judged(PARTS, 0, over) == "running"
    assert judged(PARTS, 99, over + timedelta(days=1)) == "broken"
    assert judged(PARTS, 100, over + timedelta(days=1)) == "running"
    assert judged(PARTS, 200, date(2026, 1, 1)) == "kept"


@given(st.integers(0, 200))
def test_the_next_part_is_the_first_that_is_not_wholly_paid(paid: int) -> None:
    day = date(2026, 1, 1)
    plan = PlanRow(1, 1, day, 200, "running", None, paid, PARTS)
    assert plan.next_part == (PARTS[0] if paid < 100 else PARTS[1] if paid < 200 else None)
