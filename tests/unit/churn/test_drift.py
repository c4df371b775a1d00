"""Whether customers have changed: the index, what it reaches by chance, and what calls for learning anew."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churn.domain.drift import CAME_TRUE, SCORE, CameTrue, Moved, Watched, moved, news, psi
from churn.domain.feature_table import FeatureTable

SHARES = st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4).map(lambda x: np.array(x) / sum(x))


def people(seed: int, count: int, shift: float = 0.0) -> tuple[FeatureTable, np.ndarray]:
    draw = np.random.default_rng(seed)
    use = draw.normal(shift, 1, count)
    use[draw.random(count) < 0.1] = np.nan
    table = FeatureTable(
        {"use": use, "complaints": draw.poisson(0.1, count).astype(float)},
        {"tariff": draw.choice(["a", "b"], count, p=[0.7, 0.3]).astype(object)},
    )
    return table, draw.random(count)


@given(SHARES, SHARES)
def test_the_index_is_symmetric_and_nought_only_for_the_same(one: np.ndarray, other: np.ndarray) -> None:
    assert psi(one, other) == pytest.approx(psi(other, one)) and psi(one, other) >= 0
    assert psi(one, one) == 0


def test_the_index_of_a_known_table() -> None:
    """Worked by hand: (0.3 - 0.5) ln(0.3 / 0.5) + (0.7 - 0.5) ln(0.7 / 0.5)."""
    assert psi(np.array([0.5, 0.5]), np.array([0.3, 0.7])) == pytest.approx(0.16946, abs=1e-5)


def test_the_same_customers_have_not_moved() -> None:
    table, scores = people(1, 3000)
    found = Watched.of(table, scores, 3000).moved(table, scores)
    assert set(found) == {"use", "complaints", "tariff", SCORE}
    assert all(one.index == pytest.approx(0, abs=1e-6) and one.state == "same" for one in found.values())


def test_chance_alone_is_no_change_however_few_they_are() -> None:
    watched = Watched.of(*people(1, 300), 300)
    states = [one.state for seed in range(100) for one in watched.moved(*people(seed + 10, 60)).values()]
    assert states.count("same") >= 0.98 * len(states)
    assert any(
        one.index > 0.1 for seed in range(100) for one in watched.moved(*people(seed + 10, 60)).values()
    )


def test_what_has_moved_is_found_and_survives_being_kept() -> None:
    table, scores = people(1, 3000)
    kept = Watched.read(json.loads(json.dumps(Watched.of(table, scores, 3000).document())))
    assert kept is not None and Watched.read({}) is None
    later, chances = people(2, 2500, shift=0.8)
    found = kept.moved(later, chances)
    assert [name for name, one in found.items() if one.state == "changed"] == ["use"]
    named = FeatureTable(later.numeric, {"tariff": np.full(2500, "new", dtype=object)})
    assert kept.moved(named, chances)["tariff"].state == "changed"
    assert "tariff" not in kept.moved(FeatureTable(later.numeric, {}), chances)


@pytest.mark.parametrize("had", [0.0, 0.05, 0.3])
def test_of_what_most_have_none_of_more_who_have_it_are_a_change(had: float) -> None:
    """Complaints, debts, outages: nought for nearly everybody, so that every tenth ends at nought."""
    draw = np.random.default_rng(3)

    def complaints(share: float) -> FeatureTable:
        return FeatureTable({"complaints": (draw.random(3000) < share).astype(float)}, {})

    scores = draw.random(3000)
    watched = Watched.read(json.loads(json.dumps(Watched.of(complaints(had), scores, 3000).document())))
    assert watched is not None
    assert watched.moved(complaints(had), scores)["complaints"].state == "same"
    assert watched.moved(complaints(0.7), scores)["complaints"].state == "changed"


def test_nobody_is_no_change() -> None:
    assert moved(np.array([0.5, 0.5]), np.zeros(2), 100) == Moved(0.0, 0.0)


def test_news_is_what_the_model_did_not_know_when_it_learned() -> None:
    found = {"a": Moved(0.3, 0.01), "b": Moved(0.9, 0.01), "c": Moved(0.2, 0.01), "d": Moved(0.5, 0.6)}
    wrong = CameTrue(2000, 200, 0.05)
    assert news(found, wrong, ()) == (CAME_TRUE, "b", "a")
    assert news(found, CameTrue(2000, 100, 0.05), ("b",)) == ("a",)
    assert news(found, wrong, (CAME_TRUE, "a", "b")) == ()


@given(st.integers(1, 5000), st.floats(0, 1), st.floats(0, 1))
def test_what_happened_lies_in_its_interval(customers: int, share: float, said: float) -> None:
    found = CameTrue(customers, round(customers * share), said)
    low, high = found.interval
    assert low <= found.happened <= high
    assert CameTrue(customers, found.left, found.happened).holds
