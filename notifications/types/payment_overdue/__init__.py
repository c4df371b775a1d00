"""A reminder brought nothing: what is open on the account, since when, and where help is."""

from __future__ import annotations

from notifications.types import NoticeType
from notifications.types.dunning_words import EXAMPLE, dunning_words
from utility_crm.web.words import mark

TYPE = NoticeType(
    name="payment_overdue",
    title=mark("Payment overdue"),
    purpose="service",
    words=dunning_words,
    channels=("email", "messenger", "sms"),
    example=EXAMPLE,
)
