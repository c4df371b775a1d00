"""A bill was issued: how much, until when, or that nothing has to be done.

The bill itself is neither attached nor linked. Customers have no sign-in here, so a link that opens without
one would be a key to somebody's use and address in plain mail, and an attachment is just that. Whoever wants
the paper answers, and gets it from a person who knows to whom it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


def bill_ready(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    bill: str,
    total_minor: int,
    open_minor: int,
    currency: str,
    starts_on: date,
    last_on: date,
    due_on: date,
    collected: bool = False,
) -> NewNotice:
    """To the payer of a bill, once for its number; `total_minor` below 0 is in their favour, `open_minor`
    is what is left to pay of it, `collected`: a direct debit pays it."""
    return NewNotice(
        key=f"bill_ready:{bill}",
        notice="bill_ready",
        about=f"bill:{bill}",
        customer_id=customer_id,
        account_id=account_id,
        context={
            "account": account,
            "bill": bill,
            "total_minor": total_minor,
            "open_minor": open_minor,
            "currency": currency,
            "starts_on": starts_on.isoformat(),
            "last_on": last_on.isoformat(),
            "due_on": due_on.isoformat(),
            "collected": collected,
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    total, still_open = facts.context["total_minor"], max(0, facts.context["open_minor"])
    return {
        **facts.plain("account", "bill", "collected"),
        "owed": still_open > 0,
        "partly": 0 < still_open < total,
        "paid": total > 0 >= still_open,
        "credit": total < 0,
        "amount": facts.money("total_minor"),
        "open": facts.amount(still_open),
        "starts_on": facts.short_day("starts_on"),
        "last_on": facts.short_day("last_on"),
        "due_on": facts.day("due_on"),
        "due_short": facts.short_day("due_on"),
    }


TYPE = NoticeType(
    name="bill_ready",
    title=mark("Bill ready"),
    purpose="service",
    words=_words,
    channels=("email", "push", "messenger", "sms", "letter"),
    example={
        "account": "A-77",
        "bill": "F-000123",
        "total_minor": 4512,
        "open_minor": 4512,
        "currency": "GBP",
        "starts_on": "2026-10-01",
        "last_on": "2026-10-31",
        "due_on": "2026-11-16",
        "collected": False,
    },
)
