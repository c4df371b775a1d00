"""Several notices as one letter: what a customer had enough of yesterday, at once and not one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def digest(
    *, key: str, customer_id: int, account_id: int | None, timezone: str, items: Sequence[Mapping[str, Any]]
) -> NewNotice:
    """One letter for `items`: of each the notice's `id`, `about`, `subject` and `text`."""
    return NewNotice(
        key=key,
        notice="digest",
        customer_id=customer_id,
        account_id=account_id,
        timezone=timezone,
        about=f"digest:{customer_id}",
        context={"items": [dict(item) for item in items]},
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    letters = [
        {"subject": one["subject"], "paragraphs": one["text"].strip().split("\n\n")}
        for one in facts.context["items"]
    ]
    return {"letters": letters, "count": len(letters)}


TYPE = NoticeType(
    name="digest",
    title=mark("Several notices in one"),
    purpose="service",
    words=_words,
    example={
        "items": [
            {"id": 1, "about": "bill:F-1", "subject": "Your bill is late", "text": "£45.12 is open."},
            {"id": 2, "about": "bill:F-2", "subject": "We got your payment", "text": "£20.00, thank you."},
        ]
    },
)
