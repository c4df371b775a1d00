"""What the notices about an incident have in common: where, since when, until when, how long it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from notifications.phrases import day_in_words, time_in_words
from notifications.types import Facts, NoticeType


def incident_words(facts: Facts) -> Mapping[str, Any]:
    """What the templates print. A time of another day than the outage's beginning has its day."""
    starts, expected, back = facts.wall("starts_at"), facts.wall("estimated_at"), facts.wall("restored_at")
    assert starts is not None  # it may not be empty
    # On the night the clocks change an hour comes twice: then the times name their zone.
    named = any(at is not None and at.utcoffset() != starts.utcoffset() for at in (expected, back))

    def said(at: datetime | None, *, always_day: bool = False) -> str:
        if at is None:
            return ""
        time = time_in_words(at, facts.language, zone_named=named)
        if at.date() == starts.date() and not always_day:
            return time
        return f"{day_in_words(at.date(), facts.language)}, {time}"

    lasted = (back - starts) // timedelta(minutes=1) if back is not None else 0
    return {
        **facts.plain("places", "medical"),
        "reason": facts.context["reason"].rstrip(" ."),
        "since": said(starts, always_day=True),
        "expected": said(expected),
        "back": said(back),
        "hours": lasted // 60,
        "minutes": lasted % 60,
    }


EXAMPLE = {
    "event": 1,
    "places": ["12 Mill Lane"],
    "starts_at": "2026-11-20T14:05:00+00:00",
    "estimated_at": "2026-11-20T17:30:00+00:00",
    "restored_at": "2026-11-20T16:50:00+00:00",
    "reason": "a fallen tree",
    "medical": False,
}


def incident_type(name: str, title: str, *, ends: bool = False) -> NoticeType:
    """A kind of notice about an incident: by mail, or by text message. `ends`: it says when it was over."""
    return NoticeType(
        name=name, title=title, purpose="service", words=incident_words,
        channels=("email", "messenger", "sms"), example=EXAMPLE,
        may_be_empty=frozenset({"estimated_at", "reason"} | (set() if ends else {"restored_at"})),
    )  # fmt: skip
