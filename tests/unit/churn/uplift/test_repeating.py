"""Intervals that cover, cuts that pay, and what may be said."""

from __future__ import annotations

import numpy as np
import pytest

from churn.domain.uplift.cutting import best_cut
from churn.domain.uplift.repeating import GRID, repeated
from churn.domain.uplift.trial import Trial, curve, qini
from churn.domain.uplift.verdicts import Compared, against, compared, sentence
from churn.uplift.judging import judged
from churn.uplift.pictures import HEIGHT, TOP, chart, lanes

REPEATS = 100


def _drawn(draw: np.random.Generator, size: int, share: float, base: np.ndarray, effect: np.ndarray) -> Trial:
    asked = draw.permutation(size) < share * size
    return Trial(asked, draw.random(size) < base + np.where(asked, effect, 0.0))


def test_the_interval_covers_the_truth() -> None:
    """1,000 customers, 70 % asked; the effect rises from nothing to 40 of 100 along the ranking."""
    draw, size, covered = np.random.default_rng(11), 1000, 0
    where = np.linspace(0.0, 1.0, 100_000)
    true = float((0.4 * where * (where - 0.5)).mean())  # the place from above is 1 - where
    for repeat in range(REPEATS):
        scores = draw.random(size)
        trial = _drawn(draw, size, 0.7, np.full(size, 0.2), 0.4 * scores)
        low, high = repeated(trial, {"one": scores}, repeats=200, seed=repeat).interval("one")
        covered += low <= true <= high
    assert 88 <= covered <= 100  # 95 expected, standard error 2.2


def test_no_effect_anywhere_and_the_same_effect_everywhere_claim_nothing() -> None:
    draw, size = np.random.default_rng(12), 600
    silent = {0.0: 0, 0.15: 0}
    for effect in silent:
        for repeat in range(REPEATS):
            leaving = draw.random(size)
            scores = {"two_model": draw.random(size), "leaving": leaving}
            trial = _drawn(draw, size, 0.7, 0.3 * leaving, np.full(size, effect))
            found = repeated(trial, scores, repeats=200, seed=repeat)
            areas = {name: qini(trial, one) for name, one in scores.items()}
            random = against(areas, found, "two_model", reached=True)
            leaving_said = against(areas, found, "two_model", "leaving", reached=True)
            other = against(areas, found, "leaving", reached=True)
            silent[effect] += sentence(random, leaving_said, other) not in (
                "better", "beats_leaving", "as_good_as_leaving",
            )  # fmt: skip
    assert min(silent.values()) >= 91, silent


def test_two_rankings_are_held_against_each_other_on_the_same_customers() -> None:
    draw, size = np.random.default_rng(13), 2000
    scores = draw.random(size)
    trial = _drawn(draw, size, 0.5, np.full(size, 0.1), 0.3 * scores)
    near = scores + 0.02 * draw.random(size)
    found = repeated(trial, {"one": scores, "near": near, "same": 2 * scores}, repeats=300)
    assert found.interval("one", "same") == pytest.approx((0.0, 0.0), abs=1e-12)
    paired, own = found.interval("one", "near"), found.interval("one")
    assert paired[1] - paired[0] < 0.2 * (own[1] - own[0])
    alone = repeated(trial, {"near": near}, repeats=300)
    assert alone.interval("near") == found.interval("near")  # the same seed draws the same customers
    low, high = found.band("one")
    line = curve(trial, scores).at(GRID)
    assert (low <= line).all() and (line <= high).all() and low[0] == high[0] == 0


def test_what_is_drawn_again_is_what_it_would_be_of_them() -> None:
    """A repeat's area is `qini` of the customers that it drew."""
    draw, size = np.random.default_rng(14), 40
    scores = draw.integers(0, 6, size).astype(np.float64)
    trial = _drawn(draw, size, 0.6, np.full(size, 0.3), 0.4 * (scores > 3))
    found = repeated(trial, {"one": scores}, repeats=5, seed=9)
    again = np.random.default_rng(9)
    picks = np.empty((5, size), dtype=np.int64)
    for group in (trial.asked, ~trial.asked):
        many = int(group.sum())
        picks[:, group] = again.multinomial(many, np.full(many, 1 / many), size=5)
    for area, won, counts in zip(found.areas["one"], found.won["one"], picks, strict=True):
        who = np.repeat(np.arange(size), counts)
        drawn = Trial(trial.asked[who], trial.had[who])
        assert area == pytest.approx(qini(drawn, scores[who]), abs=1e-12)
        assert won == pytest.approx(curve(drawn, scores[who]).at(GRID), abs=1e-12)


def test_it_pays_to_ask_those_who_are_moved() -> None:
    """Half of them are moved by 40 of 100, worth 10.00 each, the others by nothing; asking costs 1.00."""
    draw, size = np.random.default_rng(15), 4000
    moved = draw.permutation(size) < size / 2
    trial = _drawn(draw, size, 0.5, np.full(size, 0.1), np.where(moved, 0.4, 0.0))
    scores = moved + 0.1 * draw.random(size)
    line, found = curve(trial, scores).at(GRID), repeated(trial, {"one": scores}, repeats=400)
    cut = best_cut(line, found.won["one"], 1000, 100)
    assert 0.4 <= cut.share_low <= cut.share <= cut.share_high <= 0.7
    assert cut.net == pytest.approx(1000 * 0.2 - 100 * 0.5, abs=30)
    assert cut.over_all_low > 0 and cut.over_all_low <= 50 <= cut.over_all_high
    nobody = best_cut(line, found.won["one"], 1000, 900)
    assert nobody.share == 0.0 and nobody.net <= 0
    everybody = best_cut(curve(trial, scores).at(GRID), found.won["one"], 1000, 0)
    assert everybody.share >= 0.45


def test_the_best_of_several_places_is_not_believed_too_much() -> None:
    """Where all are moved alike no place is better than asking everybody: the gain is told so in most."""
    draw, size, clear, gains = np.random.default_rng(16), 800, 0, []
    for repeat in range(60):
        trial = _drawn(draw, size, 0.5, np.full(size, 0.1), np.full(size, 0.1))
        scores = draw.random(size)
        found = repeated(trial, {"one": scores}, repeats=200, seed=repeat)
        cut = best_cut(curve(trial, scores).at(GRID), found.won["one"], 1000, 100)  # pays for nobody more
        clear += cut.over_all_low > 0
        gains.append(cut.over_all)
    assert clear <= 6 and abs(float(np.mean(gains))) < 10


@pytest.mark.parametrize(
    ("random", "leaving", "leaving_random", "said"),
    [
        ("better", "better", "none", "beats_leaving"),
        ("better", "better", "better", "beats_leaving"),
        ("better", "none", "better", "as_good_as_leaving"),
        ("better", "worse", "better", "leaving_better"),
        ("better", "none", "none", "better"),
        ("none", "better", "worse", "none"),
        ("none", "none", "better", "only_leaving"),
        ("early", "early", "early", "early"),
        ("worse", "none", "none", "worse"),
    ],
)
def test_the_sentence_follows_the_intervals(
    random: str, leaving: str, leaving_random: str, said: str
) -> None:
    ends = {"better": (0.1, 0.3), "worse": (-0.3, -0.1), "none": (-0.1, 0.1), "early": (-0.1, 0.1)}

    def one(held: str) -> Compared:
        made = compared(0.0, *ends[held], reached=held != "early")
        assert made.held == held
        return made

    assert sentence(one(random), one(leaving), one(leaving_random)) == said
    assert sentence(one("better"), None, None) == "better"
    assert compared(0.2, 0.1, 0.3, reached=False).held == "early"  # before its day nothing is claimed


def test_names_stand_clear_of_each_other_and_of_other_lines() -> None:
    draw, size = np.random.default_rng(17), 900
    scores = draw.random(size)
    trial = _drawn(draw, size, 0.6, np.full(size, 0.1), 0.4 * scores)
    told = judged(trial, {"two_model": scores, "leaving": draw.random(size)}, reached=True, repeats=50)[
        "rankings"
    ]
    found = chart(told)
    assert [line.name for line in found.lines] == ["two_model", "leaving", "random"]
    assert [line.x for line in found.lines] == sorted(line.x for line in found.lines)
    assert all(0 <= y <= TOP + HEIGHT for y, _ in found.ticks) and found.ticks[0][1] <= 0 < found.ticks[-1][1]
    uplift = lanes(told).lanes[0]
    assert uplift.clear and lanes(told).zero < uplift.low < uplift.point < uplift.high <= 100
