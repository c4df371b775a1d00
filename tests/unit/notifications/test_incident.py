"""What is said to whom, whatever happens in which order; and the figures of reliability."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.incident import TELLS_OF_ONE, Heard, Kind, State, Truth, after, steps, to_say
from notifications.domain.reliability import Interruption, reliability

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 3).map(lambda hours: AT + timedelta(hours=hours))
TRUTHS = st.builds(Truth, off=st.booleans(), estimated_at=TIMES, restored_at=TIMES)


@given(st.lists(TRUTHS, max_size=12))
def test_after_every_word_they_know_what_is_so(truths: list[Truth]) -> None:
    heard: Heard | None = None
    said: list[Kind] = []
    for truth in truths:
        kind = to_say(heard, truth)
        if kind is not None:
            said.append(kind)
            heard = Heard(kind, truth.estimated_at if truth.off else None)
        believes = heard is not None and heard.kind in TELLS_OF_ONE
        assert believes == truth.off
        assert not truth.off or (heard is not None and heard.estimated_at == truth.estimated_at)
        assert to_say(heard, truth) is None  # told again, nobody is told
    # every end has its beginning, and none has two ends
    open_ = False
    for kind in said:
        assert open_ == (kind != "unplanned_outage")
        open_ = kind in TELLS_OF_ONE


@given(st.sampled_from(State), st.sampled_from(("confirm", "estimate", "restore", "close")))
def test_nothing_goes_back(state: State, step: str) -> None:
    order = list(State)
    then = after(state, step)  # type: ignore[arg-type]
    assert (then is not None) == (step in steps(state))
    assert then is None or order.index(then) >= order.index(state)


INTERRUPTIONS = st.builds(
    Interruption,
    area=st.sampled_from("AB"),
    month=st.sampled_from((date(2026, 10, 1), date(2026, 11, 1))),
    lasted=st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes)),
    customers=st.integers(1, 500),
    planned=st.booleans(),
)


@given(st.lists(INTERRUPTIONS, max_size=20))
def test_figures_add_up_and_short_ones_do_not_count(given_: list[Interruption]) -> None:
    served = {(area, date(2026, month, 1)): 500 for area in "AB" for month in (10, 11)}
    found = reliability(given_, served)
    sustained = [one for one in given_ if one.lasted > timedelta(minutes=5)]
    assert len(found) == 8
    assert sum(one.interruptions for one in found) == sum(one.customers for one in sustained)
    minutes = sum(one.customers * one.lasted.total_seconds() for one in sustained)
    assert sum(one.minutes for one in found) == Fraction(int(minutes), 60)
    for one in found:
        assert one.saidi is not None and one.saifi is not None
        assert (one.caidi is None) == (one.interruptions == 0)
        assert one.caidi is None or one.caidi * one.saifi == one.saidi


def test_a_worked_example() -> None:
    """Two of a hundred customers off for an hour and one for two: SAIFI 0.03, SAIDI 2.4, CAIDI 80."""
    month = date(2026, 11, 1)
    was = [
        Interruption("A", month, timedelta(hours=1), 2, planned=False),
        Interruption("A", month, timedelta(hours=2), 1, planned=False),
        Interruption("A", month, timedelta(minutes=5), 90, planned=False),
    ]
    found = reliability(was, {("A", month): 100})[0]
    assert (found.saifi, found.saidi, found.caidi) == (Fraction(3, 100), Fraction(12, 5), 80)


def test_nobody_served_has_no_figure() -> None:
    found = reliability([], {("A", date(2026, 11, 1)): 0})[0]
    assert (found.saifi, found.saidi, found.caidi) == (None, None, None)


@given(st.lists(INTERRUPTIONS, max_size=12), st.integers(1, 2000))
def test_figures_are_those_of_going_through_the_customers_one_by_one(
    given_: list[Interruption], served: int
) -> None:
    """An oracle that knows no formula: each interrupted customer is counted, with each of their minutes."""
    months = [(area, date(2026, month, 1)) for area in "AB" for month in (10, 11)]
    for found in reliability(given_, dict.fromkeys(months, served)):
        times, minutes = 0, 0
        for one in given_:
            lasted = one.lasted.total_seconds() / 60
            if (one.area, one.month, one.planned) == (found.area, found.month, found.planned) and lasted > 5:
                for _customer in range(one.customers):
                    times, minutes = times + 1, minutes + int(lasted)
        assert found.saifi == Fraction(times, served) and found.saidi == Fraction(minutes, served)
        assert found.caidi == (Fraction(minutes, times) if times else None)
