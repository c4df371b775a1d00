"""Fixed amounts, interest on deposits, limits of back-billing: pure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.accounts.back_billing import LIMITS, charged_from, limit_of
from billing.domain.accounts.budgets import carried, proposed_amount, settled, share_of
from billing.domain.accounts.correcting import negated, not_charged, owed
from billing.domain.accounts.deposits import simple_interest

FIRST, LAST = date(2026, 10, 1), date(2026, 11, 1)
MINOR = st.integers(-(10**9), 10**9)
LINE = st.tuples(
    st.sampled_from(["fixed", "energy", "tax", "discount"]),
    st.sampled_from(["a", "b"]),
    st.just(FIRST),
    st.just(LAST),
    MINOR,
    st.just("GBP"),
    st.sampled_from([50_000, 200_000]),
    MINOR,
)
LINES = st.lists(LINE, max_size=8).map(tuple)


@given(charges=MINOR, amount=MINOR)
def test_what_is_carried_leaves_the_fixed_amount(charges: int, amount: int) -> None:
    line = carried(charges, amount, FIRST, LAST, "GBP", 2)
    assert charges + line[7] == amount and line[4] == line[7] * 10_000


@given(st.lists(MINOR, min_size=1, max_size=12), st.integers(1, 10**6))
def test_a_settlement_leaves_the_years_charges(charges: list[int], amount: int) -> None:
    bills = [charge + carried(charge, amount, FIRST, LAST, "GBP", 2)[7] for charge in charges]
    accrued = -sum(carried(charge, amount, FIRST, LAST, "GBP", 2)[7] for charge in charges)
    assert sum(bills) + settled(accrued, FIRST, LAST, "GBP", 2)[7] == sum(charges)


@given(charges=st.integers(0, 10**9), days=st.integers(1, 400), decimals=st.sampled_from([0, 2, 3]))
def test_twelve_proposed_amounts_cover_the_year(charges: int, days: int, decimals: int) -> None:
    amount = proposed_amount(charges, days, decimals)
    assert amount % 10**decimals == 0 and amount > 0
    assert 12 * amount * days >= 365 * charges
    assert (amount - 2 * 10**decimals) * 12 * days < 365 * charges or amount <= 2 * 10**decimals


def test_a_part_of_a_cycle_has_its_share() -> None:
    assert (share_of(9000, 31, 31), share_of(9000, 10, 30), share_of(100, 1, 3)) == (9000, 3000, 33)


def test_interest_counts_actual_days() -> None:
    assert simple_interest(20000, 35_000, date(2025, 11, 20), date(2026, 11, 20)) == 700
    assert simple_interest(20000, 35_000, FIRST, FIRST) == 0
    assert simple_interest(10000, 50_000, date(2026, 1, 1), date(2026, 1, 2)) == 1  # 1.37 of a penny


@given(lines=LINES)
def test_a_credit_note_and_its_bill_come_to_nothing(lines: tuple[tuple[object, ...], ...]) -> None:
    back = negated(lines)  # type: ignore[arg-type]
    both = owed((*lines, *back))  # type: ignore[arg-type]
    assert both.total_minor == both.net_minor == 0 and not any(amount for _, amount in both.taxes)
    assert negated(back) == lines


@given(now=LINES, then=LINES)
def test_what_is_not_charged_is_the_difference_to_the_customers_disadvantage(
    now: tuple[tuple[object, ...], ...], then: tuple[tuple[object, ...], ...]
) -> None:
    more = owed(now).less(owed(then))  # type: ignore[arg-type]
    lines = not_charged(more, FIRST, LAST, "GBP", 2)
    left = sum(line[7] for line in lines)
    assert left == -max(more.total_minor, 0)
    after = owed((*now, *lines))  # type: ignore[arg-type]
    if lines:
        # Net and every tax are what they were, not only their sum.
        assert after.less(owed(then)) == owed(()).less(owed(()))  # type: ignore[arg-type]
    else:
        assert after.total_minor <= owed(then).total_minor  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("country", "segment", "subdivision", "months"),
    [
        ("GB", "household", "", 12), ("GB", "small_business", "", 12), ("GB", "industry", "", None),
        ("AU", "household", "", 9), ("AU", "household", "VIC", 4), ("FR", "household", "", 14),
        ("DE", "household", "BY", 36), ("US", "household", "", None),
    ],
)  # fmt: skip
def test_limits_by_place(country: str, segment: str, subdivision: str, months: int | None) -> None:
    found = limit_of(country, segment, subdivision)
    assert (found.months if found else None) == months


def test_every_limit_names_its_source() -> None:
    assert all(len(one.source) > 20 and one.months > 0 for one in LIMITS)


@pytest.mark.parametrize(
    ("billed_on", "first"),
    [
        (date(2026, 11, 25), date(2025, 11, 25)), (date(2028, 2, 29), date(2027, 2, 28)),
        (date(2026, 1, 31), date(2025, 1, 31)),
    ],
)  # fmt: skip
def test_the_first_day_that_may_be_charged(billed_on: date, first: date) -> None:
    gb = limit_of("GB", "household")
    assert gb is not None and charged_from(gb, billed_on) == first
