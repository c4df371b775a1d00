"""Charts of answers: what stands where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.answers.pictures import around_zero, band, histogram, whole_money

POUNDS = whole_money("GBP", "en", signed=True)
amounts = st.integers(-(10**7), 10**7)


@given(st.lists(amounts, min_size=1, max_size=24))
def test_columns_stand_on_zero_and_are_as_tall_as_their_values(values: list[int]) -> None:
    found = around_zero([(str(place), value) for place, value in enumerate(values)], POUNDS)
    scale = max(abs(value) for value in values) or 1
    for column in found.columns:
        assert column.y >= 0 and column.y + column.height <= found.height
        edge = column.y + column.height if column.value >= 0 else column.y
        assert abs(edge - found.zero) <= 1.5 or abs(column.value) * 200 < scale
    tall = max(found.columns, key=lambda one: abs(one.value))
    assert tall.height == max(one.height for one in found.columns)
    assert sum(zero for _, _, zero in found.lines) <= 1


@given(amounts, st.integers(0, 10**6), st.integers(0, 10**6), st.lists(amounts, max_size=13))
def test_a_band_holds_its_middle(low: int, more: int, still_more: int, dots: list[int]) -> None:
    found = band(low, low + more, low + more + still_more, POUNDS, [("", value) for value in dots])
    assert 0 <= found.low <= found.middle <= found.high <= 100
    assert all(0 <= x <= 100 for x, _, _ in found.dots) and len(found.ticks) >= 2


def test_a_histogram_is_as_high_as_its_counts() -> None:
    bins = [(-200, -100, 3), (-100, 0, 9), (0, 100, 6), (100, 200, 0)]
    found = histogram(bins, POUNDS)
    assert [one.wins for one in found.steps] == [False, False, True, True]
    heights = [one.height for one in found.steps]
    assert (
        heights[3] == 0 and abs(heights[1] - 3 * heights[0]) < 0.5 and abs(heights[2] - 2 * heights[0]) < 0.5
    )
    assert [one.label for one in found.steps] == ["−£2", "−£1", "£0", "+£1"]


def test_who_pays_the_same_stands_between_the_two_sides() -> None:
    bins = [(-200, -100, 3), (-100, 0, 9), (0, 100, 6), (100, 200, 0)]
    found = histogram(bins, POUNDS, same=12)
    assert [(one.same, one.count) for one in found.steps] == [
        (False, 3), (False, 9), (True, 12), (False, 6), (False, 0),
    ]  # fmt: skip
    assert found.steps[2].height == pytest.approx(2 * found.steps[3].height, abs=0.2)
    assert [one.label for one in found.steps] == ["−£2", "−£1", "£0", "", "+£1"]
    alone = histogram([], POUNDS, same=4)
    assert [(one.same, one.count) for one in alone.steps] == [(True, 4)]


def test_pence_are_said_only_where_there_are_some() -> None:
    assert POUNDS(9_000) == "+£90" and POUNDS(9_050) == "+£90.50" and POUNDS(100_000_00) == "+£100,000"
    assert whole_money("GBP", "ru")(150_000) == "1\N{NO-BREAK SPACE}500\N{NO-BREAK SPACE}£"
