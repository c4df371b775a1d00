"""A question rather than news: may we send offers? The link in it says yes; no answer means no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from notifications.outbox.new_notice import NewNotice
from notifications.phrases import day_in_words
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def confirm_consent(*, key: str, customer_id: int, link: str, until: datetime) -> NewNotice:
    """The question with its link, which is good before `until`."""
    return NewNotice(
        key=key,
        notice="confirm_consent",
        about=f"consent:{customer_id}",
        customer_id=customer_id,
        context={"link": link, "until": until.isoformat()},
        priority=30,
        useful_before=until,
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    until = datetime.fromisoformat(facts.context["until"]).astimezone(ZoneInfo(facts.timezone))
    return {"link": facts.context["link"], "until": day_in_words(until.date(), facts.language)}


TYPE = NoticeType(
    name="confirm_consent",
    title=mark("Question about offers"),
    purpose="service",
    words=_words,
    example={"link": "https://care.example/confirm/token", "until": "2026-11-27T12:00:00+00:00"},
)
