"""The last word before a person looks at the account."""

from __future__ import annotations

from notifications.types import NoticeType
from notifications.types.dunning_words import EXAMPLE, dunning_words
from utility_crm.web.words import mark

TYPE = NoticeType(
    name="final_warning",
    title=mark("Final warning"),
    purpose="service",
    words=dunning_words,
    channels=("email", "messenger", "sms", "letter"),
    example=EXAMPLE,
)
