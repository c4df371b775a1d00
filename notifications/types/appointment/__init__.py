"""A visit is booked, comes tomorrow, was moved, or is cancelled: whoever does that makes the notice from an
`Appointment` (`meters.visits`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from notifications.outbox.new_notice import NewNotice
from notifications.phrases import day_in_words, time_in_words
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark

Event = Literal["booked", "tomorrow", "moved", "cancelled"]
Visit = Literal["meter_check", "meter_exchange", "meter_reading"]
VISITS: Final[Mapping[Visit, Mapping[str, str]]] = {
    "meter_check": {"en": "to check your meter", "ru": "проверка счётчика"},
    "meter_exchange": {"en": "to exchange your meter", "ru": "замена счётчика"},
    "meter_reading": {"en": "to read your meter", "ru": "снятие показаний"},
}
"""Why somebody comes."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody comes for a `visit` between two instants (aware). `number` is its name; `was_at` when it
    should have begun before it was moved."""

    number: str
    visit: Visit
    place: str
    starts_at: datetime
    ends_at: datetime
    was_at: datetime | None = None


def appointment(
    *, customer_id: int, account_id: int, event: Event, booked: Appointment, moves: int = 0
) -> NewNotice:
    """To the customer, once for each event at a time; about the visit, so that what is no longer true can be
    taken back. `moved` needs `was_at`. moves: how often it was moved by now, since one that is moved away and
    back is told of again."""
    if (event == "moved") != (booked.was_at is not None):
        raise ValueError("a visit that was moved, and no other, says when it should have been")
    return NewNotice(
        key=f"appointment:{booked.number}:{event}:{booked.starts_at.isoformat()}"
        + (f":{moves}" if moves else ""),
        notice="appointment",
        about=f"appointment:{booked.number}",
        customer_id=customer_id,
        account_id=account_id,
        priority=20,
        useful_before=booked.starts_at,
        context={
            "event": event,
            "number": booked.number,
            "visit": booked.visit,
            "place": booked.place,
            "starts_at": booked.starts_at.isoformat(),
            "ends_at": booked.ends_at.isoformat(),
            "was_at": booked.was_at.isoformat() if booked.was_at else "",
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    starts, ends, was = facts.wall("starts_at"), facts.wall("ends_at"), facts.wall("was_at")
    assert starts is not None and ends is not None  # neither may be empty
    named = starts.utcoffset() != ends.utcoffset()
    visit = VISITS[facts.context["visit"]]
    return {
        **facts.plain("event", "number", "place"),
        "visit": visit.get(facts.language, visit["en"]),
        "on": day_in_words(starts.date(), facts.language),
        "starts": time_in_words(starts, facts.language, zone_named=named),
        "ends": time_in_words(ends, facts.language, zone_named=named),
        "was": f"{day_in_words(was.date(), facts.language)}, {time_in_words(was, facts.language)}"
        if was
        else "",
    }


TYPE = NoticeType(
    name="appointment",
    title=mark("Appointment"),
    purpose="service",
    words=_words,
    channels=("email", "messenger", "sms", "letter"),
    may_be_empty=frozenset({"was_at"}),
    example={
        "event": "booked",
        "number": "V-204",
        "visit": "meter_check",
        "place": "12 Mill Lane",
        "starts_at": "2026-11-27T09:00:00+00:00",
        "ends_at": "2026-11-27T12:00:00+00:00",
        "was_at": "",
    },
)
