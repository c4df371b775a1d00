"""Groups that stay, power that is kept, intervals that cover, and words that stand before the figures."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.campaigns.foreseeing import pays_for
from churn.campaigns.results.counting import Counts, Tally
from churn.campaigns.results.rows import Look, rows_of_shares
from churn.domain.campaigns.assigning import CONTROL, Share, arms_of, controls, units
from churn.domain.campaigns.effects import (
    beside_before,
    difference_of_means,
    difference_of_shares,
    ratio_of_shares,
    t_of,
)
from churn.domain.campaigns.looks import each_of, level_at, part_over
from churn.domain.campaigns.power import detectable, detectable_fall, needed, power_of
from churn.domain.campaigns.verdicts import romi, verdict
from utility_crm.kit.shares import LEVEL

PEOPLE = range(1, 4001)
TWO = (Share("A", 1), Share("B", 1))
REPEATS = 200


def test_the_same_key_says_the_same_of_everybody() -> None:
    assert (units("a", PEOPLE) == units("a", PEOPLE)).all()
    some = list(PEOPLE)[::7]
    assert (units("a", some) == units("a", PEOPLE)[::7]).all()  # whoever else is asked
    assert abs(np.corrcoef(units("a", PEOPLE), units("b", PEOPLE))[0, 1]) < 0.05
    assert abs(units("a", PEOPLE).mean() - 0.5) < 0.02


def test_control_of_one_campaign_is_control_of_the_next_of_its_kind() -> None:
    narrow = controls(PEOPLE, "retention", 0.1, "house", 0.0)
    wide = controls(PEOPLE, "retention", 0.2, "house", 0.0)
    assert 0.08 < narrow.mean() < 0.12 and (wide | ~narrow).all()
    other = controls(PEOPLE, "tariff", 0.1, "house", 0.0)
    assert 0.005 < (narrow & other).mean() < 0.016  # another kind's control is drawn anew
    everywhere = units("house", PEOPLE) < 0.05
    assert controls(PEOPLE, "tariff", 0.1, "house", 0.05)[everywhere].all()
    with pytest.raises(ValueError, match="control"):
        controls(PEOPLE, "tariff", 0.0, "house", 0.0)


@given(
    weights=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    strata=st.lists(st.sampled_from(["north", "south", "west"]), min_size=1, max_size=120),
    key=st.text(min_size=1, max_size=8),
)
def test_in_no_stratum_an_arm_is_off_by_more_than_one(
    weights: list[int], strata: list[str], key: str
) -> None:
    arms = [Share(str(place), weight) for place, weight in enumerate(weights)]
    found = arms_of(range(len(strata)), arms, key, strata)
    for name, size in Counter(strata).items():
        mine = Counter(arm for arm, at in zip(found, strata, strict=True) if at == name)
        for one in arms:
            assert abs(mine[one.key] - size * one.weight / sum(weights)) <= 1 + 1e-9


def test_arms_do_not_hang_on_the_control_group() -> None:
    control = controls(PEOPLE, "kind", 0.3, "house", 0.0)
    arm = np.array(arms_of(PEOPLE, TWO, "campaign"))
    assert abs((arm[control] == "A").mean() - (arm[~control] == "A").mean()) < 0.05


def test_known_intervals() -> None:
    """Newcombe 1998, table II: 56/70 against 48/80, 9/10 against 3/10, and 10/10 against 0/10."""
    for (a, m, b, n), low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ):
        found = difference_of_shares(a, m, b, n)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_students_quantiles() -> None:
    for freedom, quantile in (
        (1, 12.7062),
        (6, 2.4469),
        (10, 2.2281),
        (30, 2.0423),
        (1e6, 1.95997),
    ):
        assert t_of(freedom) == pytest.approx(quantile, abs=5e-5 * quantile)


def test_power_is_what_happens() -> None:
    rise = detectable(0.03, 400, 300)
    assert rise is not None and power_of(0.03, 0.03 + rise, 400, 300) == pytest.approx(0.8, abs=1e-6)
    draw = np.random.default_rng(5)
    seen = 0
    for a, b in zip(draw.binomial(400, 0.03 + rise, 2000), draw.binomial(300, 0.03, 2000), strict=True):
        seen += difference_of_shares(int(a), 400, int(b), 300).clear
    assert 0.70 < seen / 2000 < 0.90
    each = needed(0.02, 0.11)
    assert each is not None and power_of(0.02, 0.13, each, each) >= 0.8 > power_of(
        0.02, 0.13, each - 1, each - 1
    )
    assert detectable(0.5, 2, 2) is None and needed(0.5, 0.6) is None


@given(st.floats(0.01, 0.99), st.integers(20, 5000), st.integers(20, 5000))
def test_a_fall_that_is_seen_is_a_rise_of_the_others(base: float, of_arm: int, of_control: int) -> None:
    """That fewer leave is that more stay."""
    fall, rise = detectable_fall(base, of_arm, of_control), detectable(1 - base, of_arm, of_control)
    assert (fall is None) == (rise is None)
    if fall is not None and rise is not None:
        assert fall == pytest.approx(rise, abs=1e-9) and 0 < fall <= base
        assert power_of(base, base - fall, of_arm, of_control) == pytest.approx(0.8, abs=1e-6)


def test_of_few_who_leave_no_fall_is_seen() -> None:
    assert detectable_fall(0.02, 100, 50) is None
    assert detectable_fall(0.0, 5000, 5000) is None


@pytest.mark.parametrize("effect", [0.0, 0.04, 0.12])
@pytest.mark.parametrize(("people", "seed"), [(400, 1), (1600, 2)])
def test_a_simulated_campaign_is_found_again(effect: float, people: int, seed: int) -> None:
    """Assigned by hash, answered by chance: the interval covers the truth; without any, no effect is said."""
    draw, covered, silent = np.random.default_rng(seed), 0, 0
    customers = range(1, people + 1)
    for repeat in range(REPEATS):
        control = controls(customers, f"kind {repeat}", 0.3, "house", 0.0)
        chance = np.where(control, 0.03, 0.03 + effect)
        taken = draw.random(people) < chance
        of_control = int(control.sum())
        found = difference_of_shares(
            int(taken[~control].sum()), people - of_control, int(taken[control].sum()), of_control
        )
        covered += found.low <= effect <= found.high
        silent += verdict(found, reached=True) == "none"
    assert covered >= 0.91 * REPEATS
    if effect == 0:
        assert silent >= 0.91 * REPEATS


def test_of_three_arms_that_do_nothing_one_rarely_seems_to_do_something() -> None:
    draw, wrong, wrong_if_plain = np.random.default_rng(3), 0, 0
    for _ in range(2000):
        control, *arms = draw.binomial(400, 0.2, 4).tolist()
        told = [difference_of_shares(arm, 400, control, 400, each_of(LEVEL, 3)).clear for arm in arms]
        wrong += any(told)
        wrong_if_plain += any(difference_of_shares(arm, 400, control, 400).clear for arm in arms)
    assert wrong <= 0.06 * 2000 < 0.09 * 2000 < wrong_if_plain


def test_arms_and_segments_hold_all_at_once() -> None:
    groups = {"A": Counts(200, taken=20), "B": Counts(200, taken=30), CONTROL: Counts(200, taken=10)}
    whole = Tally({(arm, "household", ""): one for arm, one in groups.items()})
    told = rows_of_shares("taken", whole, Look(True, LEVEL), tariff=True)
    rows = {row.arm: row.effect for row in told if not row.segment}
    assert {row.arm: row.level for row in told if not row.segment} == {
        "": LEVEL, "A": each_of(LEVEL, 2), "B": each_of(LEVEL, 2),
    }  # fmt: skip
    assert rows[""] == difference_of_shares(50, 400, 10, 200)
    assert rows["B"] == difference_of_shares(30, 200, 10, 200, each_of(LEVEL, 2))
    segments = Tally(
        {(arm, name, ""): one for arm, one in groups.items() for name in ("household", "industry")}
    )
    told = rows_of_shares("taken", segments, Look(True, LEVEL), tariff=True)
    assert [row.effect for row in told if row.segment] == 2 * [
        difference_of_shares(50, 400, 10, 200, each_of(LEVEL, 2))
    ]
    alone = Tally({(arm, "household", ""): groups[arm] for arm in ("A", CONTROL)})
    told = rows_of_shares("taken", alone, Look(True, LEVEL), tariff=True)
    assert len({row.effect for row in told}) == 1


def test_looking_every_day_at_nothing_rarely_sees_something() -> None:
    """Sixty looks at two groups that are alike. Plain 95 % intervals are believed wrongly by far more."""
    draw, days, of_arm, of_control = np.random.default_rng(11), 60, 700, 300
    wrong, wrong_if_plain = 0, 0
    for _ in range(REPEATS):
        arm = np.cumsum(draw.multinomial(draw.binomial(of_arm, 0.2), [1 / days] * days))
        control = np.cumsum(draw.multinomial(draw.binomial(of_control, 0.2), [1 / days] * days))
        counts = list(zip(arm.tolist(), control.tolist(), strict=True))
        plain = [difference_of_shares(a, of_arm, c, of_control).clear for a, c in counts]
        levels = [level_at(day / days) for day in range(1, days)]
        early = (
            level is not None and difference_of_shares(a, of_arm, c, of_control, level).clear
            for level, (a, c) in zip(levels, counts, strict=False)
        )
        wrong += any(early) or plain[-1]
        wrong_if_plain += any(plain)
    assert wrong <= 0.09 * REPEATS < 0.15 * REPEATS < wrong_if_plain


def test_early_intervals_narrow_towards_the_day() -> None:
    levels = [level_at(part) for part in (0.0, 0.05, 0.25, 0.5, 0.9, 1.0)]
    assert levels[:2] == [None, None]
    known = [level for level in levels if level is not None]
    assert len(known) == 4 and known == sorted(known, reverse=True) and known[-1] > 0.99
    began, day = date(2026, 3, 1), date(2026, 5, 1)
    assert part_over(began, day, date(2026, 3, 31)) == pytest.approx(30 / 61)
    assert part_over(began, day, date(2026, 6, 1)) == 1.0 == part_over(began, began, began)


def test_margins_cover_too() -> None:
    draw, covered = np.random.default_rng(3), 0
    for _ in range(REPEATS):
        arm, control = draw.gamma(2.0, 60.0, 180) + 15, draw.gamma(2.0, 60.0, 90)
        found = difference_of_means(list(arm), list(control))
        assert found is not None
        covered += found.low <= 15 <= found.high
    assert covered >= 0.91 * REPEATS
    assert difference_of_means([1.0], [2.0, 3.0]) is None
    same = difference_of_means([2.0, 2.0], [1.0, 1.0])
    assert same is not None and (same.low, same.high) == (1.0, 1.0)


@pytest.mark.parametrize("effect", [0.0, 4.0])
def test_what_was_before_narrows_the_interval_and_it_covers_as_before(effect: float) -> None:
    """Some are new and have no before; who brings much is drawn as often as who brings little."""
    draw, covered, wide, narrow = np.random.default_rng(8), 0, 0.0, 0.0
    for _ in range(REPEATS):
        before = {"A": draw.gamma(2.0, 60.0, 180), "control": draw.gamma(2.0, 60.0, 90)}
        after = {name: 0.25 * one + draw.normal(0, 6, one.size) for name, one in before.items()}
        after["A"] = after["A"] + effect
        given_before = {
            name: [None if place % 10 == 0 else float(value) for place, value in enumerate(one)]
            for name, one in before.items()
        }
        fair = beside_before({name: list(one) for name, one in after.items()}, given_before)
        found = difference_of_means(list(fair["A"]), list(fair["control"]))
        plain = difference_of_means(list(after["A"]), list(after["control"]))
        assert found is not None and plain is not None
        covered += found.low <= effect <= found.high
        wide, narrow = wide + plain.high - plain.low, narrow + found.high - found.low
    assert covered >= 0.91 * REPEATS and narrow < 0.6 * wide


def test_without_a_before_values_stay_as_they_are() -> None:
    values = {"A": [1.0, 2.0], "control": [3.0, 5.0]}
    for before in (None, 7.0):
        found = beside_before(values, {name: [before, before] for name in values})
        assert {name: list(one) for name, one in found.items()} == values


def test_words_stand_before_the_figures() -> None:
    clear, unclear = difference_of_shares(30, 100, 5, 100), difference_of_shares(7, 100, 5, 100)
    less = difference_of_shares(5, 100, 30, 100)
    assert verdict(clear, reached=False) == "works" and verdict(less, reached=False) == "harms"
    assert verdict(less, reached=False, good="less") == "works"
    assert verdict(unclear, reached=False) == "early" and verdict(unclear, reached=True) == "none"
    assert verdict(None, reached=True) == "early"
    assert romi(300.0, 100.0) == 2.0 and romi(300.0, 0.0) is None


@given(st.integers(0, 60), st.integers(60, 400), st.integers(0, 60), st.integers(60, 400))
def test_a_ratio_leaves_one_out_where_the_difference_leaves_zero_out(a: int, m: int, b: int, n: int) -> None:
    found, difference = ratio_of_shares(a, m, b, n), difference_of_shares(a, m, b, n)
    assert (found.ratio is None) == (found.high is None) == (b == 0)
    if abs(difference.low) > 1e-9:
        assert (found.low > 1) == (difference.low > 0)
    if found.ratio is not None and found.high is not None:
        assert 0 <= found.low <= found.ratio + 1e-12 and found.ratio <= found.high + 1e-12
        if abs(difference.high) > 1e-9:
            assert (found.high < 1) == (difference.high < 0)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_the_interval_of_a_ratio_covers_what_is(ratio: float) -> None:
    """Also far from one, where the interval of the difference over the control's share does not: there the
    control group counts as exact."""
    draw = np.random.default_rng(5)
    arm, control = draw.binomial(600, 0.1 * ratio, 1000), draw.binomial(300, 0.1, 1000)
    covered = plain = 0
    for one, other in zip(arm.tolist(), control.tolist(), strict=True):
        found, difference = ratio_of_shares(one, 600, other, 300), difference_of_shares(one, 600, other, 300)
        assert found.high is not None
        covered += found.low <= ratio <= found.high
        usual = other / 300
        plain += 1 + difference.low / usual <= ratio <= 1 + difference.high / usual
    assert 930 <= covered <= 975
    assert ratio < 3 or plain < 900


@given(st.integers(0, 500), st.integers(0, 9), st.integers(0, 90), st.integers(1, 60))
def test_the_budget_pays_for_as_many_letters_as_are_sent(
    budget: int, email: int, sms: int, most: int
) -> None:
    """Held against sending them one by one: it stops where the dearest way would not be paid for."""
    costs = {"email": email, "sms": sms}
    sent, left = 0, budget
    while sent < most and left >= max(email, sms):
        sent, left = sent + 1, left - email
    assert pays_for(budget, costs, most) == (sent if sent < most else None)
