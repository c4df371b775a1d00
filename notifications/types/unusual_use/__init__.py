"""While a billing month still runs: more was used than this customer's own past foretold, and what that
does to the bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from notifications.outbox.new_notice import NewNotice
from notifications.types import Facts, NoticeType
from utility_crm.web.words import mark


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """A billing month [starts_on, last_on] that is read until `read_on`; amounts in minor units.

    percent_more: use so far above what was to be expected of these days. so_far: what these days cost;
    likely: the whole bill if it goes on so; usual: the whole bill that was to be expected. weather: whether
    the temperatures of these days were reckoned with.
    """

    starts_on: date
    read_on: date
    last_on: date
    percent_more: int
    so_far_minor: int
    likely_minor: int
    usual_minor: int
    currency: str
    weather: bool


def unusual_use(
    *,
    customer_id: int,
    account_id: int,
    account: str,
    place: str,
    month: MonthSoFar,
    useful_before: datetime | None = None,
) -> NewNotice:
    """To the customer, once for the account's billing month."""
    said = asdict(month)
    days = {key: said[key].isoformat() for key in ("starts_on", "read_on", "last_on")}
    return NewNotice(
        key=f"unusual_use:{account}:{month.starts_on.isoformat()}",
        notice="unusual_use",
        about=f"use:{account}",
        customer_id=customer_id,
        account_id=account_id,
        priority=60,
        useful_before=useful_before,
        context={"account": account, "place": place, **said, **days},
    )


def _words(facts: Facts) -> Mapping[str, Any]:
    return {
        **facts.plain("account", "place", "percent_more", "weather"),
        "starts_on": facts.short_day("starts_on"),
        "read_on": facts.short_day("read_on"),
        "last_on": facts.short_day("last_on"),
        "so_far": facts.money("so_far_minor"),
        "likely": facts.money("likely_minor"),
        "usual": facts.money("usual_minor"),
    }


TYPE = NoticeType(
    name="unusual_use",
    title=mark("Unusual use"),
    purpose="service",
    words=_words,
    channels=("email", "messenger", "sms"),
    example={
        "account": "A-77",
        "place": "12 Mill Lane",
        "starts_on": "2026-11-01",
        "read_on": "2026-11-18",
        "last_on": "2026-11-30",
        "percent_more": 62,
        "so_far_minor": 6120,
        "likely_minor": 9910,
        "usual_minor": 6480,
        "currency": "GBP",
        "weather": True,
    },
)
