"""Wrong tries, counted in the database by all processes together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.auth.door_tables import Guess
from utility_crm.auth.guesses import (
    FACTORS,
    PASSWORDS,
    PAUSE,
    SLOW_SECONDS,
    TOKENS,
    TRIES,
    forget_guesses,
    fresh,
    until,
)

HERE = "192.0.2.200"
NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)


def left(session: Session, name: str, now: datetime = NOW) -> int:
    return PASSWORDS.standing(session, name, HERE, now)[0]


def test_a_pause_ends_and_another_name_is_free(session: Session) -> None:
    for _ in range(5):
        assert PASSWORDS.begin(session, "priya", HERE, NOW) is None
    assert PASSWORDS.begin(session, "priya", HERE, NOW) == NOW + PAUSE
    assert PASSWORDS.standing(session, "priya", HERE, NOW) == (0, NOW + PAUSE)
    assert left(session, "tomas") == 5
    later = NOW + PAUSE
    assert PASSWORDS.standing(session, "priya", HERE, later) == (5, None)
    assert PASSWORDS.begin(session, "priya", HERE, later) is None
    assert left(session, "priya", later) == 4
    PASSWORDS.take_back(session, "priya", HERE, later, right=True)
    assert left(session, "priya", later) == 5


def test_a_try_that_was_none_is_taken_back_alone(session: Session) -> None:
    for minute in range(3):
        PASSWORDS.begin(session, "priya", HERE, NOW + timedelta(minutes=minute))
    PASSWORDS.take_back(session, "priya", HERE, NOW + timedelta(minutes=1), right=False)
    assert left(session, "priya", NOW + timedelta(minutes=3)) == 3
    assert left(session, "priya", NOW + PAUSE) == 4  # the first is a quarter of an hour old


def test_the_neighbours_of_an_address_are_one(session: Session) -> None:
    for number in range(50):
        assert PASSWORDS.begin(session, f"name {number}", f"2001:db8::{number:x}", NOW) is None
    assert PASSWORDS.begin(session, "priya", "2001:db8::ffff", NOW) == NOW + PAUSE
    assert PASSWORDS.begin(session, "priya", "2001:db8:0:1::1", NOW) is None
    assert PASSWORDS.begin(session, "priya", "::ffff:192.0.2.1", NOW) is None


def test_wrong_tries_everywhere_slow_all_down_for_a_while(session: Session) -> None:
    for number in range(100):
        assert PASSWORDS.wait_seconds(session, NOW) == 0
        PASSWORDS.begin(session, "priya", f"192.0.2.{number}", NOW)
    assert PASSWORDS.wait_seconds(session, NOW) == SLOW_SECONDS
    assert PASSWORDS.begin(session, "priya", HERE, NOW) is None
    assert PASSWORDS.wait_seconds(session, NOW + PAUSE) == 0


def test_kinds_are_counted_apart_and_codes_everywhere(session: Session) -> None:
    for number in range(TRIES):
        assert FACTORS.begin(session, "7", f"192.0.2.{number}", NOW) is None
    assert FACTORS.begin(session, "7", HERE, NOW) == NOW + PAUSE
    assert TOKENS.begin(session, "7", HERE, NOW) is None and PASSWORDS.begin(session, "7", HERE, NOW) is None


def test_no_place_and_no_name_are_not_everybody(session: Session) -> None:
    assert PASSWORDS.begin(session, "", "", NOW) is None
    assert PASSWORDS.wait_seconds(session, NOW) == 0
    assert PASSWORDS.standing(session, "", "", NOW) == (4, None)


def test_what_counts_no_longer_is_forgotten(session: Session) -> None:
    PASSWORDS.begin(session, "priya", HERE, NOW)
    forget_guesses(session, NOW + PAUSE)
    assert left(session, "priya") == 4
    assert forget_guesses(session, NOW + 2 * PAUSE + timedelta(seconds=1)).startswith("3 ")
    assert session.scalar(select(func.count()).select_from(Guess)) == 0


@given(some.lists(some.integers(0, 3600), max_size=12), some.integers(0, 3600))
def test_a_pause_is_a_quarter_of_an_hour_after_the_last_try(seconds: list[int], at: int) -> None:
    """Whatever is tried when: nobody rests longer than PAUSE from now, and who rests has TRIES counted."""
    kept: list[datetime] = []
    for second in sorted(seconds):
        now = NOW + timedelta(seconds=second)
        if until(kept, TRIES, now) is None:
            kept = [*fresh(kept, TRIES, now), now]
        assert len(kept) <= TRIES
    now = NOW + timedelta(seconds=3600 + at)
    end = until(kept, TRIES, now)
    assert end is None or (now < end <= now + PAUSE and len(kept) == TRIES)
