"""What answers add up to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.surveys.domain.scores import (
    SCORES,
    Tally,
    is_bad,
    is_good,
    is_score,
    promoters_less_detractors,
    tally,
    wilson,
)

counted = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
parted = st.tuples(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500)).filter(sum)


def test_known_intervals() -> None:
    """Wilson's: 81 of 263 (Newcombe, Statistics in Medicine 17, 1998, table I, method 3)."""
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert round(wilson(0, 20).high, 4) == 0.1611
    half = promoters_less_detractors(50, 20, 100)
    assert half.value == pytest.approx(0.30)
    assert (round(half.low, 3), round(half.high, 3)) == (0.141, 0.442)


@given(counted)
def test_a_share_lies_in_its_interval_and_more_answers_narrow_it(given_: tuple[int, int]) -> None:
    good, answers = given_
    found = wilson(good, answers)
    assert 0 <= found.low <= found.value <= found.high <= 1 and found.low < found.high
    wider = wilson(good, answers).high - wilson(good, answers).low
    narrower = wilson(4 * good, 4 * answers).high - wilson(4 * good, 4 * answers).low
    assert narrower < wider


@given(counted)
def test_a_share_and_its_rest_mirror_each_other(given_: tuple[int, int]) -> None:
    good, answers = given_
    one, rest = wilson(good, answers), wilson(answers - good, answers)
    assert one.low == pytest.approx(1 - rest.high) and one.high == pytest.approx(1 - rest.low)


@given(parted)
def test_a_net_score_lies_in_its_interval_and_turns_with_its_sides(given_: tuple[int, int, int]) -> None:
    up, middle, down = given_
    found, turned = (promoters_less_detractors(*one, up + middle + down) for one in ((up, down), (down, up)))
    assert -1 <= found.low <= found.value <= found.high <= 1 and found.low < found.high
    assert (found.value, found.low, found.high) == pytest.approx((-turned.value, -turned.high, -turned.low))


@pytest.mark.parametrize(("good", "answers"), [(0, 0), (3, 2), (-1, 4)])
def test_no_figure_of_nothing(good: int, answers: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(good, answers)
    with pytest.raises(ValueError, match="one answer"):
        promoters_less_detractors(good, 0, answers)


@given(st.sampled_from(["csat", "nps"]), st.lists(st.none() | st.integers(0, 10)))
def test_a_tally_counts_every_survey_once(question: str, given_: list[int | None]) -> None:
    scores = [one if one is None or is_score(question, one) else None for one in given_]
    found = tally(question, scores)  # type: ignore[arg-type]
    told = [one for one in scores if one is not None]
    assert (found.asked, found.answers) == (len(scores), len(told))
    assert found.good + found.bad <= found.answers
    assert found.response == (len(told) / len(scores) if scores else None)
    assert (found.figure(1) is None) == (not told)


@pytest.mark.parametrize("question", ["csat", "nps"])
def test_no_score_is_good_and_bad(question: str) -> None:
    assert not any(is_good(question, one) and is_bad(question, one) for one in SCORES[question])
    good, bad = ({5, 4}, {1, 2}) if question == "csat" else ({9, 10}, set(range(7)))
    assert {one for one in SCORES[question] if is_good(question, one)} == good
    assert {one for one in SCORES[question] if is_bad(question, one)} == bad
    assert not is_score(question, 11) and not is_score(question, -1) and not is_score("", 1)


def test_too_few_answers_say_nothing() -> None:
    few = Tally("csat", asked=40, answers=9, good=9)
    assert few.figure(10) is None
    whole = few + Tally("csat", asked=2, answers=1, bad=1)
    found = whole.figure(10)
    assert (
        found is not None and found.value == pytest.approx(0.9) and whole.response == pytest.approx(10 / 42)
    )
