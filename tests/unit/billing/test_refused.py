"""Who of a batch cannot be priced is found, and nobody else is taken for one of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.errors import BeyondExact, NotRateable
from billing.domain.rating.refused import refused_rows


@given(st.integers(0, 200), st.sets(st.integers(0, 199)), st.booleans())
def test_only_the_bad_ones_are_found_whoever_names_them(size: int, bad: set[int], named: bool) -> None:
    passes = []

    def attempt(rows: Sequence[int]) -> None:
        passes.append(tuple(rows))
        places = [place for place, row in enumerate(rows) if row in bad]
        if places and named:
            raise BeyondExact("too much", tuple(places[:1]))
        if places:
            raise NotRateable(f"row {rows[places[0]]}")

    mine = {row for row in bad if row < size}
    found = refused_rows(range(size), attempt)
    assert set(found) == mine
    assert named or all(str(fault) == f"row {row}" for row, fault in found.items())
    assert len(passes) <= 1 + len(mine) * (1 if named else 2 * size.bit_length())


def test_a_reason_that_is_everybodys_is_not_looked_for() -> None:
    passes = []

    def attempt(rows: Sequence[int]) -> None:
        passes.append(rows)
        fault = NotRateable("the tariff has no version")
        fault.of_all = True
        raise fault

    assert set(refused_rows(range(1000), attempt)) == set(range(1000))
    assert len(passes) == 1


def test_other_faults_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        refused_rows([1, 2], lambda rows: 1 / 0)
