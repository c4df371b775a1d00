"""Where things stand on a chart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.web.charts import HeatDay, axis, bars, heatmap, waterfall

amounts = st.lists(st.integers(-500_000, 500_000), max_size=12)


@given(st.integers(0, 1_000_000), amounts)
def test_a_waterfall_walks_from_one_total_to_the_other(start: int, steps: list[int]) -> None:
    end = start + sum(steps)
    chart = waterfall(("a", start, ""), [("e", step, "") for step in steps], ("b", end, ""), "GBP")
    assert len(chart.rows) == len(steps) + 2
    for above, below in zip(chart.rows, chart.rows[1:], strict=False):
        assert above.after == below.before
    for row in chart.rows:
        assert 0 <= row.x <= 100 and row.x + row.width <= 100.02


def test_a_waterfall_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="effects lead to 110, not to 111"):
        waterfall(("a", 100, ""), [("e", 10, "")], ("b", 111, ""), "GBP")


@pytest.mark.parametrize(
    ("start", "end", "language", "labels"),
    [
        (9317, 12469, "en", ["£90", "£100", "£110", "£120", "£130"]),
        (458513, 510262, "en", ["£4,400", "", "£4,800", "", "£5,200"]),
        (7946, 11403, "en", ["£70", "£80", "£90", "£100", "", "£120"]),
        (9317, 12469, "ru", ["90\xa0£", "100\xa0£", "110\xa0£", "", "130\xa0£"]),
        (7946, 11403, "ru", ["70\xa0£", "", "90\xa0£", "100\xa0£", "", "120\xa0£"]),
        (30, 75, "en", ["£0.20", "£0.40", "£0.60", "£0.80"]),
    ],
)
def test_ticks_are_round_and_long_ones_keep_apart(
    start: int, end: int, language: str, labels: list[str]
) -> None:
    chart = waterfall(("a", start, ""), [("e", end - start, "")], ("b", end, ""), "GBP", language)
    assert [tick.label for tick in chart.ticks] == labels


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_an_axis_holds_its_values_with_round_steps(low: int, wide: int) -> None:
    first, step, count = axis(low, low + wide)
    assert first <= low and low + wide <= first + step * count
    assert first % step == 0 and count <= 6
    assert str(step).rstrip("0") in ("1", "2", "5")


def test_bars_grow_from_zero() -> None:
    chart = bars([("Sep", 262), ("Oct", 362), ("Nov", 0)], strong=[1], unfinished=[2])
    one, two, three = chart.bars
    assert two.height / one.height == pytest.approx(362 / 262, rel=0.01)
    assert two.strong and not one.strong and three.unfinished and three.height == 0
    assert max(y for y, _ in chart.lines) < chart.floor
    assert bars([]).bars == ()


def test_a_heatmap_keeps_missing_apart_from_zero_and_days_of_any_length() -> None:
    days = [
        HeatDay("1", [0] * 24 + [None] * 2 + [700_000] * 22),
        HeatDay("25", [100_000] * 50, estimated=[True] * 10 + [False] * 40),
        HeatDay("29", [100_000] * 46),
    ]
    chart = heatmap(days, most=700_000)
    steps = [run.step for run in chart.rows[0].runs]
    assert steps == [0, -1, 6]
    assert [run.estimated for run in chart.rows[1].runs] == [True, False]
    assert len(chart.rows[2].runs) == 1
    for row in chart.rows:
        assert row.runs[-1].x + row.runs[-1].width == pytest.approx(91.03, abs=0.03)
    assert (chart.missing, chart.estimated) == (2, 10)
    assert heatmap([]).rows == ()
