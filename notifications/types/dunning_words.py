"""What the kinds of dunning are written from: one context for all four."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts

EXAMPLE = {
    "account": "A-77",
    "amount_minor": 14512,
    "currency": "GBP",
    "due_on": "2026-09-16",
    "pay_by": "2026-11-30",
    "days": 20,
    "source": "the supplier's own rule",
}


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed and to whom it is told. due_on: of the oldest part; days: until what the notice warns of;
    pay_by: the last of them, where it is known when the notice is posted."""

    customer_id: int
    account_id: int
    account: str
    amount_minor: int
    currency: str
    due_on: date
    pay_by: date
    days: int
    source: str


def dunning_notice(kind: str, debt: Debt, key: str, channels: tuple[str, ...] = ()) -> NewNotice:
    """A notice of that kind, once for its key; about the account ("dunning:A-1"), so that it is taken back
    once it is no longer true. `channels`: only these, where the strategy says so."""
    return NewNotice(
        key=key,
        notice=kind,
        about=f"dunning:{debt.account}",
        customer_id=debt.customer_id,
        account_id=debt.account_id,
        channels=channels,
        context={
            "account": debt.account,
            "amount_minor": debt.amount_minor,
            "currency": debt.currency,
            "due_on": debt.due_on.isoformat(),
            "pay_by": debt.pay_by.isoformat(),
            "days": debt.days,
            "source": debt.source,
        },
    )


def dunning_words(facts: Facts) -> Mapping[str, Any]:
    """The account, the debt, its days and the rule, in words."""
    return {
        **facts.plain("account", "days", "source"),
        "amount": facts.money("amount_minor"),
        "due_on": facts.day("due_on"),
        "pay_by": facts.day("pay_by"),
    }
