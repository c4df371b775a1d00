"""The term of an agreement comes to its end: on which day, what comes after, and what would be cheaper by
the customer's own readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class Better:
    """A tariff on which a year of their own readings would have cost so much less, beyond doubt."""

    tariff: str
    saving_minor: int


def contract_ending(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    tariff: str,
    place: str,
    agreement_id: int,
    currency: str,
    last_on: date,
    better: Better | None,
    useful_before: datetime | None = None,
) -> NewNotice:
    """To the payer of a supply, once for the last day of its term."""
    return NewNotice(
        key=f"contract_ending:{agreement_id}:{last_on.isoformat()}",
        notice="contract_ending",
        about=f"term:{agreement_id}",
        customer_id=customer_id,
        account_id=account_id,
        useful_before=useful_before,
        context={
            "account": account,
            "tariff": tariff,
            "place": place,
            "currency": currency,
            "last_on": last_on.isoformat(),
            "better": asdict(better) if better else {},
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    better = facts.context["better"]
    return {
        **facts.plain("account", "tariff", "place"),
        "last_on": facts.day("last_on"),
        "last_short": facts.short_day("last_on"),
        "better": better["tariff"] if better else "",
        "saving": facts.amount(better["saving_minor"]) if better else "",
    }


TYPE = NoticeType(
    name="contract_ending",
    title=mark("Contract ending"),
    purpose="service",
    words=_words,
    channels=("email", "letter", "messenger", "sms"),
    may_be_empty=frozenset({"better"}),
    example={
        "account": "A-77",
        "tariff": "Fixed for a year",
        "place": "12 Mill Lane",
        "currency": "GBP",
        "last_on": "2027-01-04",
        "better": {"tariff": "Day & Night", "saving_minor": 5230},
    },
)
