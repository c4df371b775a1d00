"""Waits grow, spread, and end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.message_id import message_id
from notifications.domain.retry import Retry


@given(st.integers(1, 7), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_in_the_upper_half_of_a_doubling_step(attempts: int, chance: float) -> None:
    wait = Retry().wait_after(attempts, chance)
    step = timedelta(seconds=30) * 2 ** (attempts - 1)
    assert wait is not None
    assert step / 2 <= wait <= step


def test_it_never_waits_longer_than_the_longest() -> None:
    patient = Retry(tries=1000)
    assert patient.wait_after(999, 0.999) <= patient.longest  # type: ignore[operator]


def test_it_gives_up_after_the_last_try() -> None:
    assert Retry(tries=3).wait_after(2, 0.5) is not None
    assert Retry(tries=3).wait_after(3, 0.5) is None


def test_a_key_has_one_message_id_for_ever() -> None:
    assert message_id("bill:1", "Care <care@utility.example>") == (
        "<da14c7bc067fd424e7bfa9e89a4526cd0efc92d2@utility.example>"
    )


@given(st.sets(st.text(min_size=1), min_size=2, max_size=20))
def test_keys_that_differ_have_ids_that_differ(keys: set[str]) -> None:
    assert len({message_id(key, "care@utility.example") for key in keys}) == len(keys)
