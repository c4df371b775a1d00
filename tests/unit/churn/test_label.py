"""Who counts as having left: by choice, to another supplier, within the window."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.domain.label import Outcome, Supply, Window, outcome, outcomes

AS_OF = date(2026, 8, 21)
START = date(2024, 1, 1)


def after(days: int) -> date:
    return AS_OF + timedelta(days=days)


def ended(days: int, reason: str) -> Supply:
    return Supply(START, after(days), reason)


def test_still_supplied_is_staying() -> None:
    assert outcome([Supply(START)], Window(AS_OF)) is Outcome.STAYED


@pytest.mark.parametrize("days", [1, 45, 90])
def test_switched_within_the_window_is_leaving(days: int) -> None:
    assert outcome([ended(days, "switched")], Window(AS_OF)) is Outcome.LEFT


def test_switched_later_is_staying() -> None:
    assert outcome([ended(91, "switched")], Window(AS_OF)) is Outcome.STAYED


@pytest.mark.parametrize("reason", ["moved", "died", "cut_off"])
def test_ends_without_a_choice_are_unknown(reason: str) -> None:
    assert outcome([ended(30, reason)], Window(AS_OF)) is Outcome.UNKNOWN
    assert outcome([ended(91, reason)], Window(AS_OF)) is Outcome.STAYED


def test_a_changed_tariff_is_no_end() -> None:
    both = [ended(30, "changed_tariff"), Supply(after(30))]
    assert outcome(both, Window(AS_OF)) is Outcome.STAYED


def test_switching_from_the_changed_tariff_is_leaving() -> None:
    both = [ended(30, "changed_tariff"), Supply(after(30), after(60), "switched")]
    assert outcome(both, Window(AS_OF)) is Outcome.LEFT


def test_moving_to_a_place_of_ours_is_staying() -> None:
    assert outcome([ended(10, "moved"), Supply(after(12))], Window(AS_OF)) is Outcome.STAYED


def test_one_of_two_supplies_switched_is_leaving() -> None:
    assert outcome([Supply(START), ended(20, "switched")], Window(AS_OF)) is Outcome.LEFT


def test_one_of_two_supplies_ended_otherwise_is_staying() -> None:
    assert outcome([Supply(START), ended(20, "cut_off")], Window(AS_OF)) is Outcome.STAYED


def test_whoever_had_no_supply_on_the_day_has_no_outcome() -> None:
    gone, to_come = ended(0, "switched"), Supply(after(1))
    assert outcome([gone], Window(AS_OF)) is None
    assert outcomes({1: [gone], 2: [to_come], 3: [Supply(AS_OF)]}, Window(AS_OF)) == {3: Outcome.STAYED}


def test_a_window_is_over_on_the_morning_after_its_last_day() -> None:
    window = Window(AS_OF)
    assert not window.is_over(after(90))
    assert window.is_over(after(91))


@given(
    st.lists(st.tuples(st.integers(-400, 200), st.integers(1, 300)), min_size=1, max_size=4),
    st.integers(1, 200),
)
def test_nothing_after_the_window_decides(spans: list[tuple[int, int]], later: int) -> None:
    """Whatever a customer does after the last day, the outcome is the same."""
    supplies = [Supply(after(start), after(start + length), "moved") for start, length in spans]
    open_ended = [
        Supply(one.starts_on, None) if one.ends_before and one.ends_before > after(90) else one
        for one in supplies
    ]
    assert outcome(supplies, Window(AS_OF)) == outcome(open_ended, Window(AS_OF))
    more = [*supplies, Supply(after(90 + later), after(91 + later), "switched")]
    assert outcome(more, Window(AS_OF)) == outcome(supplies, Window(AS_OF))
