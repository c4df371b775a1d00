"""An instalment of a payment plan falls due in a few days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def instalment_due(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    plan_id: int,
    number: int,
    count: int,
    amount_minor: int,
    currency: str,
    due_on: date,
    useful_before: datetime | None = None,
) -> NewNotice:
    """To the payer, once for the instalment; `amount_minor` is what is open of it."""
    return NewNotice(
        key=f"instalment_due:{plan_id}:{number}",
        notice="instalment_due",
        about=f"plan:{plan_id}",
        customer_id=customer_id,
        account_id=account_id,
        useful_before=useful_before,
        context={
            "account": account,
            "number": number,
            "count": count,
            "amount_minor": amount_minor,
            "currency": currency,
            "due_on": due_on.isoformat(),
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {
        **facts.plain("account", "number", "count"),
        "amount": facts.money("amount_minor"),
        "due_on": facts.day("due_on"),
        "due_short": facts.short_day("due_on"),
    }


TYPE = NoticeType(
    name="instalment_due",
    title=mark("Instalment due soon"),
    purpose="service",
    words=_words,
    channels=("email", "push", "messenger", "sms"),
    example={
        "account": "A-77",
        "number": 2,
        "count": 6,
        "amount_minor": 2100,
        "currency": "GBP",
        "due_on": "2026-11-16",
    },
)
