"""What somebody wrote to us has come, and its number to quote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def _words(facts: Facts) -> Mapping[str, Any]:
    return facts.plain("number", "subject")


TYPE = NoticeType(
    name="ticket_received",
    title=mark("Receipt of a request"),
    purpose="service",
    words=_words,
    channels=("email", "messenger"),
    example={"number": "T-10432", "subject": "My bill seems too high"},
)
