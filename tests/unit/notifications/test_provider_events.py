"""A gateway's events: what is wrong is named by its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.domain.provider_events import MOST_EVENTS, Unreadable, read_events

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
GOOD = {"event": "e-1", "key": "<a@b>", "kind": "read", "at": "2026-11-20T13:00:00+02:00"}


def where(document: Any) -> str:
    with pytest.raises(Unreadable) as refused:
        read_events(document if isinstance(document, bytes) else json.dumps(document).encode(), NOW)
    return refused.value.where


def test_an_event_is_read() -> None:
    (one,) = read_events(json.dumps({"events": [GOOD | {"detail": "seen"}]}).encode(), NOW)
    assert (one.key, one.kind, one.detail) == ("<a@b>", "read", "seen")
    assert one.at == datetime(2026, 11, 20, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"{", "$"),
        (b"\xff", "$"),
        ([GOOD], "$.events"),
        ({"events": [GOOD] * (MOST_EVENTS + 1)}, "$.events"),
        ({"events": [GOOD, 7]}, "$.events[1]"),
        ({"events": [GOOD | {"colour": "red"}]}, "$.events[0].colour"),
        ({"events": [GOOD | {"kind": "eaten"}]}, "$.events[0].kind"),
        ({"events": [GOOD | {"key": ""}]}, "$.events[0].key"),
        ({"events": [GOOD | {"key": "a\0b"}]}, "$.events[0].key"),
        ({"events": [GOOD | {"at": "2026-11-20T13:00:00"}]}, "$.events[0].at"),
        ({"events": [GOOD | {"at": "2026-11-20T14:06:00Z"}]}, "$.events[0].at"),
        ({"events": [GOOD | {"at": "0001-01-01T00:00:00+23:59"}]}, "$.events[0].at"),
        ({"events": [GOOD | {"event": "half a letter \ud83d"}]}, "$.events[0].event"),
        ({"events": [GOOD | {"detail": "\udc00"}]}, "$.events[0].detail"),
        ({"events": [GOOD | {"detail": 7}]}, "$.events[0].detail"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(document: Any, place: str) -> None:
    assert where(document) == place


@given(st.binary(max_size=60) | st.recursive(
    st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["events", "event", "key", "kind", "at"]), inner, max_size=4)
).map(lambda found: json.dumps(found).encode()))  # fmt: skip
def test_nothing_that_is_sent_breaks_it(body: bytes) -> None:
    try:
        assert isinstance(read_events(body, NOW), list)
    except Unreadable as refused:
        assert refused.where.startswith("$")
