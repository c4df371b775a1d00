"""The last word before a person looks at the account."""

from __future__ import annotations

from notifications.types import NoticeType
from notifications.types.dunning_words import EXAMPLE, NEEDS, dunning_words
from utility_crm.web.words import mark

TYPE = NoticeType(
    name="final_warning",
    title=mark("Final warning"),
    purpose="service",
    needs=NEEDS,
    words=dunning_words,
    channels=("email", "sms", "letter"),
    example=EXAMPLE,
)
