"""What a person wrote to a customer in a ticket: their words and, below them, how to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def _words(facts: Facts) -> Mapping[str, Any]:
    text = str(facts.context["text"])
    paragraphs = [[line for line in one.split("\n") if line.strip()] for one in text.split("\n\n")]
    return {
        **facts.plain("number", "subject"),
        "text": text,
        "paragraphs": [lines for lines in paragraphs if lines],
    }


TYPE = NoticeType(
    name="ticket_answer",
    title=mark("Answer in a ticket"),
    purpose="service",
    words=_words,
    channels=("email", "messenger", "sms", "letter"),
    in_doubt="park",
    example={
        "number": "T-10432",
        "subject": "My bill seems too high",
        "text": "Dear Ann Hill,\n\nOctober was colder than last year. That explains it.\n\nPriya Nair",
    },
)
