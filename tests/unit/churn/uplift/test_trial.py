"""Areas of Qini curves: what they are, by definition, by symmetry and by what was published."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churn.domain.campaigns.effects import difference_of_shares
from churn.domain.uplift.tenths import tenths
from churn.domain.uplift.trial import Trial, area_under, coefficient, curve, most, places, qini


def _trials(most_customers: int) -> st.SearchStrategy[tuple[Trial, np.ndarray]]:
    one = st.tuples(st.booleans(), st.booleans(), st.integers(0, 4))
    return (
        st.lists(one, min_size=2, max_size=most_customers)
        .filter(lambda rows: len({row[0] for row in rows}) == 2)
        .map(
            lambda rows: (
                Trial(np.array([r[0] for r in rows]), np.array([r[1] for r in rows])),
                np.array([r[2] for r in rows], dtype=np.float64),
            )
        )
    )


def _area_in_order(trial: Trial, order: tuple[int, ...]) -> float:
    """The area by its definition: who was asked counts by the inverse of the share asked, who was left alone
    against it, trapezoid by trapezoid, less the triangle of asking at random."""
    n, share, usual = len(trial), trial.share, trial.usual
    won = [0.0]
    for one in order:
        weight = 1 / share if trial.asked[one] else -1 / (1 - share)
        won.append(won[-1] + weight * (float(trial.had[one]) - usual) / n)
    return sum((a + b) / 2 / n for a, b in pairwise(won)) - won[-1] / 2


@given(_trials(6))
@settings(deadline=None, max_examples=60)
def test_the_area_is_the_mean_over_all_orders_of_equal_scores(given_: tuple[Trial, np.ndarray]) -> None:
    trial, scores = given_
    orders = [
        order
        for order in permutations(range(len(trial)))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    brute = float(np.mean([_area_in_order(trial, order) for order in orders]))
    assert qini(trial, scores) == pytest.approx(brute, abs=1e-12)
    line = curve(trial, scores)
    under = float(((line.won[1:] + line.won[:-1]) / 2 * np.diff(line.shares)).sum())
    assert area_under(trial, scores) == pytest.approx(under, abs=1e-12)
    assert line.won[-1] == pytest.approx(trial.effect)


@given(_trials(6))
@settings(deadline=None, max_examples=40)
def test_a_ranking_by_chance_is_worth_nothing_on_average(given_: tuple[Trial, np.ndarray]) -> None:
    trial, _ = given_
    every = [qini(trial, np.array(order, dtype=np.float64)) for order in permutations(range(len(trial)))]
    assert float(np.mean(every)) == pytest.approx(0.0, abs=1e-12)
    assert qini(trial, np.zeros(len(trial))) == pytest.approx(0.0, abs=1e-12)  # all alike: no ranking
    assert max(every) == pytest.approx(most(trial), abs=1e-12)


@given(_trials(60))
@example((Trial(np.array([False, False, True]), np.array([False, False, True])), np.array([0.0, 1.0, 0.0])))
def test_only_the_order_counts(given_: tuple[Trial, np.ndarray]) -> None:
    trial, scores = given_
    found = qini(trial, scores)
    assert qini(trial, np.exp(scores) - 7) == pytest.approx(found, abs=1e-12)
    assert qini(trial, -scores) == pytest.approx(-found, abs=1e-12)
    turned = np.random.default_rng(1).permutation(len(trial))
    again = Trial(trial.asked[turned], trial.had[turned])
    assert qini(again, scores[turned]) == pytest.approx(found, abs=1e-12)
    assert -1 - 1e-9 <= coefficient(trial, scores) <= 1 + 1e-9
    assert places(scores).mean() == pytest.approx(0.5)


@given(_trials(60))
def test_groups_and_outcomes_called_by_the_other_name_turn_the_sign(
    given_: tuple[Trial, np.ndarray],
) -> None:
    trial, scores = given_
    found = qini(trial, scores)
    assert qini(Trial(~trial.asked, trial.had), scores) == pytest.approx(-found, abs=1e-12)
    assert qini(Trial(trial.asked, ~trial.had), scores) == pytest.approx(-found, abs=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_radcliffes_own_figure_where_groups_are_mixed_evenly(share: float) -> None:
    """In parts with the same share of asked, all definitions of the curve agree at their ends: Radcliffe's
    R_T - R_C N_T / N_C of what was reached, in customers asked."""
    draw, part = np.random.default_rng(4), 200
    asked_each = round(share * part)
    asked = np.tile(np.arange(part) < asked_each, 5)
    had = draw.random(5 * part) < np.repeat([0.5, 0.3, 0.2, 0.2, 0.1], part) * np.where(asked, 1.0, 0.6)
    scores = np.repeat([5.0, 4.0, 3.0, 2.0, 1.0], part)
    trial = Trial(asked, had)
    line = curve(trial, scores)
    for reached, won in zip(line.shares[1:], line.won[1:], strict=True):
        inside = np.arange(5 * part) < round(reached * 5 * part)
        responses, control = (had & asked & inside).sum(), (had & ~asked & inside).sum()
        of_asked, of_control = (asked & inside).sum(), (~asked & inside).sum()
        radcliffe = responses - control * of_asked / of_control
        assert won * asked.sum() == pytest.approx(radcliffe)
    told = tenths(trial, scores)
    assert sum(one.asked for one in told) == pytest.approx(asked.sum())
    assert sum(one.alone_had for one in told) == pytest.approx((had & ~asked).sum())
    first = told[0]
    assert first.effect == difference_of_shares(first.had, first.asked, first.alone_had, first.alone)
    assert told[0] == told[1]  # equal scores: each tenth of them is like the other


def test_where_nobody_and_where_everybody_is_moved() -> None:
    """A published check (scikit-uplift, tests of qini_curve): where nobody, or everybody, has the outcome the
    curve is flat; the end of it is the effect on all, 1.5 of 3 customers."""
    asked = np.array([False, True, True])
    scores = np.array([0.1, 0.1, 0.1])
    for had in (np.zeros(3, dtype=bool), np.ones(3, dtype=bool)):
        assert curve(Trial(asked, had), scores).won == pytest.approx(np.zeros(2))
    one = curve(Trial(asked, np.array([False, True, False])), scores)
    assert (one.shares * 3, one.won * 3) == (pytest.approx([0, 3]), pytest.approx([0, 1.5]))


def test_a_trial_needs_both_groups() -> None:
    for asked in (np.ones(3, dtype=bool), np.zeros(3, dtype=bool)):
        with pytest.raises(ValueError, match="left alone"):
            Trial(asked, np.ones(3, dtype=bool))
