"""A bill falls due in a few days and is still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def payment_due(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    bill: str,
    amount_minor: int,
    currency: str,
    due_on: date,
    collected: bool = False,
    useful_before: datetime | None = None,
) -> NewNotice:
    """To the payer of a bill, once for its number and its day; `amount_minor` is what is open, `collected`: a
    direct debit pays it."""
    return NewNotice(
        key=f"payment_due:{bill}:{due_on.isoformat()}",
        notice="payment_due",
        about=f"bill:{bill}",
        customer_id=customer_id,
        account_id=account_id,
        useful_before=useful_before,
        context={
            "account": account,
            "bill": bill,
            "amount_minor": amount_minor,
            "currency": currency,
            "due_on": due_on.isoformat(),
            "collected": collected,
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {
        **facts.plain("account", "bill", "collected"),
        "amount": facts.money("amount_minor"),
        "due_on": facts.day("due_on"),
        "due_short": facts.short_day("due_on"),
    }


TYPE = NoticeType(
    name="payment_due",
    title=mark("Payment due soon"),
    purpose="service",
    words=_words,
    channels=("email", "push", "messenger", "sms"),
    example={
        "account": "A-77",
        "bill": "F-000123",
        "amount_minor": 4512,
        "currency": "GBP",
        "due_on": "2026-11-16",
        "collected": False,
    },
)
