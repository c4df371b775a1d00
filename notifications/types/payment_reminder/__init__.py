"""A bill is late: what is open, of which bill, since when, and what to do if paying is hard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def payment_reminder(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    bill: str,
    amount_minor: int,
    currency: str,
    due_on: date,
    step: int = 1,
) -> NewNotice:
    """The reminder number `step` of a late bill, to its payer; `amount_minor` is what is still open."""
    return NewNotice(
        key=f"payment_reminder:{bill}:{step}",
        notice="payment_reminder",
        about=f"bill:{bill}",
        customer_id=customer_id,
        account_id=account_id,
        context={
            "account": account,
            "bill": bill,
            "amount_minor": amount_minor,
            "currency": currency,
            "due_on": due_on.isoformat(),
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {
        **facts.plain("account", "bill"),
        "amount": facts.money("amount_minor"),
        "due_on": facts.day("due_on"),
    }


TYPE = NoticeType(
    name="payment_reminder",
    title=mark("Payment reminder"),
    purpose="service",
    words=_words,
    channels=("email", "push", "messenger", "sms"),
    example={
        "account": "A-77",
        "bill": "F-000123",
        "amount_minor": 4512,
        "currency": "GBP",
        "due_on": "2026-11-06",
    },
)
