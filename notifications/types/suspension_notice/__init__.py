"""Supply may be suspended: the debt, the days to pay it, and the rule."""

from __future__ import annotations

from notifications.types import NoticeType
from notifications.types.dunning_words import EXAMPLE, dunning_words
from utility_crm.web.words import mark

TYPE = NoticeType(
    name="suspension_notice",
    title=mark("Notice of suspension"),
    purpose="service",
    words=dunning_words,
    channels=("letter", "email", "messenger", "sms"),
    example=EXAMPLE,
)
