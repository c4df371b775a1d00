"""An offer to many, in words that a marketer wrote. It goes to nobody who did not agree to marketing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.kit.errors import Invalid
from utility_crm.web.words import mark

ALWAYS = "en"
"""The language that an offer must have: whoever speaks another that it lacks reads this one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered, in one language: a line, some paragraphs, and the same in a few words."""

    headline: str
    paragraphs: tuple[str, ...]
    short: str


def campaign(
    *,
    customer_id: int,
    code: str,
    offers: Mapping[str, Offer],
    last_on: date,
    link: str = "",
    account_id: int | None = None,
    useful_before: datetime | None = None,
) -> NewNotice:
    """To one customer, once for the campaign; `offers` by language, English among them. link: where they see
    what it stands on, and answer; without one they answer the message. Raises `Invalid` where English is
    missing."""
    if ALWAYS not in offers:
        raise Invalid("no_offer", f"the offer {code} has no words in English", code)
    return NewNotice(
        key=f"campaign:{code}:{customer_id}",
        notice="campaign",
        about=f"campaign:{code}",
        customer_id=customer_id,
        account_id=account_id,
        priority=90,
        useful_before=useful_before,
        context={
            "code": code,
            "offers": {language: asdict(offer) for language, offer in offers.items()},
            "last_on": last_on.isoformat(),
            "link": link,
        },
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    offers = facts.context["offers"]
    said = offers.get(facts.language) or offers[ALWAYS]
    return {
        "headline": said["headline"],
        "paragraphs": said["paragraphs"],
        "short": said["short"].rstrip(" ."),
        "last_on": facts.day("last_on"),
        "last_short": facts.short_day("last_on"),
        "link": facts.context["link"],
    }


TYPE = NoticeType(
    name="campaign",
    title=mark("Campaign"),
    purpose="marketing",
    words=_words,
    channels=("email", "sms"),
    example={
        "code": "night-2027",
        "offers": {
            "en": {
                "headline": "Charge at night for less than half",
                "paragraphs": [
                    "From midnight to seven a kWh costs £0.12 on Day & Night.",
                    "You may go back.",
                ],
                "short": "From midnight to seven a kWh costs £0.12 on Day & Night",
            },
            "ru": {
                "headline": "Ночью вдвое дешевле",
                "paragraphs": ["С полуночи до семи кВт·ч на тарифе «День и ночь» стоит 0,12 £."],
                "short": "С полуночи до семи кВт·ч на тарифе «День и ночь» стоит 0,12 £",
            },
        },
        "last_on": "2027-01-31",
        "link": "https://care.example/offer/token",
    },
    may_be_empty=frozenset({"link"}),
)
