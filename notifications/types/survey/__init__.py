"""After we did something for a customer: how was it? It has no trigger yet; a ticket that closes will make
it. It counts as marketing: it goes to nobody who did not agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def survey(
    *, customer_id: int, ticket: str, subject: str, closed_on: date, useful_before: datetime | None = None
) -> NewNotice:
    """To the customer, once for a ticket; `subject` in their own words."""
    return NewNotice(
        key=f"survey:{ticket}",
        notice="survey",
        about=f"ticket:{ticket}",
        customer_id=customer_id,
        priority=80,
        useful_before=useful_before,
        context={"ticket": ticket, "subject": subject, "closed_on": closed_on.isoformat()},
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {**facts.plain("ticket", "subject"), "closed_on": facts.day("closed_on")}


TYPE = NoticeType(
    name="survey",
    title=mark("Survey"),
    purpose="marketing",
    words=_words,
    channels=("email", "sms"),
    example={"ticket": "T-1042", "subject": "My bill seems too high", "closed_on": "2026-11-19"},
)
