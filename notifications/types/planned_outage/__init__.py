"""The supply will be off: where, when by the clock on the customer's wall, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifications.phrases import day_in_words, time_in_words
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def _words(facts: Facts) -> Mapping[str, Any]:
    starts, ends = facts.wall("starts_at"), facts.wall("ends_at")
    assert starts is not None and ends is not None  # neither may be empty
    # On the night the clocks change an hour comes twice, or never: then the times name their zone.
    zone_named = starts.utcoffset() != ends.utcoffset()
    return {
        **facts.plain("places", "medical"),
        "reason": facts.context["reason"].rstrip(" ."),
        "starts_on": day_in_words(starts.date(), facts.language),
        "ends_on": day_in_words(ends.date(), facts.language),
        "one_day": starts.date() == ends.date(),
        "starts": time_in_words(starts, facts.language, zone_named=zone_named),
        "ends": time_in_words(ends, facts.language, zone_named=zone_named),
    }


TYPE = NoticeType(
    name="planned_outage",
    title=mark("Planned outage"),
    purpose="service",
    words=_words,
    channels=("email", "messenger", "sms"),
    may_be_empty=frozenset({"reason"}),
    example={
        "places": ["12 Mill Lane"],
        "starts_at": "2026-11-27T09:00:00+00:00",
        "ends_at": "2026-11-27T12:30:00+00:00",
        "reason": "a new cable",
        "medical": False,
    },
)
