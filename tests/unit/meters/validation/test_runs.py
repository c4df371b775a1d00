"""Days in a row are one finding, and it keeps its number while any of its days stays."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from meters.domain.validation.days import Hits, days_of
from meters.domain.validation.runs import DayHit, OpenRun, day_hits, regrouped

DAYS = st.integers(700_000, 700_012)
SETS = st.sets(DAYS, max_size=13)


def hit(found: int = 1) -> DayHit:
    return DayHit(48, ((0, 1),), found, 0)


def findings(days: set[int]) -> tuple[OpenRun, ...]:
    """As they would have been made of nothing."""
    made = regrouped((), days, dict.fromkeys(days, hit()))
    return tuple(OpenRun(number + 1, run) for number, run in enumerate(made.new))


@given(SETS)
def test_every_run_of_days_is_one(days: set[int]) -> None:
    runs = [set(run.days) for run in findings(days)]
    assert set().union(*runs) == days and sum(map(len, runs)) == len(days)
    for run in runs:
        assert run == set(range(min(run), max(run) + 1))
        assert min(run) - 1 not in days and max(run) + 1 not in days


@given(SETS)
def test_the_same_again_changes_nothing(days: set[int]) -> None:
    again = regrouped(findings(days), days, dict.fromkeys(days, hit()))
    assert (again.changed, again.closed, again.new) == ((), (), ())


@given(SETS, SETS, st.data())
def test_what_is_open_afterwards(before: set[int], judged: set[int], data: st.DataObject) -> None:
    doubted = data.draw(st.sets(st.sampled_from(sorted(judged)))) if judged else set()
    old = findings(before)
    after = regrouped(old, judged, dict.fromkeys(doubted, hit(2)))
    kept = {run.id: set(run.days) for run in old if run.id not in after.closed}
    kept |= {run.id: set(run.days) for run in after.changed}
    everything = [*kept.values(), *(set(run) for run in after.new)]
    wanted = (before - judged) | doubted
    assert set().union(*everything) == wanted and sum(map(len, everything)) == len(wanted)
    for run in everything:
        assert run == set(range(min(run), max(run) + 1)), "in a row"
        assert min(run) - 1 not in wanted and max(run) + 1 not in wanted, "joined with its neighbours"
    for run in old:
        assert (run.id in after.closed) == (not kept.get(run.id)), "a finding without days is closed"


def test_hits_become_days_with_their_spans() -> None:
    at = np.zeros((2, 24), dtype=bool)
    at[0, [0, 1, 5]] = at[1, 20:] = True
    days = days_of(np.array([7, 8, 9]), np.array([700_000, 700_001, 700_002]), np.ones((3, 24), np.int64))
    hits = Hits(np.array([0, 2]), at, np.array([11, 12]), np.array([3, 4]))
    assert list(day_hits(days, hits)) == [
        (7, 700_000, DayHit(24, ((0, 2), (5, 6)), 11, 3)),
        (9, 700_002, DayHit(24, ((20, 24),), 12, 4)),
    ]
