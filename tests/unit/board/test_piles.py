"""How many tickets stood open at the end of each day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.board.domain.piles import MOST_COLUMNS, piles

FIRST = date(2026, 8, 23)
moves = st.dictionaries(
    st.integers(0, 89).map(lambda place: FIRST + timedelta(days=place)),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
)


@given(st.integers(-50, 500), st.sampled_from([7, 30, 90]), moves)
def test_a_pile_is_the_one_before_with_what_came_less_what_went(
    base: int, days: int, moved: dict[date, tuple[int, int]]
) -> None:
    found = piles(base, FIRST, days, moved)
    assert len(found) == (days if days <= MOST_COLUMNS else 13)
    assert found[-1].day == FIRST + timedelta(days=days - 1)
    stands = base
    for one in found:
        stands += one.came - one.went
        assert one.open == stands
    within = [change for day, change in moved.items() if day <= found[-1].day]
    assert sum(one.came for one in found) == sum(came for came, _ in within)
    assert sum(one.went for one in found) == sum(went for _, went in within)


def test_weeks_end_with_the_last_day() -> None:
    found = piles(0, FIRST, 90, {FIRST: (3, 1), FIRST + timedelta(days=6): (2, 0)})
    assert [one.day for one in found][:2] == [FIRST + timedelta(days=5), FIRST + timedelta(days=12)]
    assert [(one.open, one.came, one.went) for one in found][:2] == [(2, 3, 1), (4, 2, 0)]
