"""The rule of champion and challenger, and the name of what a model learned from."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.domain.feature_table import FeatureTable
from churn.domain.fingerprint import fingerprint
from churn.domain.registry import OLD_DAYS, WHYS, Gain, Incumbent, gain_of, verdict
from churn.registry_words import VERDICTS

YOUNG = Incumbent(age_days=7)
UNSURE, BETTER, WORSE = Gain(0.001, 0.002), Gain(0.003, 0.002), Gain(-0.003, 0.002)


def test_a_champion_stays_until_there_is_a_reason() -> None:
    assert verdict(None, None).state == "champion"
    assert verdict(YOUNG, UNSURE).state == verdict(YOUNG, None).state == "challenger"
    assert (verdict(YOUNG, BETTER).state, verdict(YOUNG, WORSE).state) == ("champion", "refused")
    for old in (Incumbent(OLD_DAYS + 1), Incumbent(7, drifted=True)):
        assert verdict(old, UNSURE).state == verdict(old, None).state == "champion"
        assert verdict(old, WORSE).state == "refused"
    assert verdict(Incumbent(7, usable=False), WORSE).state == "champion"
    late = Incumbent(-30, drifted=True)
    for gain in (None, UNSURE, BETTER):
        assert verdict(late, gain).why == "earlier", "the late one may have known the customers"
        assert verdict(late, gain).state == "refused"


@given(
    st.none() | st.builds(Incumbent, st.integers(-400, 400), st.booleans(), st.booleans()),
    st.none() | st.builds(Gain, st.floats(-1, 1), st.floats(0, 1)),
)
def test_every_verdict_has_its_words(incumbent: Incumbent | None, gain: Gain | None) -> None:
    found = verdict(incumbent, gain)
    assert found.why in WHYS and found.why in VERDICTS


def test_a_gain_is_the_mean_and_its_standard_error() -> None:
    found = gain_of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 2.0, 2.0, 2.0]))
    assert found.mean == pytest.approx(1.0)
    assert found.error == pytest.approx(np.std([1, 0, 1, 2], ddof=1) / 2)


def rows(seed: int, count: int = 40) -> tuple[list[date], np.ndarray, FeatureTable, np.ndarray]:
    draw = np.random.default_rng(seed)
    dates = [date(2026, 1, 1) + timedelta(days=45 * int(n)) for n in draw.integers(0, 3, count)]
    use = np.where(draw.random(count) < 0.2, np.nan, np.log1p(draw.random(count)))
    table = FeatureTable(
        {"use": use, "late": draw.poisson(1.0, count).astype(float)},
        {"tariff": draw.choice(["a", "b", "ab", ""], count).astype(object)},
    )
    return dates, draw.permutation(count).astype(np.int64), table, draw.random(count) < 0.3


@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_order_and_last_bits_do_not_matter(seed: int, chance) -> None:  # type: ignore[no-untyped-def]
    dates, customers, table, left = rows(seed)
    order = list(range(len(dates)))
    chance.shuffle(order)
    other = FeatureTable(
        {
            name: np.nextafter(table.numeric[name][order], np.inf)
            if name == "use"
            else table.numeric[name][order]
            for name in ("late", "use")
        },
        {"tariff": table.categorical["tariff"][order]},
    )
    shuffled = fingerprint([dates[n] for n in order], customers[order], other, left[order])
    assert shuffled == fingerprint(dates, customers, table, left)


def test_any_other_cell_is_another_name() -> None:
    dates, customers, table, left = rows(1)
    names = {fingerprint(dates, customers, table, left)}
    use = table.numeric["use"].copy()
    use[3] += 0.01
    names.add(
        fingerprint(dates, customers, FeatureTable(table.numeric | {"use": use}, table.categorical), left)
    )
    turned = left.copy()
    turned[5] = not turned[5]
    names.add(fingerprint(dates, customers, table, turned))
    tariff = table.categorical["tariff"].copy()
    tariff[0] = "c"
    names.add(fingerprint(dates, customers, FeatureTable(table.numeric, {"tariff": tariff}), left))
    names.add(fingerprint([dates[0] + timedelta(days=1), *dates[1:]], customers, table, left))
    assert len(names) == 5


def test_a_known_name_stays_the_same() -> None:
    """It is compared between machines and years: another way to write it down would lose every comparison."""
    table = FeatureTable(
        {"use": np.array([0.5, np.nan, -0.0])}, {"tariff": np.array(["a", "b", "a"], dtype=object)}
    )
    found = fingerprint([date(2026, 1, 1)] * 3, np.array([3, 1, 2]), table, np.array([True, False, False]))
    assert found == ("ce7beeb6121ca443d3b65c669c96c5af597f31059c965cc5736a9003f01c156e")
    with pytest.raises(ValueError, match="every row needs"):
        fingerprint([date(2026, 1, 1)], np.array([1, 2]), table, np.array([True]))
