"""An instalment of a payment plan falls due in a few days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.phrases import day_in_words, money_in_words, short_day_in_words
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
    given, language = facts.context, facts.language
    due_on = date.fromisoformat(given["due_on"])
    return {
        "account": given["account"],
        "number": given["number"],
        "count": given["count"],
        "amount": money_in_words(given["amount_minor"], given["currency"], language),
        "due_on": day_in_words(due_on, language),
        "due_short": short_day_in_words(due_on, language),
    }


TYPE = NoticeType(
    name="instalment_due",
    title=mark("Instalment due soon"),
    purpose="service",
    needs=frozenset({"account", "number", "count", "amount_minor", "currency", "due_on"}),
    words=_words,
    channels=("email", "sms"),
    example={
        "account": "A-77",
        "number": 2,
        "count": 6,
        "amount_minor": 2100,
        "currency": "GBP",
        "due_on": "2026-11-16",
    },
)
