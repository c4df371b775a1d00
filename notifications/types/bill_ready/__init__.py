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
from notifications.phrases import day_in_words, money_in_words, short_day_in_words
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
    given, language = facts.context, facts.language
    due_on = date.fromisoformat(given["due_on"])
    total, still_open = given["total_minor"], max(0, given["open_minor"])
    return {
        "account": given["account"],
        "bill": given["bill"],
        "owed": still_open > 0,
        "partly": 0 < still_open < total,
        "paid": total > 0 >= still_open,
        "credit": total < 0,
        "amount": money_in_words(abs(total), given["currency"], language),
        "open": money_in_words(still_open, given["currency"], language),
        "starts_on": short_day_in_words(date.fromisoformat(given["starts_on"]), language),
        "last_on": short_day_in_words(date.fromisoformat(given["last_on"]), language),
        "due_on": day_in_words(due_on, language),
        "due_short": short_day_in_words(due_on, language),
        "collected": given["collected"],
    }


TYPE = NoticeType(
    name="bill_ready",
    title=mark("Bill ready"),
    purpose="service",
    needs=frozenset(
        {
            "account",
            "bill",
            "total_minor",
            "open_minor",
            "currency",
            "starts_on",
            "last_on",
            "due_on",
            "collected",
        }
    ),
    words=_words,
    channels=("email", "sms", "letter"),
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
