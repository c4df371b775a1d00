"""Nothing came from a meter for days, and nothing that we know of explains it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def meter_silent(
    *, customer_id: int, account_id: int, point: str, place: str, meter: str, silent_from: date
) -> NewNotice:
    """To whoever lives there, once for a silence, which is known by its first day; `meter` is the serial
    number, empty where it is not known."""
    return NewNotice(
        key=f"meter_silent:{point}:{silent_from.isoformat()}",
        notice="meter_silent",
        about=f"silence:{point}:{silent_from.isoformat()}",
        customer_id=customer_id,
        account_id=account_id,
        priority=60,
        context={
            "point": point,
            "place": place,
            "meter": meter,
            "silent_from": silent_from.isoformat(),
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {
        **facts.plain("point", "place", "meter"),
        "silent_from": facts.day("silent_from"),
        "silent_short": facts.short_day("silent_from"),
    }


TYPE = NoticeType(
    name="meter_silent",
    title=mark("Meter silent"),
    purpose="service",
    words=_words,
    channels=("email", "messenger", "sms", "letter"),
    may_be_empty=frozenset({"meter"}),
    example={
        "point": "2600000001009",
        "place": "12 Mill Lane",
        "meter": "E6S1234567",
        "silent_from": "2026-11-12",
    },
)
