"""Promises: what has run, what stands still, what changes with the priority."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from utility_crm.tickets.domain.promises import (
    Goal,
    Policy,
    Running,
    policy_for,
    running_from,
    state_of,
    still_from,
    together,
)
from utility_crm.tickets.domain.working_time import Hours

OFFICE = Hours("Europe/London", (*(((540, 1020),),) * 5, (), ()), "GB")
HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


def test_the_clock_stands_still_while_we_wait_for_the_customer() -> None:
    goal = Goal(8 * 60)
    ran = running_from((), MONDAY)
    assert Running.of(goal, OFFICE, ran).due_at() == MONDAY + 8 * HOUR
    waits = still_from(ran, MONDAY + 2 * HOUR)
    assert Running.of(goal, OFFICE, waits).due_at() is None
    assert Running.of(goal, OFFICE, waits).spent_at(MONDAY + 100 * HOUR) == 2 * HOUR
    again = running_from(waits, MONDAY + 26 * HOUR)  # Tuesday 11:00; six hours are left
    assert Running.of(goal, OFFICE, again).due_at() == MONDAY + 32 * HOUR  # Tuesday 17:00


def test_another_priority_counts_what_has_run() -> None:
    ran = running_from((), MONDAY)
    assert Running.of(Goal(60, working=False), OFFICE, ran).due_at() == MONDAY + HOUR
    assert Running.of(Goal(4 * 60), OFFICE, ran).due_at() == MONDAY + 4 * HOUR
    # By the clock a whole night has passed, by the office none of it.
    waited = running_from(still_from(ran, MONDAY + 24 * HOUR), MONDAY + 48 * HOUR)
    assert Running.of(Goal(24 * 60, working=False), OFFICE, waited).spent == 24 * HOUR
    assert Running.of(Goal(24 * 60), OFFICE, waited).spent == 8 * HOUR


def test_what_is_overdrawn_already_is_due_since_it_last_began_to_run() -> None:
    ran = running_from(still_from(running_from((), MONDAY), MONDAY + 5 * HOUR), MONDAY + 6 * HOUR)
    assert Running.of(Goal(60), OFFICE, ran).due_at() == MONDAY + 6 * HOUR


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=7),
    st.integers(1, 3000),
    st.booleans(),
    st.integers(1, 99),
)
def test_due_is_when_the_minutes_that_ran_are_the_goal(
    minutes: list[int], goal_minutes: int, working: bool, percent: int
) -> None:
    """Against minutes looked at one by one; it runs and stands still in turns, and runs at the end."""
    goal, at = Goal(goal_minutes, working), MONDAY
    stretches = running_from((), at)
    for place, length in enumerate(minutes):
        at += timedelta(minutes=length)
        stretches = still_from(stretches, at) if place % 2 == 0 else running_from(stretches, at)
    stretches = running_from(stretches, at)
    running = Running.of(goal, OFFICE, stretches)
    due, warned = running.due_at(), running.warn_at(percent)
    assert due is not None and warned is not None and warned <= due

    def counts(minute: datetime) -> bool:
        open_now = OFFICE.week[minute.weekday()] and 540 <= minute.hour * 60 + minute.minute < 1020
        ran = any(begins <= minute and (ends is None or minute < ends) for begins, ends in stretches)
        return ran and (not working or bool(open_now))

    last = stretches[-1][0]
    looked = sum(
        counts(MONDAY + timedelta(minutes=place)) for place in range((due - MONDAY) // timedelta(minutes=1))
    )
    assert looked == goal_minutes or (due == last and looked >= goal_minutes)


def test_the_first_policy_that_holds_is_taken() -> None:
    vulnerable = Policy(1, "Need", OFFICE, segments=frozenset({"vulnerable"}), first_answer=Goal(30))
    outage = Policy(2, "Outage", OFFICE, kinds=frozenset({"outage"}), priorities=frozenset({"urgent"}))
    rest = Policy(3, "All", OFFICE)
    assert (
        policy_for((vulnerable, outage, rest), "outage", "urgent", ("household", "vulnerable")) is vulnerable
    )
    assert policy_for((vulnerable, outage, rest), "outage", "urgent", ("household",)) is outage
    assert policy_for((vulnerable, outage, rest), "outage", "low", ()) is rest
    assert policy_for((vulnerable, outage), "billing", "low", ()) is None


def test_what_was_found_broken_stays_broken() -> None:
    later = MONDAY + HOUR
    assert state_of(later, MONDAY + 2 * HOUR, None, False, MONDAY) == "runs"
    assert state_of(later, MONDAY, None, False, MONDAY) == "soon"
    assert state_of(later, MONDAY, None, False, later) == "late"
    assert state_of(None, None, None, False, later) == "still"
    assert state_of(None, None, None, True, later) == "late"
    assert state_of(None, None, later, True, later) == "missed"
    assert state_of(None, None, later, False, later) == "met"


_SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=4)


@given(_SPANS, _SPANS, st.integers(0, 60) | st.none())
def test_two_that_become_one_have_run_while_either_ran(
    one: list[tuple[int, int]], other: list[tuple[int, int]], last: int | None
) -> None:
    def stretches(spans: list[tuple[int, int]]) -> list[tuple[datetime, datetime | None]]:
        return [(MONDAY + begins * HOUR, MONDAY + (begins + long) * HOUR) for begins, long in spans]

    def runs(found: Sequence[tuple[datetime, datetime | None]], at: datetime) -> bool:
        return any(begins <= at and (ends is None or at < ends) for begins, ends in found)

    first, second = stretches(one), stretches(other)
    if last is not None:
        first.append((MONDAY + last * HOUR, None))
    both = together(first, second)
    for hours in range(90):
        at = MONDAY + hours * HOUR
        assert runs(both, at) == (runs(first, at) or runs(second, at))
    assert all(ends is not None and ends < begins for (_, ends), (begins, _) in pairwise(both))
