"""The interval of a share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.shares import wilson, z_of

counted = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_known_intervals() -> None:
    """81 of 263, 15 of 148, 0 of 20, 1 of 29: Newcombe, Statistics in Medicine 17, 1998, 857, table I."""
    for (count, of), ends in (
        ((81, 263), (0.2553, 0.3662)),
        ((15, 148), (0.0624, 0.1605)),
        ((0, 20), (0.0, 0.1611)),
        ((1, 29), (0.0061, 0.1718)),
    ):
        assert tuple(round(end, 4) for end in wilson(count, of)) == ends
    assert z_of() == pytest.approx(1.959963984540054)


@given(counted)
def test_it_holds_the_share_and_a_surer_one_is_wider(given_: tuple[int, int]) -> None:
    count, of = given_
    low, high = wilson(count, of)
    surer = wilson(count, of, 0.99)
    assert 0 <= surer[0] <= low <= count / of <= high <= surer[1] <= 1 and low < high


@pytest.mark.parametrize(("count", "of"), [(0, 0), (3, 2), (-1, 4)])
def test_no_interval_of_nothing(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(count, of)
