"""No figure about fewer than 15 customers, and none that is mostly one of them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from utility_crm.segments.domain.guarding import FEWEST, SHARE, Group, Told, guarded, mean_of


def alike(value: str, customers: int, each: int = 100) -> Group:
    """Customers who all have the same."""
    total = Fraction(customers * each)
    return Group(value, customers, customers, total, Fraction(each if customers else 0), total)


def test_groups_of_fifteen_are_told() -> None:
    told = guarded([alike("a", 15), alike("b", 40, 50)])
    assert told == [Told("b", 40, Fraction(50)), Told("a", 15, Fraction(100))]


def test_one_of_fourteen_takes_the_next_smallest_with_it() -> None:
    told = guarded([alike("a", 14), alike("b", 15), alike("c", 99)])
    assert [(one.value, one.customers, one.of) for one in told] == [("c", 99, 1), (None, 29, 2)]


def test_small_ones_that_are_many_are_told_together() -> None:
    told = guarded([alike("a", 8), alike("b", 9), alike("c", 20)])
    assert [(one.value, one.customers, one.of) for one in told] == [("c", 20, 1), (None, 17, 2)]


def test_too_few_in_all_are_not_told() -> None:
    assert guarded([alike("a", 9), alike("b", 5)]) == []
    assert guarded([alike("a", 14)]) == []


def test_a_mean_that_is_mostly_one_customer_is_not_told() -> None:
    total = Fraction(10_000)
    just = Group("a", 20, 20, total, total * SHARE - 1, total)
    mostly = Group("a", 20, 20, total, total * SHARE, total)
    assert mean_of(just) == 500
    assert mean_of(mostly) is None
    assert guarded([mostly])[0].customers == 20


def test_a_mean_known_of_few_is_not_told() -> None:
    assert mean_of(Group("a", 100, 14, Fraction(1400), Fraction(100), Fraction(1400))) is None


def test_one_hidden_mean_hides_another() -> None:
    total = Fraction(10_000)
    mostly = Group("m", 30, 30, total, total / 2, total)
    told = {one.value: one.mean for one in guarded([mostly, alike("a", 20, 2000), alike("b", 60)])}
    assert told == {"m": None, "a": None, "b": 100}


GROUPS = st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=60), max_size=6).map(
    lambda found: [
        Group(
            str(place),
            len(values),
            len(values),
            Fraction(sum(values)),
            Fraction(max(values)),
            Fraction(sum(values)),
        )
        for place, values in enumerate(found)
    ]
)


@given(GROUPS)
def test_what_is_not_told_cannot_be_worked_out(groups: list[Group]) -> None:
    """The whole less what is told is nobody, or fifteen and more; so is what hidden means come to."""
    told = guarded(groups)
    assert all(one.customers >= FEWEST for one in told)
    left = sum(one.customers for one in groups) - sum(one.customers for one in told)
    if told:
        assert left == 0 or left >= FEWEST
    said = {one.value for one in told if one.mean is not None}
    silent = [one for one in groups if one.value not in said]
    if said and silent:
        assert mean_of(*silent) is not None


def test_of_a_fact_with_several_values_the_rest_is_not_told() -> None:
    # One customer with sixteen tags is sixteen groups of one, and no fifteen customers.
    groups = [Group("staff", 40), *(Group(f"tag {place}", 1) for place in range(16))]
    assert [one.value for one in guarded(groups)] == ["staff", None]
    assert [one.value for one in guarded(groups, several=True)] == ["staff"]
