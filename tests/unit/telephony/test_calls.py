"""Whichever way a call's events come, and however often, they say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utility_crm.kit.errors import Invalid
from utility_crm.telephony.domain.calls import KINDS, CallEvent, call_truth
from utility_crm.telephony.reading import read_event

BEGIN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def at(seconds: int, kind: Any, extension: str = "", **more: str) -> CallEvent:
    return CallEvent(
        f"{kind}-{seconds}-{extension}", kind, BEGIN + timedelta(seconds=seconds), extension, **more
    )


EVENTS = st.lists(
    st.builds(
        at, st.integers(0, 600), st.sampled_from(KINDS), st.sampled_from(["", "201", "202"])
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda one: one.event,
)  # fmt: skip


@given(EVENTS, st.data())
def test_order_and_repetition_change_nothing(events: list[CallEvent], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=5))
    told = data.draw(st.permutations(events + again))
    assert call_truth(told) == call_truth(events)


@given(EVENTS, EVENTS)
def test_an_ended_call_stays_ended_whatever_comes(events: list[CallEvent], late: list[CallEvent]) -> None:
    ended = [*events, at(300, "ended")]
    truth = call_truth([*ended, *late])
    assert truth.state == "ended"
    assert truth.ended_at is not None and truth.ended_at <= BEGIN + timedelta(seconds=300)


@given(EVENTS)
def test_times_fit_together(events: list[CallEvent]) -> None:
    truth = call_truth(events)
    assert truth.talked_seconds >= 0 and truth.held_seconds >= 0
    if truth.ended_at is not None:
        assert truth.began_at <= truth.ended_at
        whole = (truth.ended_at - (truth.answered_at or truth.ended_at)).total_seconds()
        assert truth.talked_seconds + truth.held_seconds == whole
    if truth.state in ("answered", "held"):
        assert truth.answered_at is not None


def test_a_whole_call() -> None:
    events = [
        at(0, "ringing", "201", number="+447700900418", line="+443300000000"),
        at(8, "answered", "201"),
        at(60, "held", "201"),
        at(90, "resumed", "201"),
        at(200, "ended", "201"),
        at(230, "recording", recording="https://calls.example/1"),
    ]
    truth = call_truth(events)
    assert (truth.state, truth.talked_seconds, truth.held_seconds) == ("ended", 162, 30)
    assert (truth.extension, truth.number, truth.recording) == (
        "201",
        "+447700900418",
        "https://calls.example/1",
    )


def test_a_transferred_call_rings_at_the_other_telephone_and_is_theirs() -> None:
    events = [at(0, "ringing", "201"), at(5, "answered", "201"), at(60, "transferred", "202")]
    assert (call_truth(events).state, call_truth(events).extension) == ("ringing", "202")
    truth = call_truth([*events, at(66, "answered", "202"), at(100, "ended")])
    assert (truth.extension, truth.talked_seconds) == ("202", 95)


def test_of_a_group_whoever_answered_has_it_even_if_another_rings_on() -> None:
    events = [
        at(0, "ringing", "201"),
        at(0, "ringing", "202"),
        at(4, "answered", "201"),
        at(5, "ringing", "202"),
    ]
    assert (call_truth(events).state, call_truth(events).extension) == ("answered", "201")


def test_a_call_that_ends_unanswered_was_missed() -> None:
    assert call_truth([at(0, "ringing", "201"), at(20, "ended")]).missed
    with pytest.raises(ValueError, match="without events"):
        call_truth([])


def test_an_event_is_read_by_direction() -> None:
    told = {"call": "c1", "event": "e1", "type": "ringing", "from": "1", "to": "2", "extension": "201"}
    assert (read_event(told, BEGIN).happened.number, read_event(told, BEGIN).happened.line) == ("1", "2")
    out = read_event(told | {"direction": "out", "at": "2026-11-20T15:29:30+01:00"}, BEGIN).happened
    assert (out.number, out.line, out.at) == ("2", "1", BEGIN - timedelta(seconds=30))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"call": ""}, "call"),
        ({"event": 7}, "event"),
        ({"type": "rung"}, "type"),
        ({"at": "2026-11-20T14:30:00"}, "at"),
        ({"at": "2026-11-20T14:41:00Z"}, "at"),
        ({"at": "yesterday"}, "at"),
        ({"direction": "sideways"}, "direction"),
        ({"extension": "2" * 21}, "extension"),
        ({"from": "\x00"}, "from"),
        ({"type": "recording"}, "recording"),
        ({"recording": "javascript:alert(1)"}, "recording"),
        ({"recording": "https://[x"}, "recording"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(change: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_event({"call": "c", "event": "e", "type": "ringing"} | change, BEGIN)
    assert refused.value.where == f"$.{where}"
