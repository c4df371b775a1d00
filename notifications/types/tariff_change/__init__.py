"""The prices of the customer's tariff change from a day on: each as it is and as it will be, and what that
means for a year of their own use, where it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final

from notifications.outbox.new_notice import NewNotice
from notifications.phrases import price_in_words
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark

PER: Final[Mapping[str, Mapping[str, str]]] = {
    "kWh": {"en": "a kWh", "ru": "за кВт·ч"},
    "m3": {"en": "a m³", "ru": "за м³"},
    "day": {"en": "a day", "ru": "в день"},
    "month": {"en": "a month", "ru": "в месяц"},
    "year": {"en": "a year", "ru": "в год"},
}
"""What a price is of."""


@dataclass(frozen=True, slots=True)
class ChangedPrice:
    """One price in millionths of the currency, before and after; None: there is none. per: a key of `PER`.
    names: what it is called in other languages."""

    label: str
    per: str
    before_micro: int | None
    after_micro: int | None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class YearOfUse:
    """What twelve billing months of a customer's own readings cost at the prices before and after."""

    before_minor: int
    after_minor: int


def tariff_change(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    change: str,
    tariff: str,
    place: str,
    currency: str,
    starts_on: date,
    prices: Sequence[ChangedPrice],
    year: YearOfUse | None,
    useful_before: datetime | None = None,
) -> NewNotice:
    """To the payer of an account on the tariff, once for the new prices, which `change` names (prices that
    are written anew have another name); `year` None where too little was read."""
    return NewNotice(
        key=f"tariff_change:{change}:{account}",
        notice="tariff_change",
        about=f"tariff:{change}",
        customer_id=customer_id,
        account_id=account_id,
        useful_before=useful_before,
        context={
            "account": account,
            "tariff": tariff,
            "place": place,
            "currency": currency,
            "starts_on": starts_on.isoformat(),
            "prices": [asdict(one) for one in prices],
            "year": asdict(year) if year else {},
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    year = facts.context["year"]
    more = year["after_minor"] - year["before_minor"] if year else 0
    return {
        **facts.plain("account", "tariff", "place"),
        "starts_on": facts.day("starts_on"),
        "starts_short": facts.short_day("starts_on"),
        "prices": [
            {
                "label": one["names"].get(facts.language, one["label"]),
                "per": PER[one["per"]].get(facts.language, PER[one["per"]]["en"]),
                "before": _price(one["before_micro"], facts),
                "after": _price(one["after_micro"], facts),
            }
            for one in facts.context["prices"]
        ],
        "known": bool(year),
        "dearer": more > 0,
        "cheaper": more < 0,
        "difference": facts.amount(abs(more)),
        "year_before": facts.amount(year["before_minor"]) if year else "",
        "year_after": facts.amount(year["after_minor"]) if year else "",
    }


def _price(price_micro: int | None, facts: Facts) -> str:
    """In words; empty where there is none."""
    if price_micro is None:
        return ""
    return price_in_words(price_micro, facts.context["currency"], facts.language)


TYPE = NoticeType(
    name="tariff_change",
    title=mark("Tariff change"),
    purpose="service",
    words=_words,
    channels=("email", "letter", "messenger", "sms"),
    may_be_empty=frozenset({"prices", "year"}),
    example={
        "account": "A-77",
        "tariff": "Flat",
        "place": "12 Mill Lane",
        "currency": "GBP",
        "starts_on": "2027-01-01",
        "prices": [
            {
                "label": "Standing charge",
                "per": "day",
                "before_micro": 542000,
                "after_micro": 560000,
                "names": {"ru": "Абонентская плата"},
            },
            {
                "label": "Energy",
                "per": "kWh",
                "before_micro": 142280,
                "after_micro": 151000,
                "names": {"ru": "Электроэнергия"},
            },
        ],
        "year": {"before_minor": 64210, "after_minor": 67825},
    },
)
