"""Figures kept a moment, and the days a figure is of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.board.kept import KEPT_FOR, MOST_KEPT, Kept
from utility_crm.surveys.domain.spans import last_days

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


def test_it_is_made_once_in_its_time_and_for_each_key() -> None:
    kept: Kept[int] = Kept()
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    assert [kept.get("a", NOW, make), kept.get("a", NOW + KEPT_FOR / 2, make)] == [1, 1]
    assert kept.get("b", NOW, make) == 2
    assert kept.get("a", NOW + KEPT_FOR, make) == 3, "its time is over"
    assert kept.get("a", NOW - timedelta(days=1), make) == 4, "a clock that went back keeps nothing"


def test_many_who_ask_at_once_make_one_and_old_keys_go() -> None:
    kept: Kept[int] = Kept()
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _turn: kept.get("a", NOW, make), range(64))) == {1}
    for key in range(3 * MOST_KEPT):
        kept.get(key, NOW, make)
    assert len(kept._made) <= MOST_KEPT


@given(st.sampled_from([7, 30, 90]), st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_days_are_whole_days_of_the_zone(days: int, today: date) -> None:
    begins, ends = last_days(days, today, "Europe/London")
    begins_before, ends_before = last_days(days, today - timedelta(days=days), "Europe/London")
    assert ends_before == begins and begins_before < begins
    assert abs((ends - begins) - timedelta(days=days)) <= timedelta(hours=1)  # the clocks change
