"""The life of a ticket, and the small readings around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid, Refused
from utility_crm.tickets.domain.life import (
    ENDED,
    REOPENS_FOR,
    STATUSES,
    Standing,
    answered,
    begun,
    heard,
    too_late_to_reopen,
    turned,
)
from utility_crm.tickets.domain.mentions import logins_in
from utility_crm.tickets.domain.numbers import id_of, ids_in, number_of

BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
STEP = st.one_of(
    st.tuples(st.just("heard"), st.just("")),
    st.tuples(st.just("answered"), st.sampled_from(["open", "waiting", "on_hold", "solved", "closed"])),
    st.tuples(st.just("turned"), st.sampled_from([one for one in STATUSES if one != "new"])),
)


def lived(steps: list[tuple[str, str]]) -> list[tuple[datetime, str, Standing]]:
    """Each step an hour after the one before, and where the ticket stands after it."""
    standing, at = begun(BEGIN, by_us=False), BEGIN
    found = [(at, "opened", standing)]
    for act, status in steps:
        at += timedelta(hours=1)
        if act == "heard":
            standing = heard(standing, at)
        elif act == "answered":
            standing = answered(standing, at, status)
        else:
            standing = turned(standing, status, at)
        found.append((at, act, standing))
    return found


@given(st.lists(STEP, max_size=20))
def test_times_and_states_agree_whatever_happens(steps: list[tuple[str, str]]) -> None:
    story = lived(steps)
    for at, act, now in story:
        assert (now.solved_at is not None) == (now.status in ENDED)
        assert (now.closed_at is not None) == (now.status == "closed")
        assert now.waits_since is None or not now.ended
        if act == "heard":
            assert not now.ended and now.waits_since is not None and now.waits_since <= at
        if act == "answered":
            assert now.waits_since is None and now.first_answered_at is not None
    answers = [at for at, act, _ in story if act == "answered"]
    assert story[-1][2].first_answered_at == (answers[0] if answers else None)
    reopenings = sum(one[2].ended and not other[2].ended for one, other in pairwise(story))
    assert story[-1][2].reopened == reopenings


@given(st.lists(STEP, max_size=12))
def test_the_oldest_unanswered_word_counts(steps: list[tuple[str, str]]) -> None:
    since = BEGIN
    waiting = True
    for at, act, now in lived(steps)[1:]:
        if act == "heard" and not waiting:
            since, waiting = at, True
        elif act == "answered" or now.ended or (act == "turned" and now.status == "waiting"):
            waiting = False
        assert now.waits_since == (since if waiting else None)


def test_nothing_becomes_new_again_and_no_state_is_made_up() -> None:
    standing = turned(begun(BEGIN, by_us=False), "open", BEGIN)
    with pytest.raises(Refused):
        turned(standing, "new", BEGIN)
    with pytest.raises(Invalid):
        turned(standing, "forgotten", BEGIN)


def test_a_late_reply_to_a_closed_ticket_is_a_matter_of_its_own() -> None:
    closed = turned(begun(BEGIN, by_us=False), "closed", BEGIN)
    assert not too_late_to_reopen(closed, BEGIN + REOPENS_FOR)
    assert too_late_to_reopen(closed, BEGIN + REOPENS_FOR + timedelta(seconds=1))
    assert not too_late_to_reopen(turned(closed, "open", BEGIN), BEGIN + timedelta(days=900))


@given(st.integers(1, 10**12))
def test_a_number_is_read_as_it_is_written(row: int) -> None:
    number = number_of(row)
    assert id_of(number) == id_of(number.lower()) == id_of(number.replace("T-", " Т ")) == row
    assert ids_in(f"Re: [{number}] My bill ({number})") == [row]


@pytest.mark.parametrize("text", ["T-", "T-9999", "10432", "T-1043x", "AT-10432", "", "T-10000"])
def test_what_is_no_number(text: str) -> None:
    assert id_of(text) is None and ids_in(text) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@priya can you look? @Omar.K too, @priya", ["priya", "omar.k"]),
        ("write to care@utility.example", []),
        ("thanks @sana.", ["sana"]),
        ("@@ @", []),
        ("(@ines) и @инес", ["ines", "инес"]),
    ],
)
def test_who_is_named_in_a_note(text: str, named: list[str]) -> None:
    assert logins_in(text) == named
