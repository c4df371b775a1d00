"""Money arrived: how much, when, and what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def payment_received(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    reference: str,
    amount_minor: int,
    currency: str,
    received_on: date,
    balance_minor: int,
) -> NewNotice:
    """To the payer, once for the payment's reference; `balance_minor` of the account after it, positive what
    is owed."""
    return NewNotice(
        key=f"payment_received:{reference}",
        notice="payment_received",
        about=f"payment:{reference}",
        customer_id=customer_id,
        account_id=account_id,
        priority=60,
        context={
            "account": account,
            "amount_minor": amount_minor,
            "currency": currency,
            "received_on": received_on.isoformat(),
            "balance_minor": balance_minor,
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    balance = facts.context["balance_minor"]
    return {
        **facts.plain("account"),
        "amount": facts.money("amount_minor"),
        "received_on": facts.day("received_on"),
        "owed": balance > 0,
        "credit": balance < 0,
        "balance": facts.money("balance_minor"),
    }


TYPE = NoticeType(
    name="payment_received",
    title=mark("Payment received"),
    purpose="service",
    words=_words,
    channels=("email", "push", "messenger", "sms"),
    example={
        "account": "A-77",
        "amount_minor": 4512,
        "currency": "GBP",
        "received_on": "2026-11-12",
        "balance_minor": 0,
    },
)
