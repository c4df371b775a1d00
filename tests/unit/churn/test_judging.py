"""The day of each question, what is said on it, and when later figures tell something else."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from churn.campaigns.results.counting import Counts, Tally
from churn.campaigns.results.rows import last_look, rows_of_shares
from churn.domain.campaigns.assigning import CONTROL
from churn.domain.campaigns.effects import Effect, difference_of_shares
from churn.domain.campaigns.judging import BILLED_WITHIN_DAYS, final, judging_days, moved
from churn.domain.label import HORIZON_DAYS

days = st.integers(0, 400)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), days, days)
def test_no_question_is_judged_before_its_window_is_over(began: date, answers: int, looks: int) -> None:
    ends_on = began + timedelta(days=answers)
    decides_on = ends_on + timedelta(days=looks)
    found = judging_days(began, ends_on, decides_on)
    assert found["taken"] <= found["lost"] <= found["margin"]
    assert found["taken"] > ends_on and found["taken"] >= decides_on
    assert found["lost"] > began + timedelta(days=HORIZON_DAYS)
    assert found["margin"] > began + timedelta(days=HORIZON_DAYS + BILLED_WITHIN_DAYS)
    # and not a day later than that takes
    assert found["taken"] in (decides_on, ends_on + timedelta(days=1))
    assert found["lost"] in (found["taken"], began + timedelta(days=91))
    assert found["margin"] in (found["taken"], began + timedelta(days=153))


def test_the_usual_campaign() -> None:
    found = judging_days(date(2026, 3, 1), date(2026, 4, 11), date(2026, 5, 1))
    assert found == {"taken": date(2026, 5, 1), "lost": date(2026, 5, 31), "margin": date(2026, 8, 1)}
    last = date(2026, 7, 1)
    assert judging_days(date(2026, 3, 1), last, last)["taken"] == date(2026, 7, 2)  # it still takes answers


@given(st.integers(0, 50), st.integers(0, 50), st.booleans(), st.sampled_from(("more", "less")))
def test_on_the_day_nothing_is_early_any_more(a: int, b: int, sized: bool, good: str) -> None:
    effect = difference_of_shares(a, 50, b, 50)
    said = final(effect, sized=sized, good=good)  # type: ignore[arg-type]
    if effect.clear:
        assert said == ("works" if (effect.low > 0) is (good == "more") else "harms")
    else:
        assert said == ("none" if sized else "unseen")
    assert final(None, sized=sized) == "unseen"


def test_who_accepted_what_nobody_else_can_is_counted_and_a_group_without_control_is_not_seen() -> None:
    groups = {("A", "household", ""): Counts(40, taken=9), (CONTROL, "household", ""): Counts(20)}
    for tariff, said in ((False, "counted"), (True, "works")):
        rows = rows_of_shares("taken", Tally(groups), last_look(True), tariff=tariff)
        assert {row.verdict for row in rows} == {said}
    alone = {("A", "household", ""): Counts(40, taken=9)}
    rows = rows_of_shares("taken", Tally(alone), last_look(False), tariff=False)
    assert {(row.verdict, row.effect) for row in rows} == {("unseen", None)}


@given(st.floats(-0.5, 0.5), st.floats(0.001, 0.3), st.floats(0.001, 0.3), st.floats(-1, 1))
def test_figures_have_moved_where_they_lie_half_way_to_an_end(
    difference: float, below: float, above: float, by: float
) -> None:
    kept = Effect(difference, difference - below, difference + above)
    later = Effect(difference + by, kept.low, kept.high)
    assert not moved(kept, "none", kept, "none")
    assert moved(kept, "none", later, "works")
    halfway = 0.5 * (above if by > 0 else below)
    if abs(abs(by) - halfway) > 1e-9:
        assert moved(kept, "none", later, "none") == (abs(by) > halfway)
    assert moved(kept, "works", None, "unseen") and not moved(None, "unseen", None, "unseen")
